-- How many spans trace $2 has in the files $1, and how many of them failed.
SELECT count(*)::UBIGINT, (count(*) FILTER (span_status = 2))::UBIGINT
FROM all_spans(CAST($1 AS VARCHAR[]))
WHERE trace_id = CAST($2 AS UUID) AND ($3 IS NULL OR ebpf = $3);
