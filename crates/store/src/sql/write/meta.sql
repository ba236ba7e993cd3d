SELECT schema_version, store_id, next_receipt FROM store_meta;
