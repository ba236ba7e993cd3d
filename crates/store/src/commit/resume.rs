//! Replays the journal when a store is opened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{RecordBatch, UInt32Array};
use coral_engine::{Budget, Columns};
use coral_trace::{TraceId, UnixNanos};

use crate::clock::Received;
use crate::commit::checkpoint::AgentDirectory;
use crate::commit::encoding::{self, CommitEncoder, encode_record};
use crate::commit::origins::Origins;
use crate::commit::sealed_parts;
use crate::commit::seen::{self, Seen};
use crate::commit::writer::{Writer, head};
use crate::error::StoreError;
use crate::hot::generation::{Arrival, Generation, ReceivedSpan};
use crate::hot::live::State;
use crate::journal::{Journal, OldFrame, OldLogs};
use crate::parallel;
use crate::row::SpanReader;
use crate::row::batch::{ORIGIN_ID, RECEIVED_AT};
use crate::segment::{Opened, Segment, SplitRow};
use coral_record::promoted;

/// Reads the journal in `dir` and begins a new log. Returns the writer, and the state with the
/// rows that are not in `segments`, in generations that end when they hold `segment_bytes` of
/// memory. Also returns how many spans were lost in damaged logs before the first readable receipt.
///
/// # Errors
/// [`StoreError`]: no stored row was changed.
pub(crate) fn resume(
    dir: &Path,
    segments: &[Opened],
    segment_bytes: u64,
) -> Result<(Writer, State, u64), StoreError> {
    mark_all_split(segments)?;
    let logs = OldLogs::list(dir)?;
    let segments = segments.iter().map(|opened| opened.segment.clone());
    let mut replay = Replay::new(segments.collect(), segment_bytes);
    logs.replay(|frame| replay.frame(&frame))?;
    let next_receipt = logs.next_receipt(replay.hot.next_receipt());
    replay.skip_to(next_receipt);
    let Replay { segments, sealing, hot, seen, directory, kept, .. } = replay;
    let origins = Origins::starting_at(hot.origin_count() as u32);
    let head = head(&directory, hot.origin_texts());
    let mut journal = Journal::begin(
        dir,
        &logs,
        |log| kept.contains(log),
        next_receipt,
        |payload| {
            encode_record(&head, payload);
        },
    )?;
    if !sealing.is_empty() {
        journal.mix();
    }
    let writer = Writer { next_receipt, origins, seen, journal, encoder: CommitEncoder::new() };
    let state = State { segments: Arc::new(segments), sealing, hot, directory };
    let end = state.first_receipt();
    let lost = logs.lost_first().map_or(0, |lost| end.min(lost.next()).saturating_sub(lost.first));
    Ok((writer, state, lost))
}

/// State of the replay of a journal into memory.
struct Replay {
    segments: Vec<Arc<Segment>>,
    /// The newest receipt in any segment; 0 without segments.
    sealed: u64,
    /// Generations that ended at a gap between receipts, or when they were full. Each becomes a
    /// segment of its own.
    sealing: Vec<Arc<Generation>>,
    hot: Generation,
    seen: Seen,
    directory: AgentDirectory,
    /// Logs with rows that are not sealed.
    kept: BTreeSet<PathBuf>,
    reader: SpanReader,
    /// The log that is being read.
    log: PathBuf,
    origins: OldOrigins,
    segment_bytes: u64,
}

/// The origins of the log that is being read. Each log numbers its origins from 0.
#[derive(Default)]
struct OldOrigins {
    /// Texts of origins, by number in the log; `None` if the origin was in a damaged frame.
    texts: Vec<Option<String>>,
    /// For each number in the log, the number in the generation in memory. Shorter than `texts` if
    /// the last origins are not added to the generation yet.
    numbers: Vec<u32>,
    /// Numbers in the generation in memory, by text.
    known: HashMap<String, u32>,
}

impl Replay {
    fn new(segments: Vec<Arc<Segment>>, segment_bytes: u64) -> Self {
        let sealed = segments.last().map_or(0, |segment| segment.extent.last_receipt);
        Self {
            segments,
            sealed,
            sealing: Vec::new(),
            hot: Generation::after(sealed + 1),
            seen: Seen::default(),
            directory: AgentDirectory::default(),
            kept: BTreeSet::new(),
            reader: SpanReader::of(Columns::ALL),
            log: PathBuf::new(),
            origins: OldOrigins::default(),
            segment_bytes,
        }
    }

    fn frame(&mut self, frame: &OldFrame<'_>) -> Result<(), StoreError> {
        let commit = encoding::decode(&frame.payload).map_err(StoreError::log(frame.log))?;
        if self.log != frame.log {
            frame.log.clone_into(&mut self.log);
            self.origins.begin_log();
        }
        if frame.is_head {
            // The first frame of a log has all agents and checkpoints of that time, so it replaces
            // those of earlier logs, some of which may belong to failed commits.
            self.directory = AgentDirectory::default();
            self.skip_to(frame.receipts.first);
        }
        self.directory.add(&commit.record);
        self.origins.add(commit.record.first_origin, commit.record.origins);
        let Some(rows) = commit.rows.filter(|_| frame.receipts.first > self.sealed) else {
            return Ok(());
        };
        let known = self.hot.next_receipt();
        if frame.receipts.first < known || rows.num_rows() as u32 != frame.receipts.rows {
            let receipt = frame.receipts.first;
            tracing::error!(file = %frame.log.display(), receipt, "a commit repeats receipts of another commit and is left out");
            return Ok(());
        }
        if !self.origins.knows_all(&rows) {
            let (file, n_spans) = (frame.log.display(), rows.num_rows());
            tracing::error!(%file, n_spans, "left out spans whose resource was lost in a damaged log");
            return Ok(());
        }
        self.skip_to(frame.receipts.first);
        if self.hot.memory() >= self.segment_bytes {
            self.begin_generation(frame.receipts.first);
        }
        self.kept.insert(frame.log.to_owned());
        let rows = self.origins.renumbered(&rows, &mut self.hot);
        self.rows(&rows)
    }

