-- Every span of trace $2 in the files $1, by start time.
SELECT
  receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name, span_kind,
  start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method, http_route,
  url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method, rpc_system,
  db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination, server_port,
  request_body_size, response_body_size, attributes, extra, origin
FROM all_spans(CAST($1 AS VARCHAR[]))
WHERE trace_id = CAST($2 AS UUID) AND ($3 IS NULL OR ebpf = $3)
ORDER BY start_time, sub_us, span_id
LIMIT $4;
