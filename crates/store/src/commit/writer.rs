//! State that the next commit of spans needs.

use coral_engine::KnownAgent;
use coral_trace::TraceId;

use crate::commit::checkpoint::AgentDirectory;
use crate::commit::encoding::{Commit, CommitEncoder, Record, encode_record};
use crate::commit::origins::Origins;
use crate::commit::seen::{Key, Seen};
use crate::error::StoreError;
use crate::hot::generation::Generation;
use crate::hot::live::Live;
use crate::journal::{Journal, Receipts};

/// The state that the next commit needs, locked during a commit.
pub(crate) struct Writer {
    pub(crate) next_receipt: u64,
    pub(crate) origins: Origins,
    pub(crate) seen: Seen,
    pub(crate) journal: Journal,
    pub(crate) encoder: CommitEncoder,
}

/// A commit in progress. If dropped before [`done`](Self::done), also by a panic, the commit's
/// spans and origins are removed from the writer's state.
pub(crate) struct Attempt<'a> {
    pub(crate) writer: &'a mut Writer,
    keys: Vec<Key>,
    is_done: bool,
}

impl Writer {
    /// Begins a new log if the current one cannot be written. Must be called before a commit is
    /// prepared, because the first frame of the new log must not contain anything of an unfinished
    /// commit.
    pub(crate) fn mend(&mut self, live: &Live) -> Result<(), StoreError> {
        if !self.journal.is_broken() {
            return Ok(());
        }
        let state = live.read();
        let head = head(&state.directory, state.hot.origin_texts());
        drop(state);
        self.journal.mend(self.next_receipt, |payload| encode_record(&head, payload))
    }

    /// Writes one commit to the journal. After an error, nothing was committed.
    pub(crate) fn write(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let rows = commit.rows.as_ref().map_or(0, |rows| rows.num_rows() as u32);
        let receipts = Receipts { first: self.next_receipt, rows };
        let Self { journal, encoder, .. } = self;
        journal.append(receipts, |payload| encoder.encode(commit, payload))
    }

    /// Stores the address of `agent` in a commit of its own.
    pub(crate) fn register(&mut self, agent: &KnownAgent, live: &Live) -> Result<(), StoreError> {
        self.mend(live)?;
        let (first_origin, _) = self.origins.unwritten();
        let record = Record { first_origin, agents: vec![agent.clone()], ..Record::default() };
        self.write_record(record, live)
    }

    /// Removes an agent, in a commit of its own.
    pub(crate) fn forget(&mut self, agent_id: &str, live: &Live) -> Result<(), StoreError> {
        self.mend(live)?;
        let (first_origin, _) = self.origins.unwritten();
        let forgotten = vec![agent_id.to_owned()];
        self.write_record(Record { first_origin, forgotten, ..Record::default() }, live)
    }

    /// Makes a commit of changed agents, without rows.
    fn write_record(&mut self, record: Record, live: &Live) -> Result<(), StoreError> {
        let commit = Commit { record, rows: None };
        self.write(&commit)?;
        live.write().directory.add(&commit.record);
        Ok(())
    }

    /// Begins a new generation: later commits belong to it.
    pub(crate) fn begin_generation(&mut self, live: &Live) -> Result<(), StoreError> {
        let head = head(&live.read().directory, Vec::new());
        self.journal
            .begin_generation(self.next_receipt, |payload| encode_record(&head, payload))?;
        self.origins = Origins::default();
        self.seen.begin_sealing();
        Ok(())
    }

    /// Releases the logs and identities of all generations except `hot`, because their rows are
    /// sealed.
    pub(crate) fn end_sealing(&mut self, hot: &Generation) {
        let is_hot = |id| TraceId::try_from(id).is_ok_and(|trace| hot.traces.contains_key(&trace));
        self.seen.end_sealing(is_hot);
        self.journal.end_sealing();
    }
}

/// The first record of a log: all agents and checkpoints, and the origins that rows refer to.
pub(crate) fn head(directory: &AgentDirectory, origins: Vec<String>) -> Record {
    Record {
        first_origin: 0,
        origins,
        checkpoints: directory.checkpoints.values().cloned().collect(),
        agents: directory.agents.values().cloned().collect(),
        forgotten: Vec::new(),
    }
}

impl<'a> Attempt<'a> {
    pub(crate) fn begin(writer: &'a mut Writer) -> Self {
        Self { writer, keys: Vec::new(), is_done: false }
    }

    /// Adds the span with this identity to the known spans. Returns whether the span is new: neither
    /// stored nor in this commit already.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        let is_new = self.writer.seen.insert(key);
        if is_new {
            self.keys.push(key);
        }
        is_new
    }

    /// Records that the commit is in the journal, so that its spans and origins stay known.
    pub(crate) fn done(mut self) {
        self.writer.origins.written();
        self.is_done = true;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.writer.seen.forget(self.keys.drain(..));
            self.writer.origins.forget();
        }
    }
}
