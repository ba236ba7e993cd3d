-- What people see: RFD 036's names, columns and types over the segments' files, which a connection names in
-- the variable `span_files`. Rows before the variable `since_us` (microseconds since the Unix epoch) are left
-- out, when it is set. The product's own queries read the files themselves.

-- The response status as HTTP or gRPC sent it; NULL for the other's. See promoted.rs for the spellings.
CREATE OR REPLACE TEMP MACRO http_status(spellings, status_code) AS
  CASE WHEN spellings & 7 IN (1, 2) THEN status_code END;
CREATE OR REPLACE TEMP MACRO grpc_status(spellings, status_code) AS
  CASE WHEN spellings & 7 IN (3, 4) THEN status_code END;
CREATE OR REPLACE TEMP MACRO grpc_status_name(code) AS
  ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
   'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
   'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'][code + 1];

-- The attributes of span `s` as one JSON object; promoted ones under their current spelling.
CREATE OR REPLACE TEMP MACRO attribute_json(s) AS json_merge_patch(
  coalesce(s.attributes, '{}'),
  json_merge_patch('{}', json_object(
    'http.request.method', s.http_request_method,
    'http.response.status_code', http_status(s.spellings, s.status_code),
    'http.route', s.http_route,
    'url.path', s.url_path,
    'url.full', s.url_full,
    'url.scheme', s.url_scheme,
    'client.address', s.client_address,
    'server.address', s.server_address,
    'server.port', s.server_port,
    'service.peer.name', s.service_peer_name,
    'rpc.method', s.rpc_method,
    'rpc.system.name', s.rpc_system,
    'rpc.response.status_code', grpc_status_name(grpc_status(s.spellings, s.status_code)),
    'db.system.name', s.db_system,
    'db.operation.name', s.db_operation,
    'db.collection.name', s.db_collection,
    'db.namespace', s.db_namespace,
    'messaging.system', s.messaging_system,
    'messaging.destination.name', s.messaging_destination,
    'http.request.body.size', s.request_body_size,
    'http.response.body.size', s.response_body_size
  ))
)::VARCHAR;

-- Every span of every source. RFD 025's name.
CREATE OR REPLACE TEMP VIEW telemetry_spans AS
SELECT
  lower(hex(trace_id))                   AS trace_id,
  format('{:016x}', span_id)             AS span_id,
  CASE WHEN parent_span_id IS NOT NULL THEN format('{:016x}', parent_span_id) END AS parent_span_id,
  agent_id,
  service_name,
  span_name,
  ['internal', 'internal', 'server', 'client', 'producer', 'consumer'][span_kind + 1] AS span_kind,
  start_time::TIMESTAMPTZ                AS start_time,
  greatest(duration_us, 0)               AS duration_us,
  status_code,
  ['unset', 'ok', 'error'][span_status + 1] AS span_status,
  CASE WHEN ebpf THEN 'ebpf' ELSE 'sdk' END AS source,
  attribute_json(s)                      AS attributes
FROM read_parquet(getvariable('span_files'), union_by_name = true) AS s
WHERE s.start_time >= coalesce(make_timestamp(getvariable('since_us')::BIGINT), '-infinity'::TIMESTAMP);

-- The colony's eBPF spans.
CREATE OR REPLACE TEMP VIEW beyla_traces AS
SELECT
  trace_id, span_id, parent_span_id, agent_id, service_name, span_name, span_kind, start_time, duration_us,
  status_code, attributes
FROM telemetry_spans
WHERE source = 'ebpf';

-- An agent's eBPF spans.
CREATE OR REPLACE TEMP VIEW beyla_traces_local AS
SELECT
  trace_id, span_id, parent_span_id, service_name, span_name, span_kind, start_time, duration_us, status_code,
  attributes
FROM telemetry_spans
WHERE source = 'ebpf';
