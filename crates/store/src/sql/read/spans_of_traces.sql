-- Every span of the traces $2 (a list of ids, as text) of source $3, trace by trace, at most $5; only
-- span $4 when that is given.
SELECT
  receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name, span_kind,
  start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method, http_route,
  url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method, rpc_system,
  db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination, server_port,
  request_body_size, response_body_size, attributes, extra, origin
FROM all_spans(CAST($1 AS VARCHAR[]))
WHERE trace_id IN (SELECT unnest(CAST($2 AS UUID[]))) AND ebpf = $3 AND ($4 IS NULL OR span_id = $4)
ORDER BY trace_id, start_time, sub_us, span_id
LIMIT $5;
