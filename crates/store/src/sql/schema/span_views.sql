-- The views of spans, over Parquet files of spans. A connection names the
-- files in the variable `span_files`. When the variable `since_us` (microseconds since the Unix epoch) is set,
-- spans that started before it are left out.

-- Every span of every source.
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
SELECT * EXCLUDE (agent_id) FROM beyla_traces;
