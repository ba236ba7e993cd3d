-- A segment's parts without rows at $1.
COPY (
  SELECT
    trace_id, service_name, ebpf, first_start, last_end, spans, errors, head_name, head_status, root_start,
    root_name, root_status
  FROM hot_parts
  WHERE false
) TO $1 (FORMAT parquet);
