//! Lists of traces: the best of those that fit, exactly.
//!
//! Most traces lie in one place, and their row there says everything about them: each place is asked for
//! its best few. The others are summed over the places that share them first, and only then judged.

mod best;
mod bits;
mod condition;
mod judge;
mod sealed;

use std::collections::BTreeSet;
use std::sync::Arc;

use coral_trace::{Collector, TimeRange, TraceId, UnixNanos};
use hashbrown::{HashMap, HashSet};

use self::best::{Best, Candidate, Place};
use self::condition::Conditions;
use self::judge::Judge;
use self::sealed::{SealedTraces, SplitTraces};
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::hot::generation::{Generation, HotTrace, Rows};
use crate::hot::live::Live;
use crate::hot::part::TracePart;
use crate::segment::Segment;

/// Which traces to list. All conditions hold; an empty or `None` one always does.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceQuery {
    /// The trace started in this range: half-open, compared in whole microseconds.
    pub started: TimeRange,
    /// It has a span of one of these services.
    pub services: Vec<String>,
    /// Only spans of this collector count, for every condition and every figure.
    pub collector: Option<Collector>,
    /// Its first span's start and its last span's end are at least this far apart, in microseconds.
    pub min_duration_us: Option<i64>,
    /// It has a span whose status is an error (`true`), or none (`false`).
    pub failed: Option<bool>,
    /// It has a span (of one of `services`) with this name, and with all `attributes` on that span or its resource.
    pub name: Option<String>,
    /// See `name`. Values are compared as text.
    pub attributes: Vec<(String, String)>,
    /// Which come first, and so which the limit leaves.
    pub order: Order,
    /// At most this many.
    pub limit: u32,
}

/// Which traces come first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Latest start first.
    #[default]
    Newest,
    /// Longest first; of equals the newest.
    Slowest,
}

/// One trace of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Start of its first span, in whole microseconds.
    pub start: UnixNanos,
    /// To the end of its last span, microseconds.
    pub duration_us: i64,
    /// Spans stored.
    pub spans: u64,
    /// Spans whose status is an error.
    pub errors: u64,
    /// Services with a span in it, by name.
    pub services: Vec<String>,
    /// The service of the earliest span without a parent; `None` when none was received.
    pub root_service: Option<String>,
    /// That span's name, or the earliest span's when there is none.
    pub root_name: String,
    /// The response status of the same span.
    pub status_code: Option<u16>,
}

impl TraceQuery {
    /// More attribute conditions than this are refused before they come here.
    pub const MAX_ATTRIBUTES: usize = 4;

    /// All traces, newest first.
    pub fn newest(limit: u32) -> Self {
        Self {
            started: TimeRange::ALL,
            services: Vec::new(),
            collector: None,
            min_duration_us: None,
            failed: None,
            name: None,
            attributes: Vec::new(),
            order: Order::Newest,
            limit,
        }
    }
}

/// See [`Store::search`](crate::Store::search).
pub(crate) fn search(live: &Live, query: &TraceQuery) -> Result<Vec<TraceSummary>, StoreError> {
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    // A service's bit may be another's: then some of the best are none, and more are needed.
    let mut keep = query.limit as usize;
    loop {
        let found = live.reading(|| best(live, query, keep))?;
        if found.traces.len() >= query.limit as usize || !found.cut_short {
            return Ok(found.traces);
        }
        keep *= 4;
    }
}

/// What one pass found.
struct Found {
    traces: Vec<TraceSummary>,
    /// There were more candidates than it kept.
    cut_short: bool,
}

/// What hot rows say, as of one moment.
struct HotView {
    segments: Arc<Vec<Arc<Segment>>>,
    /// Traces that segments have too: what hot rows add, and whether a span there fits the conditions.
    split: HashMap<TraceId, (Arc<TracePart>, bool)>,
    /// Those segments.
    split_with: BTreeSet<u64>,
}

