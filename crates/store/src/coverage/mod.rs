//! The coverage timeline of a store: a journal of its own, in `coverage/`.
//!
//! Records are appended once per minute, and are never sealed: the logs themselves are the stored
//! form. The records of the log that is being written are in memory; those of closed logs are read
//! when a question needs them. A closed log is removed when its newest minute is older than the
//! retention of spans. The oldest are removed earlier when the timeline takes more than its share
//! of the store's size: an agent chooses the names of its services, and how many there are.

mod append;
mod record;
mod resume;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use coral_engine::{AgentMinute, Budget, Minute, SpanRetention};
use coral_trace::{TimeRange, UnixNanos};

use crate::clock::{Ages, Received, Uptime};
use crate::error::StoreError;
use crate::journal::{Journal, OldLogs, remove_logs};
use crate::layout::coverage_dir;

/// A log with this many records is closed, and a new one begun.
const MAX_LOG_RECORDS: usize = 8_192;
/// A log with this many bytes is closed, too.
const MAX_LOG_BYTES: u64 = 8 << 20;
/// The timeline may take this part of the store's largest size, but always one log.
const SIZE_SHARE: u64 = 16;
/// A log is closed when its oldest record is as old as the retention divided by this number.
const LOGS_PER_AGE: u32 = 4;

/// The coverage timeline of one store.
pub(crate) struct CoverageTimeline {
    /// The directory of the logs. Created by the first append.
    dir: PathBuf,
    ages: Ages,
    state: RwLock<State>,
}

struct State {
    /// `None` before the first append of this process.
    journal: Option<Journal>,
    /// The number of the next record.
    next_record: u64,
    current: CurrentLog,
    /// Logs that are not written any more, oldest first.
    closed: Vec<ClosedLog>,
}

/// The records of the log that is being written.
#[derive(Default)]
struct CurrentLog {
    records: Vec<AgentMinute>,
    bytes: u64,
    /// When the first and the last of them were received; `None` without records.
    received: Option<(Received, Received)>,
}

struct ClosedLog {
    path: PathBuf,
    records: usize,
    bytes: u64,
    first: Minute,
    last: Minute,
    /// When the newest record was received.
    received: Received,
}

impl CoverageTimeline {
    /// Opens the timeline of the store in `dir`. The caller holds the store's lock.
    pub(crate) fn open(dir: &Path, uptime: Uptime) -> Result<Self, StoreError> {
        let dir = coverage_dir(dir);
        let state = RwLock::new(resume::resume(&dir)?);
        Ok(Self { dir, ages: Ages::new(uptime), state })
    }

    /// The minutes that touch `range`, one record per agent and minute, sorted.
    pub(crate) fn minutes(
        &self,
        range: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<AgentMinute>, StoreError> {
        budget.check()?;
        let mut found: BTreeMap<(Minute, String), AgentMinute> = BTreeMap::new();
        let mut add = |record: AgentMinute| {
            if !record.minute.touches(range) {
                return;
            }
            match found.entry((record.minute, record.agent_id.clone())) {
                std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(record)),
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    known.get_mut().absorb(record);
                }
            }
        };
        // Maintenance removes no log while the state is locked.
        let state = self.state();
        let is_in_range =
            |log: &&ClosedLog| log.last.end() > range.start && log.first.start() < range.end;
        let wanted: Vec<&Path> =
            state.closed.iter().filter(is_in_range).map(|log| log.path.as_path()).collect();
        if !wanted.is_empty() {
            OldLogs::list(&self.dir)?.replay_of(
                |log| wanted.contains(&log),
                |frame| {
                    budget.check()?;
                    let read = record::decode(frame.log, &frame.payload)?;
                    budget.count_rows(read.minutes.len() as u64)?;
                    budget.count_bytes(frame.payload.len() as u64)?;
                    read.minutes.into_iter().for_each(&mut add);
                    Ok(())
                },
            )?;
        }
        budget.count_rows(state.current.records.len() as u64)?;
        let current = state.current.records.iter();
        current.filter(|record| record.minute.touches(range)).cloned().for_each(&mut add);
        drop(state);
        Ok(found.into_values().collect())
    }

    /// Closes the current log when it is old, and removes closed logs whose records are all older
    /// than the age of `keep`, or older than the spans that are left when spans were evicted:
    /// `oldest_span` is then when the oldest of them was received. Removes the oldest closed logs
    /// while all logs take more than their share of the size of `keep`.
    pub(crate) fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
        oldest_span: Option<UnixNanos>,
    ) -> Result<(), StoreError> {
        let age = keep.age;
        let max_bytes = (keep.bytes / SIZE_SHARE).max(MAX_LOG_BYTES);
        let state = self.state();
        let newest = state.closed.iter().rfind(|log| log.received.uptime.is_none());
        self.ages.settle(now, newest.map(|log| log.received.unix), age);
        let is_old = |log: &ClosedLog| {
            let is_evicted = oldest_span.is_some_and(|oldest| log.last.end() < oldest);
            is_evicted || self.ages.of(log.received) > age
        };
        let current = state.current.received;
        let is_worn = current.is_some_and(|(oldest, _)| self.ages.of(oldest) >= age / LOGS_PER_AGE);
        if !is_worn && !state.closed.iter().any(is_old) && state.over(max_bytes) == 0 {
            return Ok(());
        }
        drop(state);
        let mut state = self.state_mut();
        let closed = if is_worn { state.close_current() } else { Ok(()) };
        let (old, stay): (Vec<ClosedLog>, _) =
            std::mem::take(&mut state.closed).into_iter().partition(is_old);
        state.closed = stay;
        let over = state.over(max_bytes);
        if over > 0 {
            tracing::warn!(
                n_logs = over,
                max_bytes,
                "the coverage timeline is larger than its share of the store; removing its oldest minutes"
            );
        }
        let evicted: Vec<ClosedLog> = state.closed.drain(..over).collect();
        let paths = old.into_iter().chain(evicted).map(|log| log.path).collect();
        match &mut state.journal {
            Some(journal) => {
                journal.retire(paths);
                let left = remove_logs(journal.take_obsolete());
                journal.put_back_obsolete(left);
            }
            // A log that cannot be removed is found again when the store is opened.
            None => drop(remove_logs(paths)),
        }
        closed
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many of the oldest closed logs exceed `max_bytes`, if the newest logs are kept.
    fn over(&self, max_bytes: u64) -> usize {
        let mut bytes = self.current.bytes;
        let fitting = self.closed.iter().rev().take_while(|log| {
            bytes += log.bytes;
            bytes <= max_bytes
        });
        self.closed.len() - fitting.count()
    }
}
