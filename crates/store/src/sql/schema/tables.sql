CREATE TABLE IF NOT EXISTS store_meta (
  schema_version UINTEGER NOT NULL,
  store_id       VARCHAR  NOT NULL
);

-- Colony: agents that registered.
CREATE TABLE IF NOT EXISTS agents (
  agent_id   VARCHAR   NOT NULL,
  address    VARCHAR   NOT NULL,
  registered TIMESTAMP NOT NULL
);
