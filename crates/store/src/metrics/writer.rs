//! What the next commit builds on, and how it is found again when a store is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_trace::UnixNanos;
use coral_trace::red::{Counters, Delta, LabelLimit, Series};

use super::checkpoint::MetricCheckpoint;
use super::file::MetricFile;
use super::live::{HotRows, LiveMetrics};
use super::query::StoredDelta;
use super::record::Frame;
use super::series::SeriesTable;
use crate::error::StoreError;
use crate::log::{Log, OldLog};
use crate::writer::{logs, remove};

/// Held while a commit is made.
pub(crate) struct MetricWriter {
    pub(super) next_receipt: u64,
    pub(super) counters: Counters,
    pub(super) limit: LabelLimit,
    pub(super) checkpoints: BTreeMap<String, MetricCheckpoint>,
    pub(super) series: SeriesTable,
    log: Log,
    dir: PathBuf,
    next_log: u64,
    /// Finished logs of hot rows.
    older_logs: Vec<PathBuf>,
    /// Logs of rows that are being sealed.
    sealing_logs: Vec<PathBuf>,
}

/// What is stored, and the number of its series.
pub(super) type Numbered = (u32, Delta);

/// Series whose counts are remembered: about 300 bytes each.
const MOST_TRACKED: usize = 100_000;
/// Series of one service and protocol that are told apart in a day, as many as OpenTelemetry's SDKs do.
const MOST_LABELS: usize = 2_000;

impl MetricWriter {
    /// Reads the logs in `dir` and begins another one.
    pub(super) fn resume(
        dir: &Path,
        files: Vec<Arc<MetricFile>>,
    ) -> Result<(Self, LiveMetrics), StoreError> {
        let old = logs(dir)?;
        let mut replay = Replay::new(&files);
        for (_, path) in &old {
            replay.log(path)?;
        }
        let Replay { mut counters, checkpoints, mut series, hot, kept, .. } = replay;
        counters.settle();
        let next_receipt = hot.next_receipt;
        let next_log = old.last().map_or(1, |(number, _)| number + 1);
        let log = new_log(dir, next_log, next_receipt, &counters, &checkpoints)?;
        // Only now does nothing depend on logs whose rows are sealed.
        for (_, path) in old.iter().filter(|(_, path)| !kept.contains(path)) {
            remove(path);
        }
        if kept.is_empty() {
            series = SeriesTable::default();
        }
        let writer = Self {
            next_receipt,
            counters,
            limit: LabelLimit::new(MOST_LABELS),
            checkpoints,
            series,
            log,
            dir: dir.to_owned(),
            next_log: next_log + 1,
            older_logs: kept,
            sealing_logs: Vec::new(),
        };
        Ok((writer, LiveMetrics::new(files, hot)))
    }

    /// Writes one commit to the log: rows of `deltas`, what changed in `counters`, and `checkpoints`. After an
    /// error nothing has happened. A commit that says nothing needs no frame.
    pub(super) fn commit(
        &mut self,
        deltas: Vec<Numbered>,
        (agent_id, received): (&str, UnixNanos),
        checkpoints: &[MetricCheckpoint],
    ) -> Result<Vec<StoredDelta>, StoreError> {
        if self.log.is_broken() {
            self.begin_log()?;
        }
        let agent_id: Arc<str> = agent_id.into();
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for (receipt, (number, delta)) in (self.next_receipt..).zip(deltas) {
            rows.push(StoredDelta { receipt, agent_id: agent_id.clone(), received, delta });
            numbers.push(number);
        }
        let state = self.counters.changes();
        let frame = Frame {
            series: self.series.untold().iter().map(|series| (&**series).into()).collect(),
            state: state.iter().map(Into::into).collect(),
            checkpoints: checkpoints.into(),
            ..Frame::of(&rows, &numbers)
        };
        if !(frame.rows.is_empty() && frame.state.is_empty() && frame.checkpoints.is_empty()) {
            self.log.append_record(&frame)?;
            self.series.tell();
        }
        self.next_receipt += rows.len() as u64;
        Ok(rows)
    }

