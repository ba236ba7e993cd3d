-- Writes hot rows up to receipt $2 to the new file $1, sorted so that one trace lies in one row group.
COPY (
  SELECT
    receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name,
    span_kind, start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method,
    http_route, url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method,
    rpc_system, db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination,
    server_port, request_body_size, response_body_size, attributes, extra, origin
  FROM hot_spans
  JOIN hot_origins USING (origin_id)
  WHERE receipt <= $2
  ORDER BY trace_id, start_time, span_id
) TO $1 (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480);
