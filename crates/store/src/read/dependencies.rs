//! The service map of all spans of the traces that started in a period.
//!
//! Most traces lie entirely in one segment, which has the sums of their calls by minute; see
//! [`crate::calls`]. Traces of a minute that the window cuts are read by columns, and only the columns
//! that describe calls. Spans of split traces, and hot rows, are held in memory and joined by trace id
//! at the end. If they are too many, traces are divided by their ids and read in several passes.

mod carried;
mod part;
mod sealed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use coral_engine::Budget;
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, TimeRange, TraceId};

use self::part::Part;
use crate::error::StoreError;
use crate::hot::generation::{Generation, Rows};
use crate::hot::live::Live;
use crate::parallel;
use crate::segment::Segment;

/// The traces of the map: those that started in `[since, until)`, in microseconds since the Unix
/// epoch. All their spans count that `collector` observed (that any collector observed if `None`).
#[derive(Clone, Copy)]
struct Window {
    since: i64,
    until: i64,
    collector: Option<Collector>,
}

/// The split traces of one pass: those whose id modulo `of` is `part`.
#[derive(Clone, Copy)]
struct Pass {
    part: u128,
    of: u128,
}

/// Approximate limit of the spans held in memory in one pass; a span takes 80 bytes.
const MAX_CARRIED: u64 = 2_000_000;
/// The most parts of a map that are in memory at a time: one for each thread that reads.
const MAX_PARTS: usize = 4;

/// Segments and hot rows at one moment.
struct View {
    hot: Vec<RecordBatch>,
    /// Segments with traces that may have started in the window.
    segments: Vec<MarkedSegment>,
    /// Segments outside the window that have spans of traces in `segments` or in hot rows.
    linked: Vec<MarkedSegment>,
}

/// A segment with the marks that it had when the view was made, or when the first pass read it. Every
/// later pass uses these marks, so that a trace which becomes split during the read is added once.
struct MarkedSegment {
    segment: Arc<Segment>,
    /// Rows whose trace is split.
    split: Arc<BTreeMap<u32, TraceId>>,
}

/// See [`Store::dependencies`](crate::Store::dependencies).
pub(crate) fn dependencies(
    live: &Live,
    started: TimeRange,
    collector: Option<Collector>,
    budget: &Budget,
) -> Result<Dependencies, StoreError> {
    budget.check()?;
    let (since, until) = (started.start.as_micros(), started.end.as_micros());
    let window = Window { since, until, collector };
    let mut view = view(live, window);
    let mut map = Dependencies::default();
    let of = u128::from(view.carried().div_ceil(MAX_CARRIED).max(1));
    for part in 0..of {
        map = view.read(window, Pass { part, of }, map, budget)?;
    }
    Ok(map)
}

fn view(live: &Live, window: Window) -> View {
    let state = live.read();
    let hot: Vec<Rows> = state.generations().map(Generation::all).collect();
    let hot_traces = state.generations().flat_map(|generation| generation.traces.values());
    let mut linked: BTreeSet<u64> =
        hot_traces.flat_map(|trace| trace.split_with.iter().copied()).collect();
    let marked = |segment: &Arc<Segment>| MarkedSegment {
        segment: segment.clone(),
        split: segment.split_rows(),
    };
    let all: Vec<MarkedSegment> = state.segments.iter().map(marked).collect();
    drop(state);
    let hot = hot.iter().flat_map(Rows::batches).collect();
    let inside = |of: &MarkedSegment| {
        let extent = &of.segment.extent;
        extent.last_start >= window.since && extent.first_start < window.until
    };
    let (segments, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(inside);
    segments.iter().for_each(|of| linked.extend(of.segment.split_with()));
    others.retain(|of| of.segment.is_one_of(&linked));
    View { hot, linked: others, segments }
}

impl View {
    /// Approximate number of spans that are hot rows or belong to split traces.
    fn carried(&self) -> u64 {
        let hot: u64 = self.hot.iter().map(|batch| batch.num_rows() as u64).sum();
        let split = |of: &MarkedSegment| {
            let segment = &of.segment;
            let each = segment.spans().div_ceil(u64::from(segment.extent.traces).max(1));
            each * of.split.len() as u64
        };
        hot + self.segments.iter().chain(&self.linked).map(split).sum::<u64>()
    }

    /// Adds the split traces of one pass to `map`. The first pass also adds all other traces.
    fn read(
        &mut self,
        window: Window,
        pass: Pass,
        map: Dependencies,
        budget: &Budget,
    ) -> Result<Dependencies, StoreError> {
        let mut all = self.read_segments(window, pass, map, budget)?;
        for batch in &self.hot {
            budget.count_rows(batch.num_rows() as u64)?;
            budget.check()?;
            all.carried.add_hot(batch, window, pass, &mut all.reader)?;
        }
        all.carried.add_to(window, &mut all.reader, budget)?;
        Ok(all.reader.into_map())
    }

    /// Adds the segments in one pass, on all cores, each of which reads every so-many-th segment.
    fn read_segments(
        &mut self,
        window: Window,
        pass: Pass,
        map: Dependencies,
        budget: &Budget,
    ) -> Result<Part, StoreError> {
        let inside = self.segments.len();
        let mut marked: Vec<&mut MarkedSegment> =
            self.segments.iter_mut().chain(&mut self.linked).collect();
        let threads = parallel::cores().min(MAX_PARTS);
        let shares: Vec<usize> = (0..threads.min(marked.len())).collect();
        let read = parallel::map(&shares, |share| {
            let (mut part, mut split) = (Part::default(), Vec::new());
            for at in (*share..marked.len()).step_by(threads) {
                let of = &*marked[at];
                let whole = pass.part == 0 && at < inside;
                let read = sealed::Read { segment: &of.segment, window, pass, budget };
                let rows = read.add_to(&mut part, of, whole);
                split.push((at, rows.map_err(StoreError::unreadable(of.segment.receipts()))?));
            }
            // The parts are added up on one core.
            part.reader.map.settle();
            Ok::<_, StoreError>((part, split))
        });
        let mut all = Part::default();
        all.reader.map = map;
        for read in read {
            let (part, split) = read?;
            all.absorb(part, budget)?;
            split.into_iter().for_each(|(at, rows)| marked[at].split = rows);
        }
        Ok(all)
    }
}

impl Window {
    fn holds(&self, start: i64) -> bool {
        start >= self.since && start < self.until
    }

    fn counts(&self, collector: Collector) -> bool {
        self.collector.is_none_or(|wanted| wanted == collector)
    }
}

impl Pass {
    fn has(&self, trace: u128) -> bool {
        self.of == 1 || trace % self.of == self.part
    }
}
