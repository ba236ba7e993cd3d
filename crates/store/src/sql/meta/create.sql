-- A new store gets its identity once.
INSERT INTO store_meta SELECT $1, replace(uuid()::VARCHAR, '-', '') WHERE NOT EXISTS (FROM store_meta);
