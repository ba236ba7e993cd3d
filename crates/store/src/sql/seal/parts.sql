-- Writes the parts up to receipt $2 to the new file $1, one row per trace, service and source.
COPY (
  SELECT
    trace_id, service_name, ebpf, min(first_start) AS first_start, max(last_end) AS last_end,
    sum(spans)::UBIGINT AS spans, sum(errors)::UBIGINT AS errors,
    arg_min(head_name, first_start) AS head_name, arg_min_null(head_status, first_start) AS head_status,
    min(root_start) AS root_start, arg_min(root_name, root_start) AS root_name,
    arg_min_null(root_status, root_start) FILTER (root_start IS NOT NULL) AS root_status
  FROM hot_parts
  WHERE receipt <= $2
  GROUP BY trace_id, service_name, ebpf
  ORDER BY 4, trace_id
) TO $1 (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480);
