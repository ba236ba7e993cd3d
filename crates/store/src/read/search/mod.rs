//! Trace search: the best of the traces that match, exactly.
//!
//! Most traces lie in one place, and their row there has all that a search tests: each place
//! returns its best few. Split traces are summed over their places first, and tested afterwards.

mod attribute;
mod best;
mod bits;
mod condition;
mod details;
mod evaluate;
mod histogram;
mod judge;
pub(crate) mod plan;
pub(crate) mod query;
mod sealed;
mod segments;

use std::collections::BTreeSet;
use std::sync::Arc;

use coral_engine::{Budget, TraceSummary};
use coral_trace::TraceId;
use hashbrown::{HashMap, HashSet};

use self::best::{Best, Candidate, Key, Place};
use self::condition::Conditions;
use self::details::Details;
use self::evaluate::Evaluation;
pub(crate) use self::histogram::histogram;
use self::judge::{Judge, ServiceBits};
use self::plan::Plan;
use self::query::IndexedQuery;
use self::sealed::SplitTraces;
use self::segments::{SegmentSearch, SegmentsFound};
use crate::error::StoreError;
use crate::hot::digest::TraceDigest;
use crate::hot::generation::{Generation, HotTrace, Rows};
use crate::hot::live::Live;
use crate::hot::part::TracePart;
use crate::parallel;
use crate::segment::{Segment, numbered};

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

/// [`search`] for each of `plans`; nothing is found for `None`. The summaries of all are read together,
/// because a page of a traces file often has some of several searches.
pub(crate) fn search_each(
    live: &Live,
    plans: &[Option<Plan<'_>>],
    budget: &Budget,
) -> Result<Vec<Vec<TraceSummary>>, StoreError> {
    let together = |plan: &&Plan<'_>| plan.is_exact() && plan.indexed.limit > 0;
    let exact: Vec<&Plan<'_>> = plans.iter().flatten().filter(together).collect();
    let mut found = live.reading(|| first_rounds(live, &exact, budget))?.into_iter();
    let each = plans.iter().map(|plan| {
        let Some(plan) = plan else { return Ok(Vec::new()) };
        let first = if together(&plan) { found.next() } else { None };
        let limit = plan.indexed.limit as usize;
        match first {
            // As in a search alone.
            Some(Found { mut traces, bar }) if traces.len() >= limit || bar.is_none() => {
                traces.truncate(limit);
                Ok(traces)
            }
            _ => search(live, plan, budget),
        }
    });
    each.collect()
}

/// The first round of each of `plans`, which have no filter.
fn first_rounds(
    live: &Live,
    plans: &[&Plan<'_>],
    budget: &Budget,
) -> Result<Vec<Found>, StoreError> {
    let of = |plan: &&Plan<'_>| {
        let IndexedQuery { order, after, limit, .. } = plan.indexed;
        let below = after.map(|after| best::above(order, &after));
        Candidates::of(live, plan, limit as usize, below, budget)
    };
    let candidates: Vec<Candidates> =
        parallel::map(plans, of).into_iter().collect::<Result<_, _>>()?;
    let mut found = Vec::with_capacity(plans.len());
    // Searches before and after a seal see other segments.
    let same_view =
        |one: &Candidates, next: &Candidates| Arc::ptr_eq(&one.segments, &next.segments);
    let mut plans = plans.iter();
    for together in candidates.chunk_by(same_view) {
        let all = together.iter().flat_map(|of| of.best.candidates());
        let rows = Details::read(all, &together[0].segments, budget)?;
        let of_view = together.iter().zip(plans.by_ref());
        found.extend(of_view.map(|(of, plan)| of.found(plan, &rows)));
    }
    Ok(found)
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
    let candidates = Candidates::of(live, plan, keep, below, budget)?;
    let rows = Details::read(candidates.best.candidates().iter(), &candidates.segments, budget)?;
    Ok(candidates.found(plan, &rows))
}

/// The best candidates of one search, whose summaries are yet to be read.
struct Candidates {
    judge: Judge,
    best: Best,
    /// `Some` if candidates were dropped.
    bar: Option<Key>,
    /// The segments whose rows the candidates name.
    segments: Arc<Vec<Arc<Segment>>>,
}

impl Candidates {
    fn of(
        live: &Live,
        plan: &Plan<'_>,
        keep: usize,
        below: Option<Key>,
        budget: &Budget,
    ) -> Result<Self, StoreError> {
        let judge = Judge::of(&plan.indexed);
        let mut best = Best::new(plan.indexed.order, keep, below);
        let cut = &mut |best: &mut Best, _: &[Arc<Segment>]| {
            best.cut();
            Ok(())
        };
        let segments = each_place(live, plan, &judge, &mut best, budget, cut)?;
        let bar = best.bar();
        Ok(Self { judge, best, bar, segments })
    }

    fn found(&self, plan: &Plan<'_>, rows: &Details) -> Found {
        let traces = best::summaries(&self.best, rows, &self.judge, plan.indexed.after);
        Found { traces, bar: self.bar }
    }
}

/// What is done with the candidates after each place.
type AfterPlace<'a> = dyn FnMut(&mut Best, &[Arc<Segment>]) -> Result<(), StoreError> + Send + 'a;

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
    let hot = hot_view(live, judge, conditions.as_ref(), best, budget)?;
    after(best, &hot.segments)?;
    let search =
        SegmentSearch { segments: &hot.segments, judge, conditions: conditions.as_ref(), budget };
    let mut found = SegmentsFound {
        best,
        after,
        pieces: SplitTraces::new(judge, hot.split),
        linked: hot.split_with,
        searched: BTreeSet::new(),
        left: hot.segments.len(),
    };
    search.run(&mut found)?;
    let SegmentsFound { best, after, mut pieces, linked, searched, .. } = found;
    // The other parts of the traces that were found so far: no other trace can match.
    let is_left = |of: &Segment| of.is_one_of(&linked) && !searched.contains(&of.id());
    search.complete(&mut pieces, is_left)?;
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
    fn segment(&self, id: u64) -> Option<&Arc<Segment>> {
        numbered(&self.segments, id)
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
