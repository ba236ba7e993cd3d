-- The first origin number that no hot row uses.
SELECT (coalesce(max(origin_id)::BIGINT, -1) + 1)::UINTEGER FROM hot_origins;
