SELECT schema_version, store_id FROM store_meta;
