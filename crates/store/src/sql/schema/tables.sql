-- Physical layout: rows in order of receipt, no key and no index (ARCHITECTURE.md, "Storage").
CREATE TABLE IF NOT EXISTS store_meta (
  schema_version UINTEGER NOT NULL,
  store_id       VARCHAR  NOT NULL,
  -- The first receipt that no commit has given out. Kept here for when every row has been sealed and expired.
  next_receipt   UBIGINT  NOT NULL
);

-- One row a span. Ids and times are binary; what Beyla sends often has a column, the rest is JSON.
CREATE TABLE IF NOT EXISTS hot_spans (
  receipt              UBIGINT   NOT NULL,
  received_at          TIMESTAMP NOT NULL,
  trace_id             UUID      NOT NULL,
  span_id              UBIGINT   NOT NULL,
  parent_span_id       UBIGINT,
  agent_id             VARCHAR   NOT NULL,
  service_name         VARCHAR   NOT NULL,
  ebpf                 BOOLEAN   NOT NULL,
  span_name            VARCHAR   NOT NULL,
  span_kind            UTINYINT  NOT NULL,
  start_time           TIMESTAMP NOT NULL,
  duration_us          BIGINT    NOT NULL,
  -- Nanoseconds below the microsecond: 1000 * start's + duration's.
  sub_us               UINTEGER  NOT NULL,
  status_code          SMALLINT,
  span_status          UTINYINT  NOT NULL,
  -- Which spelling each promoted attribute came in: see promoted.rs.
  spellings            UINTEGER  NOT NULL,
  http_request_method  VARCHAR,
  http_route           VARCHAR,
  url_path             VARCHAR,
  url_full             VARCHAR,
  url_scheme           VARCHAR,
  client_address       VARCHAR,
  server_address       VARCHAR,
  service_peer_name    VARCHAR,
  rpc_method           VARCHAR,
  rpc_system           VARCHAR,
  db_system            VARCHAR,
  db_operation         VARCHAR,
  db_collection        VARCHAR,
  db_namespace         VARCHAR,
  messaging_system     VARCHAR,
  messaging_destination VARCHAR,
  server_port          BIGINT,
  request_body_size    BIGINT,
  response_body_size   BIGINT,
  -- A JSON object; NULL when every attribute has a column.
  attributes           VARCHAR,
  -- Events, links and other rare fields as JSON; NULL when there are none.
  extra                VARCHAR,
  origin_id            UINTEGER  NOT NULL
);

-- Resource and scope, once for all spans that share them.
CREATE TABLE IF NOT EXISTS hot_origins (
  origin_id UINTEGER NOT NULL,
  origin    VARCHAR  NOT NULL
);

-- What one commit says of one service's spans in one trace. A trace is the sum of its parts, so a late
-- span corrects its trace without an update.
CREATE TABLE IF NOT EXISTS hot_parts (
  receipt      UBIGINT   NOT NULL,
  trace_id     UUID      NOT NULL,
  service_name VARCHAR   NOT NULL,
  ebpf         BOOLEAN   NOT NULL,
  first_start  TIMESTAMP NOT NULL,
  last_end     TIMESTAMP NOT NULL,
  spans        UBIGINT   NOT NULL,
  errors       UBIGINT   NOT NULL,
  -- The earliest span of the part.
  head_name    VARCHAR   NOT NULL,
  head_status  SMALLINT,
  -- The earliest span of the part that has no parent; NULL when there is none.
  root_start   TIMESTAMP,
  root_name    VARCHAR,
  root_status  SMALLINT
);

-- The catalogue: which sealed segments exist. A file that is not in it is an orphan of a crash.
CREATE TABLE IF NOT EXISTS segments (
  segment_id     UBIGINT   NOT NULL,
  first_receipt  UBIGINT   NOT NULL,
  last_receipt   UBIGINT   NOT NULL,
  first_received TIMESTAMP NOT NULL,
  last_received  TIMESTAMP NOT NULL,
  first_start    TIMESTAMP NOT NULL,
  last_start     TIMESTAMP NOT NULL,
  spans          UBIGINT   NOT NULL,
  bytes          UBIGINT   NOT NULL,
  -- A Bloom filter of its trace ids.
  trace_filter   BLOB      NOT NULL
);

-- Colony: how far each agent's two streams have been stored.
CREATE TABLE IF NOT EXISTS checkpoints (
  agent_id     VARCHAR   NOT NULL,
  ebpf         BOOLEAN   NOT NULL,
  store_id     VARCHAR   NOT NULL,
  next_receipt UBIGINT   NOT NULL,
  spans_stored UBIGINT   NOT NULL,
  spans_missed UBIGINT   NOT NULL
);

-- Colony: agents that registered.
CREATE TABLE IF NOT EXISTS agents (
  agent_id   VARCHAR   NOT NULL,
  address    VARCHAR   NOT NULL,
  registered TIMESTAMP NOT NULL
);
