-- Which spans of the traces $2 (a list of ids, as text) are in the sealed segments $1 (a list of files, as text).
SELECT trace_id, span_id
FROM read_parquet(CAST($1 AS VARCHAR[]))
WHERE trace_id IN (SELECT unnest(CAST($2 AS UUID[])));
