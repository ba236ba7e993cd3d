-- Traces whose id lies in [$2, $3], at most $4: what a prefix of an id may mean.
SELECT DISTINCT trace_id
FROM all_parts(CAST($1 AS VARCHAR[]))
WHERE trace_id BETWEEN CAST($2 AS UUID) AND CAST($3 AS UUID)
ORDER BY trace_id
LIMIT $4;
