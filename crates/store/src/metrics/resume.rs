//! Replays the metrics journal when a store is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_engine::MetricCheckpoint;
use coral_trace::red::{Counters, LabelLimit, Series};

use super::file::MetricFile;
use super::live::{HotRows, MetricState};
use super::record::Frame;
use super::series::SeriesTable;
use super::writer::{MAX_LABELS, MetricWriter, encode_head};
use crate::error::StoreError;
use crate::journal::{Journal, OldFrame, OldLogs};

/// The most series whose counters are kept: about 300 bytes each.
const MAX_TRACKED: usize = 100_000;

/// Reads the journal in `dir` and begins a new log. Returns the writer, and the state with the
/// rows that are not in `files`.
///
/// # Errors
/// [`StoreError`]: no stored row was changed.
pub(super) fn resume(
    dir: &Path,
    files: Vec<Arc<MetricFile>>,
) -> Result<(MetricWriter, MetricState), StoreError> {
    let logs = OldLogs::list(dir)?;
    let mut replay = Replay::new(&files);
    // Rows of a damaged first log are lost, and counted when the replay continues after them.
    replay.next = logs.lost_first().map_or(0, |lost| lost.first);
    logs.replay(|frame| replay.frame(&frame))?;
    replay.skip_to(logs.next_receipt(replay.hot.next_receipt));
    let Replay { mut counters, checkpoints, mut hot, kept, damaged, .. } = replay;
    counters.settle();
    if hot.rows == 0 {
        hot.first_receipt = hot.next_receipt;
    }
    let next_receipt = hot.next_receipt;
    let head = checkpoints.values().cloned().collect();
    let journal = Journal::begin(
        dir,
        &logs,
        |log| kept.contains(log),
        next_receipt,
        |payload| {
            encode_head(&counters, head, payload);
        },
    )?;
    let limit = LabelLimit::new(MAX_LABELS);
    let writer =
        MetricWriter { next_receipt, counters, limit, series: SeriesTable::default(), journal };
    let files = Arc::new(files);
    Ok((writer, MetricState { files, sealing: None, hot, checkpoints, damaged }))
}

/// State of the replay of a journal into memory.
struct Replay {
    /// For each protocol, the receipt up to which all its rows are in files.
    sealed: [u64; 3],
    counters: Counters,
    checkpoints: BTreeMap<String, MetricCheckpoint>,
    /// One copy of each series.
    series: SeriesTable,
    /// The log that is being read.
    log: PathBuf,
    /// The series of the log that is being read, by number; `None` if the series was in a lost
    /// frame.
    of_log: Vec<Option<Arc<Series>>>,
    hot: HotRows,
    /// Logs with rows that are not sealed.
    kept: BTreeSet<PathBuf>,
    /// Number of lost rows.
    damaged: u64,
    /// The receipt after the last frame that was read; 0 before the first.
    next: u64,
}

impl Replay {
    fn new(files: &[Arc<MetricFile>]) -> Self {
        let mut sealed = [0; 3];
        for file in files {
            let newest = &mut sealed[file.extent.protocol as usize];
            *newest = file.extent.last_receipt.max(*newest);
        }
        let next = sealed.iter().max().map_or(1, |newest| newest + 1);
        Self {
            sealed,
            counters: Counters::new(MAX_TRACKED),
            checkpoints: BTreeMap::new(),
            series: SeriesTable::default(),
            log: PathBuf::new(),
            of_log: Vec::new(),
            hot: HotRows::after(next),
            kept: BTreeSet::new(),
            damaged: 0,
            next: 0,
        }
    }

    fn frame(&mut self, old: &OldFrame<'_>) -> Result<(), StoreError> {
        let mut frame: Frame<'_> = postcard::from_bytes(&old.payload)
            .map_err(|error| StoreError::log(old.log)(io::Error::other(error)))?;
        if self.log != old.log {
            old.log.clone_into(&mut self.log);
            self.of_log.clear();
        }
        if old.is_head {
            self.checkpoints.clear();
        }
        if frame.snapshot {
            self.counters.clear();
        }
        self.skip_to(old.receipts.first);
        let state = std::mem::take(&mut frame.state).into_iter().map(TryInto::try_into);
        self.counters.restore(state.collect::<Result<Vec<_>, _>>()?);
        for checkpoint in &*frame.checkpoints {
            self.checkpoints.insert(checkpoint.agent_id.clone(), checkpoint.clone());
        }
        self.learn(&mut frame)?;
        let rows = frame.rows.len() as u64;
        self.next = old.receipts.next();
        let Some(mut rows) = frame.stored(&self.of_log)? else {
            let file = old.log.display();
            tracing::error!(%file, n_rows = rows, "left out metrics whose series was lost in a damaged log");
            self.damaged += rows;
            return Ok(());
        };
        rows.retain(|row| row.receipt > self.sealed[row.delta.series.protocol as usize]);
        if let Some(first) = rows.first() {
            self.kept.insert(old.log.to_owned());
            if self.hot.rows == 0 {
                // An interrupted seal left rows of another protocol in the log.
                self.hot.first_receipt = first.receipt.min(self.hot.next_receipt);
            }
        }
        let next = self.hot.next_receipt.max(self.next);
        self.hot.push(Arc::new(rows), None);
        self.hot.next_receipt = next;
        Ok(())
    }

    /// Continues at `receipt`. Rows with lower receipts that were not read are lost, and counted.
    fn skip_to(&mut self, receipt: u64) {
        let sealed = self.sealed.iter().max().copied().unwrap_or_default();
        let known = self.next.max(sealed + 1);
        if self.next > 0 && receipt > known {
            let n_rows = receipt - known;
            tracing::error!(n_rows, "rows in a damaged log of metrics are lost");
            self.damaged += n_rows;
        }
        self.next = self.next.max(receipt);
        self.hot.next_receipt = self.hot.next_receipt.max(receipt);
    }

    fn learn(&mut self, frame: &mut Frame<'_>) -> Result<(), StoreError> {
        self.of_log.resize(frame.first_series as usize, None);
        for series in std::mem::take(&mut frame.series) {
            let number = self.series.number(&Arc::new(series.try_into()?));
            self.of_log.push(Some(self.series.get(number)));
        }
        Ok(())
    }
}
