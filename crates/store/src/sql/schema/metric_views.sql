-- The views of RED metrics, over Parquet files of metrics. A connection names the
-- files in the variable `metric_files`. There is one row for each latency bucket that is not empty; requests
-- slower than the last bound are in the bucket 'Infinity'. `timestamp` is the end of the interval in which the
-- requests were counted.

-- The attributes of row `m` as one JSON object, with what the other columns do not say.
CREATE OR REPLACE TEMP MACRO metric_attributes(m) AS json_merge_patch(
  coalesce(m.attributes, '{}'),
  json_merge_patch('{}', json_object(
    'span.kind', CASE WHEN m.client THEN 'client' ELSE 'server' END,
    'error.type', nullif(m.error, '')
  ))
)::VARCHAR;

CREATE OR REPLACE TEMP VIEW metric_buckets AS
SELECT
  protocol,
  make_timestamp(time // 1000)::TIMESTAMPTZ AS timestamp,
  agent_id, service_name, operation, target, status,
  unnest(list_transform(list_append(bounds, NULL), lambda bound: coalesce(bound / 1e6, 'Infinity'::DOUBLE)))
    AS latency_bucket_ms,
  unnest(counts)::BIGINT                    AS count,
  metric_attributes(m)                      AS attributes
FROM read_parquet(getvariable('metric_files'), union_by_name = true) AS m
WHERE m.time >= coalesce(getvariable('since_us')::BIGINT * 1000, 0);

CREATE OR REPLACE TEMP VIEW beyla_http_metrics AS
SELECT
  timestamp, agent_id, service_name,
  nullif(operation, '') AS http_method, nullif(target, '') AS http_route, status::SMALLINT AS http_status_code,
  latency_bucket_ms, count, attributes
FROM metric_buckets
WHERE protocol = 0 AND count > 0;

CREATE OR REPLACE TEMP VIEW beyla_http_metrics_local AS
SELECT * EXCLUDE (agent_id) FROM beyla_http_metrics;

CREATE OR REPLACE TEMP VIEW beyla_grpc_metrics AS
SELECT
  timestamp, agent_id, service_name,
  nullif(operation, '') AS grpc_method, status::SMALLINT AS grpc_status_code,
  latency_bucket_ms, count, attributes
FROM metric_buckets
WHERE protocol = 1 AND count > 0;

CREATE OR REPLACE TEMP VIEW beyla_grpc_metrics_local AS
SELECT * EXCLUDE (agent_id) FROM beyla_grpc_metrics;

CREATE OR REPLACE TEMP VIEW beyla_sql_metrics AS
SELECT
  timestamp, agent_id, service_name,
  nullif(operation, '') AS sql_operation, nullif(target, '') AS table_name,
  latency_bucket_ms, count, attributes
FROM metric_buckets
WHERE protocol = 2 AND count > 0;

CREATE OR REPLACE TEMP VIEW beyla_sql_metrics_local AS
SELECT * EXCLUDE (agent_id) FROM beyla_sql_metrics;
