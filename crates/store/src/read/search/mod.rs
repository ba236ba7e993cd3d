//! Trace search: the best of the traces that match, exactly.
//!
//! Most traces lie in one place, and their row there has all that a search tests: each place
//! returns its best few. Split traces are summed over their places first, and tested afterwards.

mod attribute;
mod best;
mod bits;
mod condition;
mod evaluate;
mod histogram;
mod judge;
pub(crate) mod plan;
pub(crate) mod query;
mod sealed;

use std::collections::BTreeSet;
use std::sync::Arc;

use coral_engine::{Budget, TraceSummary};
use coral_trace::TraceId;
use hashbrown::{HashMap, HashSet};

use self::best::{Best, Candidate, Key, Place};
use self::condition::Conditions;
use self::evaluate::Evaluation;
pub(crate) use self::histogram::histogram;
use self::judge::{Judge, ServiceBits};
use self::plan::Plan;
use self::sealed::{SealedTraces, SplitTraces};
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::hot::generation::{Generation, HotTrace, Rows};
use crate::hot::live::Live;
use crate::hot::part::TracePart;
use crate::segment::Segment;

/// The least number of candidates in the first round of a search with a filter, which reads their
/// spans. Each further round has four times as many as the round before, up to [`MAX_CANDIDATES`].
/// Small in tests, so that tests have several rounds.
const FIRST_CANDIDATES: usize = if cfg!(test) { 2 } else { 128 };
const MAX_CANDIDATES: usize = 8_192;

/// See [`TraceReader::search`](coral_engine::TraceReader::search).
pub(crate) fn search(
    live: &Live,
    plan: &Plan<'_>,
    budget: &Budget,
) -> Result<Vec<TraceSummary>, StoreError> {
    let limit = plan.indexed.limit as usize;
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut keep = if plan.filter.is_some() { limit.max(FIRST_CANDIDATES) } else { limit };
    let order = plan.indexed.order;
    let mut below = plan.indexed.after.map(|after| best::above(order, &after));
    let mut matching = Vec::new();
    loop {
        let mut found = live.reading(|| best(live, plan, keep, below, budget))?;
        // A span that was stored between two rounds may have changed the rank of its trace, so
        // that the trace is found again.
        let known: HashSet<TraceId> =
            matching.iter().map(|trace: &TraceSummary| trace.trace_id).collect();
        found.traces.retain(|trace| !known.contains(&trace.trace_id));
        match plan.filter {
            Some(filter) => {
                let evaluation =
                    Evaluation { live, filter, collector: plan.indexed.collector, budget };
                evaluation.add_matching(found.traces, limit, &mut matching)?;
            }
            None => matching.extend(found.traces),
        }
        // Some of the best candidates may not match, because services share bits and because a
        // filter was not tested. Then the next candidates are needed.
        if matching.len() >= limit || found.bar.is_none() {
            matching.truncate(limit);
            return Ok(matching);
        }
        below = found.bar;
        keep = (keep * 4).min(MAX_CANDIDATES.max(limit));
    }
}

/// The result of one round.
struct Found {
    /// Traces in order.
    traces: Vec<TraceSummary>,
    /// `Some` if candidates were dropped: every candidate with this key or a better one was kept.
    bar: Option<Key>,
}

/// The hot rows at one moment.
struct HotView {
    segments: Arc<Vec<Arc<Segment>>>,
    /// The services of the search.
    services: ServiceBits,
    /// Traces that segments have too: their hot part, and whether a hot span meets the conditions.
    split: HashMap<TraceId, (Arc<TracePart>, bool)>,
    /// The segments that have spans of the traces in `split`.
    split_with: BTreeSet<u64>,
}

/// The best `keep` traces that meet the conditions and rank below `below`.
fn best(
    live: &Live,
    plan: &Plan<'_>,
    keep: usize,
    below: Option<Key>,
    budget: &Budget,
) -> Result<Found, StoreError> {
    let judge = Judge::of(&plan.indexed);
    let mut best = Best::new(plan.indexed.order, keep, below);
    let cut = &mut |best: &mut Best, _: &[Arc<Segment>]| {
        best.cut();
        Ok(())
    };
    let segments = each_place(live, plan, &judge, &mut best, budget, cut)?;
    let bar = best.bar();
    let traces = best::read(best, &segments, &judge, plan.indexed.after, budget)?;
    Ok(Found { traces, bar })
}

/// What is done with the candidates after each place.
type AfterPlace<'a> = dyn FnMut(&mut Best, &[Arc<Segment>]) -> Result<(), StoreError> + 'a;

