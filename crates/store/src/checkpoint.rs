//! Colony: how far each agent's streams are stored, and which agents registered.
//!
//! Checkpoints stand in the log, beside the pages they belong to; agents in DuckDB.

use coral_trace::{Collector, UnixNanos};
use duckdb::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::statement::{AGENTS, DELETE_AGENT, INSERT_AGENT};
use crate::store::Store;

/// How far one stream of one agent is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The agent.
    pub agent_id: String,
    /// Which of its streams: eBPF spans or SDK spans.
    #[serde(with = "is_ebpf")]
    pub collector: Collector,
    /// The agent's store. When the agent answers with another one, begin again at 0.
    pub store_id: String,
    /// The receipt to ask after.
    pub next_receipt: u64,
    /// Spans of this stream that were new here, since this store was made.
    pub spans_stored: u64,
    /// Spans that expired on the agent before they were polled.
    pub spans_missed: u64,
}

/// An agent that registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownAgent {
    /// Its id.
    pub agent_id: String,
    /// Where it is polled.
    pub address: String,
}

impl Store {
    /// Every checkpoint, by agent.
    ///
    /// # Errors
    /// None today.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, StoreError> {
        Ok(self.0.writer().checkpoints.values().cloned().collect())
    }

    /// Every agent that registered, by id.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn agents(&self) -> Result<Vec<KnownAgent>, StoreError> {
        let failed = || StoreError::statement(AGENTS.name);
        self.0.database.with(|connection| {
            let mut statement = connection.prepare(AGENTS.sql).map_err(failed())?;
            let rows = statement
                .query_map([], |row| Ok(KnownAgent { agent_id: row.get(0)?, address: row.get(1)? }))
                .map_err(failed())?;
            rows.collect::<Result<_, _>>().map_err(failed())
        })
    }

    /// Remembers where an agent is polled, in place of what was known of it.
    ///
    /// # Errors
    /// [`StoreError::Statement`]: nothing changed.
    pub fn register_agent(&self, agent: &KnownAgent, now: UnixNanos) -> Result<(), StoreError> {
        let registered = |connection: &Connection| {
            connection
                .execute(DELETE_AGENT.sql, [&agent.agent_id])
                .map_err(StoreError::statement(DELETE_AGENT.name))?;
            connection
                .execute(INSERT_AGENT.sql, params![agent.agent_id, agent.address, now.as_micros()])
                .map_err(StoreError::statement(INSERT_AGENT.name))?;
            Ok(())
        };
        self.0.database.with(|connection| in_transaction(connection, registered))
    }
}

impl Checkpoint {
    /// What it is kept by.
    pub(crate) fn key(&self) -> (String, bool) {
        (self.agent_id.clone(), self.collector == Collector::Ebpf)
    }
}

/// A collector as "is it eBPF?".
mod is_ebpf {
    use coral_trace::Collector;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        collector: &Collector,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (*collector == Collector::Ebpf).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Collector, D::Error> {
        let ebpf = bool::deserialize(deserializer)?;
        Ok(if ebpf { Collector::Ebpf } else { Collector::Sdk })
    }
}

/// Commits what `change` did, or rolls all of it back.
fn in_transaction(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN").map_err(StoreError::statement("begin"))?;
    let ended = change(connection)
        .and_then(|()| connection.execute_batch("COMMIT").map_err(StoreError::statement("commit")));
    if ended.is_err() {
        // After a failed commit there may be nothing to roll back.
        let _ = connection.execute_batch("ROLLBACK");
    }
    ended
}
