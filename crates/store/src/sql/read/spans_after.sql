-- Spans of one source with a receipt in ($2, $3], in order of receipt, at most $5.
SELECT
  receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name, span_kind,
  start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method, http_route,
  url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method, rpc_system,
  db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination, server_port,
  request_body_size, response_body_size, attributes, extra, origin
FROM all_spans(CAST($1 AS VARCHAR[]))
WHERE receipt > $2 AND receipt <= $3 AND ebpf = $4
ORDER BY receipt
LIMIT $5;
