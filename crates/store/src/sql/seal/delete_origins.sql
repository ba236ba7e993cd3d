-- Origins that no hot row uses any more.
DELETE FROM hot_origins WHERE origin_id NOT IN (SELECT origin_id FROM hot_spans);
