//! Colony: how far each agent's streams are stored, and which agents registered.

use coral_trace::{Collector, UnixNanos};
use duckdb::{Connection, params};

use crate::error::StoreError;
use crate::statement::{
    AGENTS, CHECKPOINTS, DELETE_AGENT, DELETE_CHECKPOINT, INSERT_AGENT, INSERT_CHECKPOINT,
};
use crate::store::Store;

/// How far one stream of one agent is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The agent.
    pub agent_id: String,
    /// Which of its streams: eBPF spans or SDK spans.
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
    /// [`StoreError::Statement`].
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, StoreError> {
        let failed = || StoreError::statement(CHECKPOINTS.name);
        self.0.readers.with(|connection| {
            let mut statement = connection.prepare(CHECKPOINTS.sql).map_err(failed())?;
            let rows = statement
                .query_map([], |row| {
                    Ok(Checkpoint {
                        agent_id: row.get(0)?,
                        collector: if row.get(1)? { Collector::Ebpf } else { Collector::Sdk },
                        store_id: row.get(2)?,
                        next_receipt: row.get(3)?,
                        spans_stored: row.get(4)?,
                        spans_missed: row.get(5)?,
                    })
                })
                .map_err(failed())?;
            rows.collect::<Result<_, _>>().map_err(failed())
        })
    }

    /// Every agent that registered, by id.
    ///
    /// # Errors
    /// [`StoreError::Statement`].
    pub fn agents(&self) -> Result<Vec<KnownAgent>, StoreError> {
        let failed = || StoreError::statement(AGENTS.name);
        self.0.readers.with(|connection| {
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
        let writer = self.0.writer();
        in_transaction(&writer.connection, |connection| {
            connection
                .execute(DELETE_AGENT.sql, [&agent.agent_id])
                .map_err(StoreError::statement(DELETE_AGENT.name))?;
            connection
                .execute(INSERT_AGENT.sql, params![agent.agent_id, agent.address, now.as_micros()])
                .map_err(StoreError::statement(INSERT_AGENT.name))?;
            Ok(())
        })
    }
}

/// Replaces a checkpoint, inside the caller's transaction.
pub(crate) fn write(connection: &Connection, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let ebpf = checkpoint.collector == Collector::Ebpf;
    connection
        .execute(DELETE_CHECKPOINT.sql, params![checkpoint.agent_id, ebpf])
        .map_err(StoreError::statement(DELETE_CHECKPOINT.name))?;
    connection
        .execute(
            INSERT_CHECKPOINT.sql,
            params![
                checkpoint.agent_id,
                ebpf,
                checkpoint.store_id,
                checkpoint.next_receipt,
                checkpoint.spans_stored,
                checkpoint.spans_missed,
            ],
        )
        .map_err(StoreError::statement(INSERT_CHECKPOINT.name))?;
    Ok(())
}

/// Commits what `change` did, or rolls all of it back.
pub(crate) fn in_transaction(
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
