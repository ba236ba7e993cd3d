-- The response status as HTTP or gRPC sent it; NULL for the other's. See promoted.rs for the spellings.
CREATE OR REPLACE MACRO http_status(spellings, status_code) AS
  CASE WHEN spellings & 7 IN (1, 2) THEN status_code END;
CREATE OR REPLACE MACRO grpc_status(spellings, status_code) AS
  CASE WHEN spellings & 7 IN (3, 4) THEN status_code END;
CREATE OR REPLACE MACRO grpc_status_name(code) AS
  ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
   'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
   'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'][code + 1];

-- RFC 6901: where member `key` of a JSON object is.
CREATE OR REPLACE MACRO json_pointer(key) AS '/' || replace(replace(key, '~', '~0'), '/', '~1');

-- Every span that is stored: hot rows and the sealed segments in `files`. A reader passes only the files
-- that can hold what it looks for, and the empty segment when none can.
CREATE OR REPLACE MACRO all_spans(files) AS TABLE
  SELECT
    receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name,
    span_kind, start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method,
    http_route, url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method,
    rpc_system, db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination,
    server_port, request_body_size, response_body_size, attributes, extra, origin
  FROM hot_spans
  JOIN hot_origins USING (origin_id)
  UNION ALL
  SELECT
    receipt, received_at, trace_id, span_id, parent_span_id, agent_id, service_name, ebpf, span_name,
    span_kind, start_time, duration_us, sub_us, status_code, span_status, spellings, http_request_method,
    http_route, url_path, url_full, url_scheme, client_address, server_address, service_peer_name, rpc_method,
    rpc_system, db_system, db_operation, db_collection, db_namespace, messaging_system, messaging_destination,
    server_port, request_body_size, response_body_size, attributes, extra, origin
  FROM read_parquet(files);

CREATE OR REPLACE MACRO all_parts(files) AS TABLE
  SELECT
    trace_id, service_name, ebpf, first_start, last_end, spans, errors, head_name, head_status, root_start,
    root_name, root_status
  FROM hot_parts
  UNION ALL
  SELECT
    trace_id, service_name, ebpf, first_start, last_end, spans, errors, head_name, head_status, root_start,
    root_name, root_status
  FROM read_parquet(files);

-- Whole traces that started in [since, until), with what a list shows of them. `of_services`
-- (a list, or NULL for all) and `ebpf_only` (true, false, or NULL for both) choose which; a chosen trace is summed over all its parts of that source.
CREATE OR REPLACE MACRO trace_summaries(files, since, until, of_services, ebpf_only) AS TABLE
  WITH parts AS (
    SELECT * FROM all_parts(files) WHERE ebpf_only IS NULL OR ebpf = ebpf_only
  ),
  candidates AS (
    SELECT DISTINCT trace_id FROM parts WHERE first_start >= since AND first_start < until
  )
  SELECT
    trace_id,
    min(first_start)                                          AS start_time,
    epoch_us(max(last_end)) - epoch_us(min(first_start))      AS duration_us,
    sum(spans)::UBIGINT                                       AS spans,
    sum(errors)::UBIGINT                                      AS errors,
    list_sort(list(DISTINCT service_name))                    AS services,
    arg_min(service_name, root_start)                         AS root_service,
    coalesce(arg_min(root_name, root_start), arg_min(head_name, first_start)) AS root_name,
    CASE WHEN min(root_start) IS NULL
      THEN arg_min_null(head_status, first_start)
      ELSE arg_min_null(root_status, root_start) FILTER (root_start IS NOT NULL)
    END                                                       AS status_code
  FROM parts
  SEMI JOIN candidates USING (trace_id)
  GROUP BY trace_id
  HAVING min(first_start) >= since AND min(first_start) < until
    AND (of_services IS NULL OR bool_or(list_contains(of_services, service_name)));

-- The text of attribute `key` of span `s` (a row of all_spans), under either spelling of a promoted one; NULL without it.
CREATE OR REPLACE MACRO span_attribute(s, key) AS
  CASE key
    WHEN 'http.request.method' THEN s.http_request_method
    WHEN 'http.method' THEN s.http_request_method
    WHEN 'http.route' THEN s.http_route
    WHEN 'url.path' THEN s.url_path
    WHEN 'http.target' THEN s.url_path
    WHEN 'url.full' THEN s.url_full
    WHEN 'http.url' THEN s.url_full
    WHEN 'url.scheme' THEN s.url_scheme
    WHEN 'http.scheme' THEN s.url_scheme
    WHEN 'client.address' THEN s.client_address
    WHEN 'server.address' THEN s.server_address
    WHEN 'service.peer.name' THEN s.service_peer_name
    WHEN 'peer.service' THEN s.service_peer_name
    WHEN 'rpc.method' THEN s.rpc_method
    WHEN 'rpc.system.name' THEN s.rpc_system
    WHEN 'rpc.system' THEN s.rpc_system
    WHEN 'db.system.name' THEN s.db_system
    WHEN 'db.system' THEN s.db_system
    WHEN 'db.operation.name' THEN s.db_operation
    WHEN 'db.operation' THEN s.db_operation
    WHEN 'db.collection.name' THEN s.db_collection
    WHEN 'db.sql.table' THEN s.db_collection
    WHEN 'db.namespace' THEN s.db_namespace
    WHEN 'db.name' THEN s.db_namespace
    WHEN 'messaging.system' THEN s.messaging_system
    WHEN 'messaging.destination.name' THEN s.messaging_destination
    WHEN 'server.port' THEN s.server_port::VARCHAR
    WHEN 'http.request.body.size' THEN s.request_body_size::VARCHAR
    WHEN 'http.response.body.size' THEN s.response_body_size::VARCHAR
    WHEN 'http.response.status_code' THEN http_status(s.spellings, s.status_code)::VARCHAR
    WHEN 'http.status_code' THEN http_status(s.spellings, s.status_code)::VARCHAR
    WHEN 'rpc.grpc.status_code' THEN grpc_status(s.spellings, s.status_code)::VARCHAR
    WHEN 'rpc.response.status_code' THEN grpc_status_name(grpc_status(s.spellings, s.status_code))
  END;

-- Whether span `s` has attribute `key` with the text `value`, on itself or on its resource.
CREATE OR REPLACE MACRO has_attribute(s, key, value) AS
  coalesce(
    span_attribute(s, key),
    json_extract_string(s.attributes, json_pointer(key)),
    json_extract_string(s.origin, '/resource/attributes' || json_pointer(key))
  ) IS NOT DISTINCT FROM value;