fn best(live: &Live, query: &TraceQuery, keep: usize) -> Result<Found, StoreError> {
    let judge = Judge::of(query);
    let conditions = Conditions::of(query);
    let mut best = Best::new(query.order, keep);
    let hot = hot_view(live, &judge, conditions.as_ref(), &mut best)?;
    let mut pieces = SplitTraces::new(hot.split);
    let mut linked = hot.split_with;
    let mut looked_at = BTreeSet::new();
    // The newest first: then what older ones have is not new enough, mostly.
    for segment in hot.segments.iter().rev() {
        if judge.may_start_in(&segment.extent) && best.may_want(&segment.extent) {
            let mut read = || {
                let rows = SealedTraces::read(segment, conditions.as_ref())?;
                rows.whole(&judge, &mut best)?;
                rows.split(&judge, &mut pieces)
            };
            read().map_err(StoreError::unreadable(segment.id()))?;
            best.cut();
            looked_at.insert(segment.id());
            linked.extend(segment.split_with());
        }
    }
    let rest = |segment: &&Arc<Segment>| {
        linked.contains(&segment.id()) && !looked_at.contains(&segment.id())
    };
    for segment in hot.segments.iter().filter(rest) {
        SealedTraces::read(segment, conditions.as_ref())
            .and_then(|rows| rows.split(&judge, &mut pieces))
            .map_err(StoreError::unreadable(segment.id()))?;
    }
    best.extend(pieces.candidates(&judge, conditions.is_some()));
    let cut_short = best.is_cut_short();
    let traces = best::read(best, &hot.segments, query)?;
    Ok(Found { traces, cut_short })
}

/// Adds the best of the traces that no segment has, and says what there is of the others.
fn hot_view(
    live: &Live,
    judge: &Judge,
    conditions: Option<&Conditions>,
    best: &mut Best,
) -> Result<HotView, StoreError> {
    let fitting = conditions.map(|conditions| hot_traces_that_fit(live, conditions)).transpose()?;
    let fits = |trace: TraceId| fitting.as_ref().is_none_or(|traces| traces.contains(&trace));
    let state = live.read();
    let mut view = HotView {
        segments: state.segments.clone(),
        split: HashMap::new(),
        split_with: BTreeSet::new(),
    };
    let places: Vec<&Generation> = state.generations().collect();
    for (at, generation) in places.iter().enumerate() {
        for trace in generation.traces.keys() {
            let later = &places[at + 1..];
            if later.iter().any(|later| later.traces.contains_key(trace)) {
                continue;
            }
            let parts = places[..=at].iter().filter_map(|place| place.traces.get(trace));
            view.add(judge, best, *trace, parts, fits(*trace));
        }
    }
    Ok(view)
}

/// Traces with a hot row that fits. Rows are looked at while commits go on: a trace that is sealed meanwhile is found in
/// its segment, and a span that comes meanwhile is not looked at.
fn hot_traces_that_fit(
    live: &Live,
    conditions: &Conditions,
) -> Result<HashSet<TraceId>, StoreError> {
    let rows: Vec<Rows> = live.read().generations().map(Generation::all).collect();
    let mut fitting = HashSet::new();
    for rows in rows {
        conditions.hot_traces(&rows, &mut fitting)?;
    }
    Ok(fitting)
}

impl HotView {
    fn add<'a>(
        &mut self,
        judge: &Judge,
        best: &mut Best,
        trace: TraceId,
        places: impl Iterator<Item = &'a HotTrace> + Clone,
        fits: bool,
    ) {
        let parts = || places.clone().flat_map(|hot| hot.parts(judge.collector));
        let mut digest = TraceDigest::NOTHING;
        parts().for_each(|hot| digest.add(&hot.digest));
        let in_segments =
            |id: &u64| self.segments.binary_search_by_key(id, |segment| segment.id()).is_ok();
        let older: Vec<u64> =
            places.clone().flat_map(|hot| &hot.split_with).copied().filter(in_segments).collect();
        let (first, last) = (digest.first_start, digest.last_end);
        if older.is_empty() && !(fits && judge.may_accept(&digest) && best.wants(first, last)) {
            return;
        }
        let Some(part) = sum(parts().map(|hot| &hot.part)) else { return };
        if !older.is_empty() {
            self.split.insert(trace, (part, fits));
            self.split_with.extend(older);
        } else if judge.has_service(&part) {
            best.push(Candidate::of(first, last, Place::Hot(trace, part)));
        }
    }
}

/// The sum of parts; shared when there is one.
fn sum<'a>(mut parts: impl Iterator<Item = &'a Arc<TracePart>>) -> Option<Arc<TracePart>> {
    let mut sum = parts.next()?.clone();
    for part in parts {
        Arc::make_mut(&mut sum).merge(part);
    }
    Some(sum)
}
