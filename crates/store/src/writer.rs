//! What the next commit builds on, and how it is found again when a store is opened.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{RecordBatch, UInt32Array};
use coral_trace::{TraceId, UnixNanos};

use crate::batch::{ORIGIN_ID, RECEIVED_AT};
use crate::checkpoint::{Checkpoint, KnownAgent};
use crate::error::StoreError;
use crate::generation::{Arrival, Generation};
use crate::live::Live;
use crate::log::{Commit, Log, OldLog, Record};
use crate::origins::Origins;
use crate::promoted;
use crate::row::SpanReader;
use crate::seen::{self, Seen};
use crate::segment::Segment;

/// By agent and collector.
type Checkpoints = BTreeMap<(String, bool), Checkpoint>;

/// Held while a commit is made.
pub(crate) struct Writer {
    pub(crate) next_receipt: u64,
    pub(crate) origins: Origins,
    pub(crate) seen: Seen,
    pub(crate) checkpoints: BTreeMap<(String, bool), Checkpoint>,
    pub(crate) agents: BTreeMap<String, KnownAgent>,
    log: Log,
    dir: PathBuf,
    next_log: u64,
    /// Finished logs of hot rows.
    older_logs: Vec<PathBuf>,
    /// Logs of rows that are being sealed.
    sealing_logs: Vec<PathBuf>,
}

impl Writer {
    /// Reads the logs in `dir` and begins another one.
    pub(crate) fn resume(
        dir: &Path,
        segments: Vec<Arc<Segment>>,
    ) -> Result<(Self, Live), StoreError> {
        let sealed = segments.last().map_or(0, |segment| segment.extent.last_receipt);
        link_continued(&segments)?;
        let mut replay = Replay::new(segments);
        let logs = logs(dir)?;
        for (_, path) in &logs {
            replay.log(path, sealed)?;
        }
        let Replay { hot, seen, checkpoints, agents, segments, kept, .. } = replay;
        let next_log = logs.last().map_or(1, |(number, _)| number + 1);
        let origins = Origins::starting_at(hot.origin_count() as u32);
        let next_receipt = hot.first_receipt + u64::from(hot.rows());
        let log = new_log(dir, next_log, next_receipt, &origins, (&checkpoints, &agents))?;
        // Only now does nothing depend on logs whose rows are sealed.
        for (_, path) in logs.iter().filter(|(_, path)| !kept.contains(path)) {
            remove(path);
        }
        let writer = Self {
            next_receipt,
            origins,
            seen,
            checkpoints,
            agents,
            log,
            dir: dir.to_owned(),
            next_log: next_log + 1,
            older_logs: kept,
            sealing_logs: Vec::new(),
        };
        Ok((writer, Live::new(segments, hot)))
    }

    /// Writes one commit to the log; after an error nothing has happened.
    pub(crate) fn write(&mut self, commit: &Commit) -> Result<(), StoreError> {
        if self.log.is_broken() {
            self.begin_log()?;
        }
        self.log.append(commit)
    }

    /// Writes down where `agent` is polled, and remembers it.
    pub(crate) fn register(&mut self, agent: &KnownAgent) -> Result<(), StoreError> {
        let agents = vec![agent.clone()];
        let (first_origin, _) = self.origins.unwritten();
        self.write(&Commit {
            record: Record { first_origin, agents, ..Record::default() },
            rows: None,
        })?;
        self.agents.insert(agent.agent_id.clone(), agent.clone());
        Ok(())
    }

    /// From here on, commits are of another generation.
    pub(crate) fn begin_generation(&mut self) -> Result<(), StoreError> {
        let origins = std::mem::take(&mut self.origins);
        if let Err(error) = self.begin_log() {
            self.origins = origins;
            return Err(error);
        }
        self.sealing_logs.append(&mut self.older_logs);
        self.seen.begin_sealing();
        Ok(())
    }

    /// The last generation is sealed: its logs can go. `hot` is the one that goes on.
    pub(crate) fn end_sealing(&mut self, hot: &Generation) {
        let is_hot = |id| TraceId::try_from(id).is_ok_and(|trace| hot.traces.contains_key(&trace));
        self.seen.end_sealing(is_hot);
        for path in self.sealing_logs.drain(..) {
            remove(&path);
        }
    }

    fn begin_log(&mut self) -> Result<(), StoreError> {
        let places = (&self.checkpoints, &self.agents);
        let log = new_log(&self.dir, self.next_log, self.next_receipt, &self.origins, places);
        // Also when it failed: half a file may be there under this name.
        self.next_log += 1;
        let finished = std::mem::replace(&mut self.log, log?);
        self.older_logs.push(finished.path);
        Ok(())
    }
}

/// A log that begins with everything it needs to be read without those before it, but their rows.
fn new_log(
    dir: &Path,
    number: u64,
    first_receipt: u64,
    origins: &Origins,
    (checkpoints, agents): (&Checkpoints, &BTreeMap<String, KnownAgent>),
) -> Result<Log, StoreError> {
    let path = dir.join(format!("{number:012}.log"));
    let begin = || {
        let mut log = Log::create(path.clone(), first_receipt)?;
        let record = Record {
            first_origin: origins.next(),
            checkpoints: checkpoints.values().cloned().collect(),
            agents: agents.values().cloned().collect(),
            ..Record::default()
        };
        log.append(&Commit { record, rows: None })?;
        Ok(log)
    };
    begin().inspect_err(|_| remove(&path))
}

