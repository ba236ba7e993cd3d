-- The attributes of a stored span as one JSON object, for the views of spans.

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
