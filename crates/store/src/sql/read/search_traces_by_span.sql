-- As search_traces, and one span of the trace (of one of the services $4 and of source $5, when they are given) is named $10 and
-- has the attributes $11 = $12, $13 = $14, $15 = $16 and $17 = $18. NULL leaves a filter out. $19 are the files of
-- spans, as $1 are those of parts.
WITH matching AS (
  SELECT DISTINCT trace_id
  FROM all_spans(CAST($19 AS VARCHAR[])) AS s
  WHERE start_time >= make_timestamp($2)
    AND ($4 IS NULL OR list_contains(CAST($4 AS VARCHAR[]), service_name))
    AND ($5 IS NULL OR ebpf = $5)
    AND ($10 IS NULL OR span_name = $10)
    AND ($11 IS NULL OR has_attribute(s, $11, $12))
    AND ($13 IS NULL OR has_attribute(s, $13, $14))
    AND ($15 IS NULL OR has_attribute(s, $15, $16))
    AND ($17 IS NULL OR has_attribute(s, $17, $18))
)
SELECT
  trace_id, epoch_us(start_time), duration_us, spans, errors, services, root_service, root_name, status_code
FROM trace_summaries(CAST($1 AS VARCHAR[]), make_timestamp($2), make_timestamp($3), CAST($4 AS VARCHAR[]), $5)
SEMI JOIN matching USING (trace_id)
WHERE ($6 IS NULL OR duration_us >= $6) AND ($7 IS NULL OR (errors > 0) = $7)
ORDER BY CASE WHEN $8 THEN duration_us END DESC, start_time DESC, trace_id
LIMIT $9;
