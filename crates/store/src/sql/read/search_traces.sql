-- Whole traces that started in [$2, $3) µs: of any service of the list $4, source $5 (ebpf: true), at least $6 µs long, with an
-- error or without ($7). Slowest first if $8, else newest first; at most $9. NULL leaves a filter out.
SELECT
  trace_id, epoch_us(start_time), duration_us, spans, errors, services, root_service, root_name, status_code
FROM trace_summaries(CAST($1 AS VARCHAR[]), make_timestamp($2), make_timestamp($3), CAST($4 AS VARCHAR[]), $5)
WHERE ($6 IS NULL OR duration_us >= $6) AND ($7 IS NULL OR (errors > 0) = $7)
ORDER BY CASE WHEN $8 THEN duration_us END DESC, start_time DESC, trace_id
LIMIT $9;
