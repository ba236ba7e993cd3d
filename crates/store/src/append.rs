//! Storing spans: one commit, each span once.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use coral_trace::{Origin, Span, TraceId, UnixNanos};

use crate::batch::{Delivery, SpanBatch};
use crate::checkpoint::Checkpoint;
use crate::commit::{Commit, Record};
use crate::error::StoreError;
use crate::generation::{Arrival, Generation};
use crate::seen::{self, Key};
use crate::segment::Segment;
use crate::store::{Inner, Store};
use crate::writer::{Attempt, Writer};

/// What became of one group of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Appended {
    /// Spans that were not stored before.
    pub new: u64,
    /// Spans that were, or that stood twice in what was appended; left as they were.
    pub duplicate: u64,
}

/// When sealing fails, this many times the usual number of hot rows are taken before spans are refused.
const MOST_UNSEALED: u64 = 4;

impl Store {
    /// Stores `groups` in one commit, received at `received`, and says of each what became of it. A
    /// span is known by (trace id, span id); one that is stored already is left as it is.
    ///
    /// When this returns `Ok`, a `kill -9` cannot undo it, nor a power loss. RFD 036's `StoreTrace`.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, and the same call may succeed later.
    pub fn append(
        &self,
        groups: &[Vec<Span>],
        received: UnixNanos,
    ) -> Result<Vec<Appended>, StoreError> {
        self.0.commit(groups, "", received, None)
    }

    /// Stores one page of an agent's spans and how far that agent's stream is stored now, in one
    /// commit: after a crash both are there or neither. RFD 036's `InsertBeylaTraces`.
    ///
    /// `checkpoint.spans_stored` is raised here by what was new.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_page(
        &self,
        spans: Vec<Span>,
        received: UnixNanos,
        checkpoint: &mut Checkpoint,
    ) -> Result<Appended, StoreError> {
        let stored = self.0.commit(&[spans], &checkpoint.agent_id, received, Some(checkpoint))?;
        let appended = stored.into_iter().next().unwrap_or_default();
        checkpoint.spans_stored += appended.new;
        Ok(appended)
    }
}

