//! Appends records to the coverage timeline.

use std::path::Path;

use coral_engine::{AgentMinute, Minute};

use super::record;
use super::{ClosedLog, CoverageTimeline, CurrentLog, MAX_LOG_BYTES, MAX_LOG_RECORDS, State};
use crate::clock::Received;
use crate::error::StoreError;
use crate::journal::{Journal, OldLogs, Receipts, remove_logs};
use crate::layout::create_dir;

impl CoverageTimeline {
    /// Stores `minutes` in one commit. After an error, nothing was stored.
    pub(crate) fn append(&self, minutes: Vec<AgentMinute>) -> Result<(), StoreError> {
        if minutes.is_empty() {
            return Ok(());
        }
        let mut state = self.state_mut();
        if state.journal.is_none() {
            self.begin(&mut state)?;
        }
        let is_full =
            state.current.records.len() >= MAX_LOG_RECORDS || state.current.bytes >= MAX_LOG_BYTES;
        if is_full || state.journal.as_ref().is_some_and(Journal::is_broken) {
            state.close_current()?;
        }
        let newest = minutes.iter().map(|record| record.minute).max().unwrap_or_default();
        let receipts = Receipts { first: state.next_record, rows: minutes.len() as u32 };
        let journal = state.journal.as_mut().expect("it was begun above");
        journal.append(receipts, |payload| record::encode(None, &minutes, payload))?;
        state.next_record += minutes.len() as u64;
        state.current.bytes += bytes(&minutes);
        state.current.records.extend(minutes);
        let received = self.ages.received(newest.end());
        let oldest = state.current.received.map_or(received, |(oldest, _)| oldest);
        state.current.received = Some((oldest, received));
        Ok(())
    }

    /// Begins the first log of this process. A small last log is replaced, so that restarts do not
    /// leave many small logs.
    fn begin(&self, state: &mut State) -> Result<(), StoreError> {
        create_dir(&self.dir).map_err(StoreError::directory(&self.dir))?;
        let logs = OldLogs::list(&self.dir)?;
        let is_small =
            |log: &&ClosedLog| log.records < MAX_LOG_RECORDS && log.bytes < MAX_LOG_BYTES;
        let replaced = state.closed.last().filter(is_small);
        let mut current = CurrentLog::default();
        if let Some(log) = replaced {
            logs.replay_of(
                |path| path == log.path,
                |frame| {
                    let read = record::decode(frame.log, &frame.payload)?;
                    current.records.extend(read.minutes);
                    Ok(())
                },
            )?;
            current.bytes = bytes(&current.records);
            let oldest = Received::before_opening(log.first.end());
            current.received = Some((oldest, log.received));
        }
        let last = replaced.map(|log| log.path.clone());
        let replaces = last.as_deref().and_then(file_name);
        let stays = |path: &Path| {
            Some(path) != last.as_deref() && state.closed.iter().any(|log| log.path == path)
        };
        let mut journal = Journal::begin(&self.dir, &logs, stays, state.next_record, |payload| {
            record::encode(replaces, &current.records, payload);
        })?;
        let left = remove_logs(journal.take_obsolete());
        journal.put_back_obsolete(left);
        if last.is_some() {
            state.closed.pop();
        }
        (state.journal, state.current) = (Some(journal), current);
        Ok(())
    }
}

impl State {
    /// Closes the log that is being written, and begins an empty one. After an error, the current
    /// log stays.
    pub(super) fn close_current(&mut self) -> Result<(), StoreError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let finished = journal.path().to_owned();
        journal.mend(self.next_record, |payload| record::encode(None, &[], payload))?;
        let CurrentLog { records, bytes, received } = std::mem::take(&mut self.current);
        let Some((_, received)) = received else {
            journal.retire(vec![finished]);
            return Ok(());
        };
        let (first, last) = extent(&records);
        let records = records.len();
        self.closed.push(ClosedLog { path: finished, records, bytes, first, last, received });
        Ok(())
    }
}

/// The first and the last minute of `records`.
pub(super) fn extent(records: &[AgentMinute]) -> (Minute, Minute) {
    let minutes = records.iter().map(|record| record.minute);
    (minutes.clone().min().unwrap_or_default(), minutes.max().unwrap_or_default())
}

/// About how many bytes `records` take in a log.
pub(super) fn bytes(records: &[AgentMinute]) -> u64 {
    let of = |record: &AgentMinute| {
        let services = record.services.keys().map(|(service, _)| service);
        let names = services.chain(record.requests.keys().map(|(service, _)| service));
        let names = names.map(|service| service.len() + PER_SERVICE);
        record.agent_id.len() + PER_RECORD + names.sum::<usize>()
    };
    records.iter().map(of).sum::<usize>() as u64
}

/// Bytes of a record beside its names, and of a service beside its name, at most about.
const PER_RECORD: usize = 48;
const PER_SERVICE: usize = 8;

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}