/// Logs by number.
pub(crate) fn logs(dir: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let failed = || StoreError::directory(dir);
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".log")?.parse().ok());
        logs.extend(number.map(|number| (number, path)));
    }
    logs.sort();
    Ok(logs)
}

pub(crate) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, file = %path.display(), "could not remove a log; the next start does");
    }
}

/// Marks in every segment the traces that another segment has spans of too.
fn link_continued(segments: &[Arc<Segment>]) -> Result<(), StoreError> {
    for segment in segments {
        let rows = segment.continued()?;
        let mut by_older: HashMap<u64, Vec<TraceId>> = HashMap::new();
        for (row, (trace, detail)) in rows.iter().zip(segment.details(&rows)?) {
            segment.mark_split([(*row, trace)]);
            for older in detail.older {
                by_older.entry(older).or_default().push(trace);
                link_all(segments, segment, older);
            }
        }
        for (older, mut traces) in by_older {
            traces.dedup();
            if let Some(older) = segments.iter().find(|segment| segment.id() == older) {
                let found = older.find(&traces)?;
                older.mark_split(found.into_iter().map(|(row, index)| (row, traces[index])));
            }
        }
    }
    Ok(())
}

fn link_all(segments: &[Arc<Segment>], segment: &Segment, older: u64) {
    segment.link(older);
    if let Some(older) = segments.iter().find(|other| other.id() == older) {
        older.link(segment.id());
    }
}

/// Logs being read back into memory.
struct Replay {
    segments: Vec<Arc<Segment>>,
    hot: Generation,
    seen: Seen,
    checkpoints: BTreeMap<(String, bool), Checkpoint>,
    agents: BTreeMap<String, KnownAgent>,
    /// Logs whose rows are not sealed.
    kept: Vec<PathBuf>,
    reader: SpanReader,
    /// What is added to the numbers of origins: every generation's begin at 0, and this is one.
    origin_offset: Option<u32>,
}

impl Replay {
    fn new(segments: Vec<Arc<Segment>>) -> Self {
        let sealed = segments.last().map_or(0, |segment| segment.extent.last_receipt);
        Self {
            segments,
            hot: Generation::after(sealed + 1),
            seen: Seen::default(),
            checkpoints: BTreeMap::new(),
            agents: BTreeMap::new(),
            kept: Vec::new(),
            reader: SpanReader::default(),
            origin_offset: None,
        }
    }

    fn log(&mut self, path: &Path, sealed: u64) -> Result<(), StoreError> {
        let Some(mut log) = OldLog::open(path)? else { return Ok(()) };
        let rows_are_sealed = log.first_receipt <= sealed;
        if self.hot.rows() == 0 {
            self.hot.first_receipt = self.hot.first_receipt.max(log.first_receipt);
        }
        self.origin_offset = None;
        while let Some(commit) = log.next()? {
            self.commit(commit, rows_are_sealed)?;
        }
        if !rows_are_sealed {
            self.kept.push(path.to_owned());
        }
        Ok(())
    }

    fn commit(&mut self, commit: Commit, rows_are_sealed: bool) -> Result<(), StoreError> {
        let Commit { record, rows } = commit;
        for checkpoint in record.checkpoints {
            self.checkpoints.insert(checkpoint.key(), checkpoint);
        }
        for agent in record.agents {
            self.agents.insert(agent.agent_id.clone(), agent);
        }
        if rows_are_sealed {
            return Ok(());
        }
        let known = self.hot.origin_count() as u32;
        let offset = *self.origin_offset.get_or_insert(known.wrapping_sub(record.first_origin));
        self.hot.add_origins(&record.origins);
        rows.map_or(Ok(()), |rows| self.rows(&shifted(&rows, offset)))
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let first = self.hot.rows();
        let mut spans = Vec::new();
        self.reader.read(&self.hot.with_origins(batch), &mut spans)?;
        let mut arrival = Arrival::default();
        for (row, stored) in (first..).zip(&spans) {
            arrival.has_misplaced |= promoted::sort(&stored.span).is_misplaced;
            self.seen.insert(seen::key(&stored.span));
            arrival.add(&stored.span, row);
        }
        let spans: Vec<_> = spans.iter().map(|stored| &stored.span).collect();
        let older = crate::append::sealed_before(&self.segments, None, &self.hot, &spans)?;
        for (trace, older) in older.segments {
            arrival.continues(trace, older);
        }
        self.seen.extend(&older.keys);
        let received = batch.column(RECEIVED_AT).as_primitive::<TimestampMicrosecondType>();
        let received = received.values().last().copied().unwrap_or_default();
        self.hot.push(batch.clone(), arrival, UnixNanos::from_micros(received));
        Ok(())
    }
}

/// The rows with their origins' numbers moved up.
fn shifted(batch: &RecordBatch, by: u32) -> RecordBatch {
    if by == 0 {
        return batch.clone();
    }
    let numbers = batch.column(ORIGIN_ID).as_primitive::<UInt32Type>();
    let moved: UInt32Array = numbers.unary(|number| number.wrapping_add(by));
    let mut columns = batch.columns().to_vec();
    columns[ORIGIN_ID] = Arc::new(moved);
    RecordBatch::try_new(batch.schema(), columns).expect("the columns have the types they had")
}