impl Inner {
    /// Stores `groups` of `agent_id`, received at `received`, each span once, and `checkpoint` with them.
    pub(crate) fn commit(
        &self,
        groups: &[Vec<Span>],
        agent_id: &str,
        received: UnixNanos,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Vec<Appended>, StoreError> {
        let mut writer = self.writer();
        self.check_room()?;
        writer.mend(&self.live)?;
        let sealed = self.sealed_before(groups)?;
        writer.seen.extend(&sealed.keys);
        let mut attempt = Attempt::begin(&mut writer);
        let mut fresh: Vec<&Span> = Vec::new();
        let mut appended = Vec::with_capacity(groups.len());
        for group in groups {
            let before = fresh.len();
            fresh.extend(group.iter().filter(|span| attempt.is_new(span)));
            let new = (fresh.len() - before) as u64;
            appended.push(Appended { new, duplicate: group.len() as u64 - new });
        }
        if fresh.is_empty() && checkpoint.is_none() {
            return Ok(appended);
        }
        let by = Delivery { agent_id, received };
        self.write(attempt, &fresh, by, checkpoint, sealed)?;
        Ok(appended)
    }

    /// Refuses when rows cannot be sealed: they would fill the memory.
    fn check_room(&self) -> Result<(), StoreError> {
        let hot_rows = self.live.read().hot_rows();
        if hot_rows > MOST_UNSEALED * self.config.segment_rows.max(65_536) {
            return Err(StoreError::CannotSeal { hot_rows });
        }
        Ok(())
    }

    fn sealed_before(&self, groups: &[Vec<Span>]) -> Result<Sealed, StoreError> {
        let spans: Vec<&Span> = groups.iter().flatten().collect();
        self.live.reading(|| {
            let state = self.live.read();
            let (segments, sealing) = (state.segments.clone(), state.sealing.clone());
            let new = traces_not_in(&state.hot, &spans);
            drop(state);
            sealed(&segments, &sealing, &new)
        })
    }

    /// One commit: the journal first, then memory. Whatever takes time or may fail comes before the journal; after it
    /// nothing does but moving pointers and summing up.
    fn write(
        &self,
        attempt: Attempt<'_>,
        spans: &[&Span],
        by: Delivery<'_>,
        checkpoint: Option<&Checkpoint>,
        sealed: Sealed,
    ) -> Result<(), StoreError> {
        let state = self.live.read();
        let (first_row, tail) = (state.hot.rows(), state.hot.tail());
        drop(state);
        let writer = &mut *attempt.writer;
        let (rows, mut arrival) = writer.rows(spans, by, first_row);
        sealed.segments.into_iter().for_each(|(trace, older)| arrival.continues(trace, older));
        let commit = Commit { record: writer.record(checkpoint, spans.len()), rows };
        let joined = commit.rows.as_ref().map(|rows| tail.join(rows));
        writer.write(&commit)?;
        writer.next_receipt += spans.len() as u64;
        attempt.done();
        let mut state = self.live.write();
        state.places.take(&commit.record);
        state.hot.add_origins(&commit.record.origins);
        if let Some(joined) = joined {
            state.hot.push(joined, arrival, self.live.ages.received(by.received));
        }
        Ok(())
    }
}

/// What is sealed of some traces.
#[derive(Default)]
pub(crate) struct Sealed {
    /// Which of their spans.
    pub(crate) keys: Vec<Key>,
    /// Which segments have any, also the one that is being written.
    pub(crate) segments: BTreeMap<TraceId, Vec<u64>>,
}

/// What is sealed of the traces of `spans` that `hot` has not heard of: asked once a trace and generation.
pub(crate) fn sealed_before(
    segments: &[Arc<Segment>],
    sealing: &[Arc<Generation>],
    hot: &Generation,
    spans: &[&Span],
) -> Result<Sealed, StoreError> {
    sealed(segments, sealing, &traces_not_in(hot, spans))
}

/// In order, each once.
fn traces_not_in(hot: &Generation, spans: &[&Span]) -> Vec<TraceId> {
    let mut traces: Vec<TraceId> = spans.iter().map(|span| span.trace_id).collect();
    traces.dedup();
    traces.retain(|trace| !hot.traces.contains_key(trace));
    traces.sort_unstable();
    traces.dedup();
    traces
}

fn sealed(
    segments: &[Arc<Segment>],
    sealing: &[Arc<Generation>],
    traces: &[TraceId],
) -> Result<Sealed, StoreError> {
    let mut sealed = Sealed::default();
    for segment in segments {
        let maybe: Vec<TraceId> =
            traces.iter().copied().filter(|trace| segment.may_contain(*trace)).collect();
        if !maybe.is_empty() {
            in_segment(segment, &maybe, &mut sealed)
                .map_err(StoreError::unreadable(segment.id()))?;
        }
    }
    // Their keys are known: `Seen` keeps them until they are sealed.
    for generation in sealing {
        for trace in traces.iter().filter(|trace| generation.traces.contains_key(*trace)) {
            sealed.segments.entry(*trace).or_default().push(generation.first_receipt);
        }
    }
    link(segments, &sealed);
    Ok(sealed)
}

/// Adds what `segment` has of `traces`, and marks there that they go on elsewhere.
fn in_segment(
    segment: &Segment,
    traces: &[TraceId],
    sealed: &mut Sealed,
) -> Result<(), StoreError> {
    let found = segment.find(traces)?;
    let trace_rows: Vec<u32> = found.iter().map(|(row, _)| *row).collect();
    let mut rows = Vec::new();
    let details = segment.details(&trace_rows)?;
    let ids = details.iter().map(|(trace, _)| *trace);
    segment.mark_split(trace_rows.iter().copied().zip(ids));
    for (trace, detail) in details {
        let older = sealed.segments.entry(trace).or_default();
        if older.last() != Some(&segment.id()) {
            older.push(segment.id());
        }
        rows.extend(detail.rows);
    }
    rows.sort_unstable();
    for batch in segment.spans_at(&rows, Some(&["trace_id", "span_id"]))? {
        let traces = batch.column(0).as_fixed_size_binary();
        let spans = batch.column(1).as_primitive::<UInt64Type>();
        for (trace, span) in traces.iter().flatten().zip(spans.values()) {
            sealed.keys.push(seen::join(crate::row::trace_id(trace)?.as_u128(), *span));
        }
    }
    Ok(())
}

/// Tells segments of one trace about each other.
fn link(segments: &[Arc<Segment>], sealed: &Sealed) {
    for older in sealed.segments.values().filter(|older| older.len() > 1) {
        for segment in segments.iter().filter(|segment| older.contains(&segment.id())) {
            older.iter().for_each(|other| segment.link(*other));
        }
    }
}

impl Writer {
    fn rows(
        &mut self,
        spans: &[&Span],
        by: Delivery<'_>,
        first_row: u32,
    ) -> (Option<RecordBatch>, Arrival) {
        let mut batch = SpanBatch::with_capacity(spans.len());
        let mut arrival = Arrival::default();
        let mut last: Option<(&Arc<Origin>, u32)> = None;
        for (row, span) in spans.iter().enumerate() {
            // Siblings share their origin: compare the pointer before the content.
            let origin_id = match last {
                Some((origin, number)) if Arc::ptr_eq(origin, &span.origin) => number,
                _ => self.origins.number(&span.origin),
            };
            last = Some((&span.origin, origin_id));
            batch.push(span, self.next_receipt + row as u64, origin_id, by);
            arrival.add(span, first_row + row as u32);
        }
        arrival.has_misplaced = batch.has_misplaced;
        ((!spans.is_empty()).then(|| batch.finish()), arrival)
    }

    fn record(&self, checkpoint: Option<&Checkpoint>, new: usize) -> Record {
        let checkpoint = checkpoint.map(|checkpoint| Checkpoint {
            spans_stored: checkpoint.spans_stored + new as u64,
            ..checkpoint.clone()
        });
        let (first_origin, origins) = self.origins.unwritten();
        Record {
            first_origin,
            origins: origins.to_vec(),
            checkpoints: checkpoint.into_iter().collect(),
            ..Record::default()
        }
    }
}