/// Adds the candidates of hot rows, of each segment, and then the split traces to `best`, and calls
/// `after` whenever it did. Returns the segments, whose rows the candidates name.
fn each_place(
    live: &Live,
    plan: &Plan<'_>,
    judge: &Judge,
    best: &mut Best,
    budget: &Budget,
    after: &mut AfterPlace<'_>,
) -> Result<Arc<Vec<Arc<Segment>>>, StoreError> {
    budget.check()?;
    let conditions = Conditions::of(plan);
    let mut hot = hot_view(live, judge, conditions.as_ref(), best, budget)?;
    after(best, &hot.segments)?;
    let mut pieces = SplitTraces::new(judge, std::mem::take(&mut hot.split));
    let mut linked = std::mem::take(&mut hot.split_with);
    let mut looked_at = BTreeSet::new();
    // Newest segments first, because older segments then rarely have traces that are new enough.
    for segment in hot.segments.iter().rev() {
        budget.check()?;
        let has_service = !judge.bits_in(segment).are_nowhere();
        // A trace that begins here may have a span of the service in another segment.
        let is_linked = || {
            let others = segment.split_with();
            others
                .iter()
                .any(|id| hot.segment(*id).is_some_and(|other| !judge.bits_in(other).are_nowhere()))
        };
        let may_match = judge.may_start_in(&segment.extent)
            && best.may_want(&segment.extent)
            && (has_service || is_linked());
        if may_match {
            let mut read = || {
                let rows = SealedTraces::read(segment, judge, conditions.as_ref(), budget)?;
                if has_service {
                    rows.whole(judge, best)?;
                }
                rows.split(judge, &mut pieces, false)
            };
            read().map_err(StoreError::unreadable(segment.receipts()))?;
            after(best, &hot.segments)?;
            looked_at.insert(segment.id());
            linked.extend(segment.split_with());
        }
    }
    let rest =
        |segment: &&Arc<Segment>| segment.is_one_of(&linked) && !looked_at.contains(&segment.id());
    // The other parts of the traces that were found so far: no other trace can match.
    for segment in hot.segments.iter().filter(rest) {
        SealedTraces::read(segment, judge, conditions.as_ref(), budget)
            .and_then(|rows| rows.split(judge, &mut pieces, true))
            .map_err(StoreError::unreadable(segment.receipts()))?;
    }
    best.extend(pieces.candidates(judge, conditions.is_some()));
    after(best, &hot.segments)?;
    Ok(hot.segments)
}

/// Adds the best of the traces that are only in hot rows, and returns the hot parts of the others.
fn hot_view(
    live: &Live,
    judge: &Judge,
    conditions: Option<&Conditions>,
    best: &mut Best,
    budget: &Budget,
) -> Result<HotView, StoreError> {
    let fitting =
        conditions.map(|conditions| hot_traces_that_fit(live, conditions, budget)).transpose()?;
    let fits = |trace: TraceId| fitting.as_ref().is_none_or(|traces| traces.contains(&trace));
    let state = live.read();
    let mut view = HotView {
        segments: state.segments.clone(),
        services: judge.hot_bits(),
        split: HashMap::new(),
        split_with: BTreeSet::new(),
    };
    let places: Vec<&Generation> = state.generations().collect();
    budget.count_rows(places.iter().map(|place| place.traces.len() as u64).sum())?;
    let mut pace = budget.pace();
    for (at, generation) in places.iter().enumerate() {
        for trace in generation.traces.keys() {
            pace.step()?;
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

/// Traces with a hot row that meets the conditions. Commits are not blocked: a trace that is
/// sealed meanwhile is found in its segment, and spans that arrive meanwhile are not tested.
fn hot_traces_that_fit(
    live: &Live,
    conditions: &Conditions,
    budget: &Budget,
) -> Result<HashSet<TraceId>, StoreError> {
    let rows: Vec<Rows> = live.read().generations().map(Generation::all).collect();
    let mut fitting = HashSet::new();
    for rows in rows {
        conditions.hot_traces(&rows, budget, &mut fitting)?;
    }
    Ok(fitting)
}

impl HotView {
    /// The segment with this number, or into which it was merged.
    fn segment(&self, id: u64) -> Option<&Arc<Segment>> {
        let after = self.segments.partition_point(|segment| segment.id() <= id);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        (id <= segment.extent.last_receipt).then_some(segment)
    }

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
        let in_segments = |id: &u64| self.segment(*id).is_some();
        let older: Vec<u64> =
            places.clone().flat_map(|hot| &hot.split_with).copied().filter(in_segments).collect();
        let (first, last) = (digest.first_start, digest.last_end);
        let may_accept = judge.may_accept(&digest) && self.services.may_be_in(digest.service_bits);
        if older.is_empty() && !(fits && may_accept && best.wants(first, last)) {
            return;
        }
        let Some(part) = sum(parts().map(|hot| &hot.part)) else { return };
        if !older.is_empty() {
            let may_have_service =
                |id: &u64| self.segment(*id).is_some_and(|of| !judge.bits_in(of).are_nowhere());
            if judge.has_service(&part) || older.iter().any(may_have_service) {
                self.split.insert(trace, (part, fits));
                self.split_with.extend(older);
            }
        } else if judge.has_service(&part) {
            best.push(Candidate::of(&digest, Place::Hot(trace, part)));
        }
    }
}

/// The sum of parts; a single part is shared and not copied.
fn sum<'a>(mut parts: impl Iterator<Item = &'a Arc<TracePart>>) -> Option<Arc<TracePart>> {
    let mut sum = parts.next()?.clone();
    for part in parts {
        Arc::make_mut(&mut sum).merge(part);
    }
    Some(sum)
}