    /// From here on, commits are of another generation.
    pub(super) fn begin_generation(&mut self) -> Result<(), StoreError> {
        self.begin_log()?;
        self.sealing_logs.append(&mut self.older_logs);
        self.series = SeriesTable::default();
        Ok(())
    }

    /// The last generation is sealed: its logs can go.
    pub(super) fn end_sealing(&mut self) {
        for path in self.sealing_logs.drain(..) {
            remove(&path);
        }
    }

    fn begin_log(&mut self) -> Result<(), StoreError> {
        let log =
            new_log(&self.dir, self.next_log, self.next_receipt, &self.counters, &self.checkpoints);
        // Also when it failed: half a file may be there under this name.
        self.next_log += 1;
        let finished = std::mem::replace(&mut self.log, log?);
        self.series.begin_log();
        self.older_logs.push(finished.path);
        Ok(())
    }
}

/// A log that begins with everything it needs to be read without those before it, but their rows.
fn new_log(
    dir: &Path,
    number: u64,
    first_receipt: u64,
    counters: &Counters,
    checkpoints: &BTreeMap<String, MetricCheckpoint>,
) -> Result<Log, StoreError> {
    let path = dir.join(format!("{number:012}.log"));
    let begin = || {
        let mut log = Log::create(path.clone(), first_receipt)?;
        let state = counters.snapshot();
        let frame = Frame {
            snapshot: true,
            state: state.iter().map(Into::into).collect(),
            checkpoints: checkpoints.values().cloned().collect(),
            ..Frame::default()
        };
        log.append_record(&frame)?;
        Ok(log)
    };
    begin().inspect_err(|_| remove(&path))
}

/// Logs being read back into memory.
struct Replay {
    /// By protocol: the newest receipt that is in a file, or would be.
    sealed: [u64; 3],
    counters: Counters,
    checkpoints: BTreeMap<String, MetricCheckpoint>,
    series: SeriesTable,
    /// Those of the log that is being read, by number.
    of_log: Vec<Arc<Series>>,
    hot: HotRows,
    /// Logs with rows that are not sealed.
    kept: Vec<PathBuf>,
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
            counters: Counters::new(MOST_TRACKED),
            checkpoints: BTreeMap::new(),
            series: SeriesTable::default(),
            of_log: Vec::new(),
            hot: HotRows::after(next),
            kept: Vec::new(),
        }
    }

    fn log(&mut self, path: &Path) -> Result<(), StoreError> {
        let Some(mut log) = OldLog::open(path)? else { return Ok(()) };
        if self.hot.rows == 0 {
            self.hot = HotRows::after(self.hot.next_receipt.max(log.first_receipt));
        }
        let before = self.hot.rows;
        self.of_log.clear();
        while let Some(frame) = log.next_record()? {
            self.frame(frame)?;
        }
        if self.hot.rows > before {
            self.kept.push(path.to_owned());
        }
        Ok(())
    }

    fn frame(&mut self, mut frame: Frame<'_>) -> Result<(), StoreError> {
        if frame.snapshot {
            self.counters.clear();
        }
        let state = std::mem::take(&mut frame.state).into_iter().map(TryInto::try_into);
        self.counters.restore(state.collect::<Result<Vec<_>, _>>()?);
        for checkpoint in &*frame.checkpoints {
            self.checkpoints.insert(checkpoint.agent_id.clone(), checkpoint.clone());
        }
        for series in std::mem::take(&mut frame.series) {
            let number = self.series.number(&Arc::new(series.try_into()?));
            self.of_log.push(self.series.get(number));
        }
        let mut rows = frame.stored(&self.of_log)?;
        rows.retain(|row| row.receipt > self.sealed[row.delta.series.protocol as usize]);
        let (next, first) = (self.hot.next_receipt, rows.first().map(|row| row.receipt));
        if self.hot.rows == 0 {
            // A seal that a crash cut short left rows of another protocol in the log.
            self.hot.first_receipt = first.unwrap_or(next).min(next);
        }
        self.hot.push(rows);
        self.hot.next_receipt = self.hot.next_receipt.max(next);
        Ok(())
    }
}
