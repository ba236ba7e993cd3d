//! Reads the logs of the coverage timeline when a store is opened.

use std::path::{Path, PathBuf};

use coral_engine::AgentMinute;

use super::append::{bytes, extent};
use super::record;
use super::{ClosedLog, CurrentLog, State};
use crate::clock::Received;
use crate::error::StoreError;
use crate::journal::OldLogs;

/// The state of the timeline in `dir`, which may not exist. All its logs are closed.
pub(super) fn resume(dir: &Path) -> Result<State, StoreError> {
    let mut state =
        State { journal: None, next_record: 1, current: CurrentLog::default(), closed: Vec::new() };
    if !dir.is_dir() {
        return Ok(state);
    }
    let logs = OldLogs::list(dir)?;
    let mut reading: Option<(PathBuf, Vec<AgentMinute>)> = None;
    logs.replay(|frame| {
        if reading.as_ref().is_none_or(|(path, _)| path != frame.log) {
            state.closed.extend(reading.take().and_then(closed));
            reading = Some((frame.log.to_owned(), Vec::new()));
        }
        let read = record::decode(frame.log, &frame.payload)?;
        state.next_record = state.next_record.max(frame.receipts.next());
        if let Some(replaced) = &read.replaces {
            // The process ended before it removed the log that this one replaces.
            state.closed.retain(|log| !log.path.ends_with(replaced));
        }
        if let Some((_, records)) = &mut reading {
            records.extend(read.minutes);
        }
        Ok(())
    })?;
    state.closed.extend(reading.and_then(closed));
    state.next_record = logs.next_receipt(state.next_record);
    Ok(state)
}

/// The closed log of `records`; `None` without records.
fn closed((path, records): (PathBuf, Vec<AgentMinute>)) -> Option<ClosedLog> {
    let (first, last) = extent(&records);
    let received = Received::before_opening(last.end());
    let (records, bytes) = (records.len(), bytes(&records));
    (records > 0).then_some(ClosedLog { path, records, bytes, first, last, received })
}