    /// Continues at `receipt`. If rows with lower receipts are missing, they are lost and leave a
    /// gap: `receipt` begins a new generation then.
    fn skip_to(&mut self, receipt: u64) {
        if receipt <= self.hot.next_receipt() {
            return;
        }
        if self.hot.rows() > 0 {
            let n_spans = receipt - self.hot.next_receipt();
            tracing::error!(n_spans, "spans in a damaged log are lost");
        }
        self.begin_generation(receipt);
    }

    /// Begins a generation at `receipt`. The one before is sealed later, if it has rows.
    fn begin_generation(&mut self, receipt: u64) {
        let before = std::mem::replace(&mut self.hot, Generation::after(receipt));
        self.origins.begin_generation();
        if before.rows() > 0 {
            self.sealing.push(Arc::new(before));
        }
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        let first = self.hot.rows();
        let joined = self.hot.tail().join(batch);
        let mut spans = Vec::new();
        self.reader.read(&self.hot.with_origins(batch), &Budget::unlimited(), &mut spans)?;
        let mut arrival = Arrival::default();
        for (row, stored) in (first..).zip(&spans) {
            arrival.has_misplaced |= promoted::sort(&stored.span).is_misplaced;
            self.seen.insert(seen::key(&stored.span));
            arrival.add(&stored.span, row);
        }
        let traces = spans.iter().map(|stored| stored.span.trace_id);
        let parts = sealed_parts::of_new_traces(&self.segments, &self.sealing, &self.hot, traces)?;
        for (trace, older) in parts.segments {
            arrival.mark_split(trace, older.into_iter().collect());
        }
        self.seen.extend(&parts.keys);
        let received = batch.column(RECEIVED_AT).as_primitive::<TimestampMicrosecondType>();
        let at = |micros: Option<i64>| UnixNanos::from_micros(micros.unwrap_or_default());
        let values = received.values();
        let (first, last) = (at(values.iter().copied().min()), at(values.iter().copied().max()));
        let newest = Received::before_opening(at(values.last().copied()));
        let received = ReceivedSpan { oldest: newest, newest, first, last };
        self.hot.push(joined, arrival, received);
        Ok(())
    }
}

impl OldOrigins {
    fn begin_log(&mut self) {
        self.texts.clear();
        self.numbers.clear();
    }

    fn begin_generation(&mut self) {
        self.numbers.clear();
        self.known.clear();
    }

    fn add(&mut self, first: u32, texts: Vec<String>) {
        self.texts.resize(first as usize, None);
        self.texts.extend(texts.into_iter().map(Some));
    }

    fn knows_all(&self, rows: &RecordBatch) -> bool {
        let numbers = rows.column(ORIGIN_ID).as_primitive::<UInt32Type>().values();
        numbers.iter().all(|number| matches!(self.texts.get(*number as usize), Some(Some(_))))
    }

    /// `rows` with their origins renumbered for the generation `hot`. Origins that `hot` lacks are
    /// added to `hot`.
    fn renumbered(&mut self, rows: &RecordBatch, hot: &mut Generation) -> RecordBatch {
        let mut new = Vec::new();
        for text in &self.texts[self.numbers.len()..] {
            let text = text.clone().unwrap_or_default();
            let next = self.known.len() as u32;
            let number = *self.known.entry(text.clone()).or_insert(next);
            if number == next {
                new.push(text);
            }
            self.numbers.push(number);
        }
        hot.add_origins(&new);
        let numbers = rows.column(ORIGIN_ID).as_primitive::<UInt32Type>();
        let moved: UInt32Array = numbers.unary(|number| self.numbers[number as usize]);
        let mut columns = rows.columns().to_vec();
        columns[ORIGIN_ID] = Arc::new(moved);
        RecordBatch::try_new(rows.schema(), columns).expect("the columns have the types they had")
    }
}

/// Marks in every segment the traces that also have spans in another segment.
fn mark_all_split(segments: &[Opened]) -> Result<(), StoreError> {
    let mut in_older: BTreeMap<u64, Vec<TraceId>> = BTreeMap::new();
    for opened in segments {
        opened.mark_split(segments.iter().map(|opened| &opened.segment));
        for SplitRow { trace, split_with, .. } in &opened.split {
            split_with.iter().for_each(|older| in_older.entry(*older).or_default().push(*trace));
        }
    }
    let marked = parallel::map(segments, |Opened { segment, .. }| {
        let inside = in_older.range(segment.id()..=segment.extent.last_receipt);
        let mut traces: Vec<TraceId> = inside.flat_map(|(_, traces)| traces).copied().collect();
        traces.sort_unstable();
        traces.dedup();
        let found = segment.find(&traces).map_err(StoreError::unreadable(segment.receipts()))?;
        segment.mark_split(found.into_iter().map(|(row, index)| (row, traces[index])));
        Ok(())
    });
    marked.into_iter().collect()
}
