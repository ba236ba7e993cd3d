//! Which agents did not cover all of a window and of its baseline. What is missing because an agent
//! could not be read, Beyla did not instrument or traces were sampled is no change of a service.

mod intervals;
mod present;
mod timeline;

use std::collections::BTreeSet;
use std::time::Duration;

use coral_engine::{EngineError, StoredSpan};
use coral_trace::dependency::{Edge, NodeKind, Topology};
use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::intervals::Intervals;
use self::timeline::Timeline;
use crate::json;
use crate::reader::Reader;
use crate::status::answer::ColonyStatus;

/// An agent that replied this recently before the end of a window covers the window. Shorter gaps
/// do not count.
const MIN_SILENCE: Duration = Duration::from_secs(30);
/// How long before a time range the timeline is read, to find out when a gap began and which
/// services the agent has.
const LOOK_BACK: Duration = Duration::from_secs(6 * 3_600);
/// How long after a time range the timeline is read, to find out which spans arrived late: for as
/// long as agents keep spans by default, and some minutes.
const LATE: Duration = Duration::from_secs(65 * 60);
/// Traces that started this shortly before a gap may lack spans.
const MARGIN: Duration = Duration::from_secs(10);
/// At least this part of the traces of a window and of its baseline remains when the traces from the
/// time of a gap are left out.
const MIN_REST: f64 = 0.5;
/// Sampling ratios and times of agents that changed together differ by at most these.
const SAME_RATIO: f64 = 1.25;
const SAME_TIME: Duration = Duration::from_secs(180);

/// A gap in what was seen of an agent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The agent's id.
    pub agent_id: String,
    /// Why spans of the agent are missing.
    pub gap: CoverageGap,
    /// When the gap began, when the agent joined, or when sampling changed: microseconds since the
    /// Unix epoch; null when that is not known.
    #[serde(rename = "since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub since: Option<UnixNanos>,
    /// When the gap ended: microseconds since the Unix epoch; null when the gap had not ended at the
    /// end of the window, and for `joined` and `sampling_changed`.
    #[serde(default, rename = "until_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub until: Option<UnixNanos>,
    /// The services of the agent whose spans are missing, sorted by name.
    pub services: Vec<String>,
    /// What was not compared because of the gap.
    #[serde(default)]
    pub left_out: LeftOut,
    /// How many traces of the window are of operations whose traces have spans of the agent at other
    /// times, so that they are not known to be complete; 0 unless `left_out` is `spans`.
    #[serde(default)]
    pub traces_affected: u64,
    /// How sampling changed; null unless `gap` is `sampling_changed`.
    #[serde(default)]
    pub sampling: Option<SamplingChange>,
}

/// Why spans of an agent are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageGap {
    /// The agent cannot be reached.
    Unreachable,
    /// The agent was not read for some time, and is read again: it was stopped, or spans expired
    /// before the colony reached it.
    Returned,
    /// The agent joined after the baseline began.
    Joined,
    /// The agent's Beyla did not instrument processes: it was stopped, restarted or not started yet.
    BeylaStopped,
    /// A different fraction of traces is recorded than before.
    SamplingChanged,
}

/// What is not compared because of a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The agent's spans of `services`, in the window and in the baseline.
    #[default]
    Spans,
    /// All traces from the time of the gap.
    Traces,
    /// Nothing.
    Nothing,
}

/// A change of the fraction of traces that are recorded, as far as samplers are known: the agent's
/// Beyla, samplers that write their threshold into the trace state, and the colony.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SamplingChange {
    /// The fraction before the change: above 0, at most 1.
    pub before: f64,
    /// The fraction since the change: above 0, at most 1.
    pub now: f64,
}

/// The traces that were read of a time range.
#[derive(Clone, Copy)]
pub(crate) struct TracesOf<'a> {
    pub(crate) range: TimeRange,
    pub(crate) traces: &'a [Vec<StoredSpan>],
}

impl Coverage {
    /// A gap without times and services.
    fn new(agent_id: &str, gap: CoverageGap) -> Self {
        Self {
            agent_id: agent_id.to_owned(),
            gap,
            since: None,
            until: None,
            services: Vec::new(),
            left_out: LeftOut::Spans,
            traces_affected: 0,
            sampling: None,
        }
    }

    /// Whether spans of `service` are missing.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.services.iter().any(|name| name == service)
    }

    fn leaves_out(&self, stored: &StoredSpan) -> bool {
        self.left_out == LeftOut::Spans
            && *stored.agent_id == *self.agent_id
            && self.has(stored.span.origin.service_name())
    }

    /// The time of the gap: before the agent joined or the sampling changed, or while spans are
    /// missing.
    fn time(&self) -> TimeRange {
        let since = self.since.unwrap_or(UnixNanos(0));
        match self.gap {
            CoverageGap::Joined | CoverageGap::SamplingChanged => {
                TimeRange { start: UnixNanos(0), end: since }
            }
            _ => TimeRange {
                start: since.earlier(MARGIN),
                end: self.until.unwrap_or(UnixNanos::MAX),
            },
        }
    }
}

impl Reader<'_> {
    /// The gaps in what is compared: the `window` with its `baseline`.
    pub(crate) fn coverage(
        &self,
        baseline: TracesOf<'_>,
        window: TracesOf<'_>,
    ) -> Result<Vec<Coverage>, EngineError> {
        let end = window.range.end.min(self.from.now);
        let whole = TimeRange { start: baseline.range.start, end };
        let (traces, agents) = present::seen(baseline.traces, window.traces);
        let status = self.from.fleet.status(self.from.now);
        let timeline = self.timeline(whole)?;
        let mut found = timeline.as_ref().map_or_else(Vec::new, |timeline| timeline.gaps(whole));
        for agent in agents.keys() {
            // Older data has no timeline.
            let is_known = timeline.as_ref().is_some_and(|of| of.knows(agent, whole.start));
            if !is_known && !found.iter().any(|gap| gap.agent_id == *agent) {
                found.extend(present::gap(agent, &agents, &traces, &status, window.range.end));
            }
        }
        let agents = timeline.as_ref().map_or(0, Timeline::agents_with_services);
        let cohorts = [baseline.traces, window.traces].map(starts);
        decide(&mut found, [&cohorts[0], &cohorts[1]], agents);
        for gap in found.iter_mut().filter(|gap| gap.left_out == LeftOut::Spans) {
            gap.traces_affected = traces_affected(gap, baseline.traces, window.traces);
        }
        Ok(found)
    }

    /// The gaps that the timeline has in a `window` and the time `before` it, for two service maps.
    pub(crate) fn gaps_of_maps(
        &self,
        before: TimeRange,
        window: TimeRange,
    ) -> Result<Vec<Coverage>, EngineError> {
        let (mut found, agents) = self.gaps(TimeRange { start: before.start, end: window.end })?;
        decide(&mut found, [&[], &[]], agents);
        // A map counts all traces: edges are left out instead.
        for gap in found.iter_mut().filter(|gap| gap.left_out == LeftOut::Traces) {
            gap.left_out = LeftOut::Spans;
        }
        Ok(found)
    }

    /// The gaps because of which spans are missing in `range`, for an answer that compares nothing.
    pub(crate) fn missing_in(&self, range: TimeRange) -> Result<Vec<Coverage>, EngineError> {
        let (mut found, _) = self.gaps(range)?;
        let is_missing =
            |gap: CoverageGap| !matches!(gap, CoverageGap::Joined | CoverageGap::SamplingChanged);
        found.retain(|gap| is_missing(gap.gap));
        found.iter_mut().for_each(|gap| gap.left_out = LeftOut::Nothing);
        Ok(found)
    }

    /// The gaps that the timeline has in `range`, and how many agents have services.
    fn gaps(&self, range: TimeRange) -> Result<(Vec<Coverage>, usize), EngineError> {
        let range = TimeRange { end: range.end.min(self.from.now), ..range };
        let Some(timeline) = self.timeline(range)? else { return Ok((Vec::new(), 0)) };
        Ok((timeline.gaps(range), timeline.agents_with_services()))
    }

    /// What the timeline says of `range`; `None` where there is no timeline.
    fn timeline(&self, range: TimeRange) -> Result<Option<Timeline>, EngineError> {
        let start = range.start.earlier(LOOK_BACK);
        let end = range.end.later(LATE).min(self.from.now);
        let minutes = self.from.traces.agent_minutes(TimeRange { start, end }, self.budget)?;
        // The present state says nothing about a window that ended before.
        let is_present = range.end.later(MIN_SILENCE) >= self.from.now;
        let status = match is_present {
            true => self.from.fleet.status(self.from.now),
            false => ColonyStatus::default(),
        };
        Ok(Timeline::new(minutes, &status, range.end))
    }
}

/// Decides what is left out because of each gap; `starts` are those of the traces of each cohort.
/// Traces from the time of a gap that is over are left out if enough of each cohort remains; else the
/// spans of the agent are. When all `agents` changed their sampling alike, whole traces are sampled,
/// and nothing is left out.
fn decide(gaps: &mut [Coverage], starts: [&[UnixNanos]; 2], agents: usize) {
    let are_sampled_alike = are_sampled_alike(gaps, agents);
    let mut dropped = Intervals::default();
    for gap in gaps {
        let is_over = gap.until.is_some()
            || matches!(gap.gap, CoverageGap::Joined | CoverageGap::SamplingChanged);
        let mut with_gap = dropped.clone();
        with_gap.add(gap.time());
        let drops = |starts: &[UnixNanos], part: f64| {
            let count = starts.iter().filter(|start| with_gap.contains(**start)).count();
            count as f64 > part * starts.len() as f64
        };
        // If no trace is from the time of a gap, nothing is lost by leaving out that time.
        let max_part = if is_over { 1.0 - MIN_REST } else { 0.0 };
        gap.left_out = match gap.gap {
            CoverageGap::SamplingChanged if are_sampled_alike => LeftOut::Nothing,
            _ if starts.into_iter().any(|starts| drops(starts, max_part)) => LeftOut::Spans,
            _ => {
                dropped = with_gap;
                LeftOut::Traces
            }
        };
    }
}

/// When each trace started.
fn starts(traces: &[Vec<StoredSpan>]) -> Vec<UnixNanos> {
    let start = |trace: &Vec<StoredSpan>| trace.iter().map(|stored| stored.span.start).min();
    traces.iter().filter_map(start).collect()
}

/// Whether the sampling of all `agents` changed at the same time to the same ratio.
fn are_sampled_alike(gaps: &[Coverage], agents: usize) -> bool {
    let changes = || gaps.iter().filter_map(|gap| Some((gap.since?, gap.sampling?.now)));
    let Some((first, ratio)) = changes().next() else { return false };
    let is_alike = |(since, now): (UnixNanos, f64)| {
        since.since(first).max(first.since(since)) <= SAME_TIME
            && now.max(ratio) / now.min(ratio) < SAME_RATIO
    };
    changes().count() == agents && changes().all(is_alike)
}

/// How many traces of the window begin with an operation whose traces have spans that `gap` leaves
/// out, in the window or in the baseline.
fn traces_affected(
    gap: &Coverage,
    baseline: &[Vec<StoredSpan>],
    window: &[Vec<StoredSpan>],
) -> u64 {
    let operation = |trace: &Vec<StoredSpan>| {
        let first = &trace.iter().min_by_key(|stored| stored.span.start)?.span;
        Some((first.origin.service_name().to_owned(), first.name.clone()))
    };
    let has_gap = |trace: &&Vec<StoredSpan>| trace.iter().any(|stored| gap.leaves_out(stored));
    let operations: BTreeSet<_> =
        baseline.iter().chain(window).filter(has_gap).filter_map(operation).collect();
    let is_affected = |trace: &&Vec<StoredSpan>| {
        operation(trace).is_some_and(|operation| operations.contains(&operation))
    };
    window.iter().filter(is_affected).count() as u64
}

/// The part of `traces` traces of a window that are complete, given the part that has no span with a
/// missing parent.
pub(crate) fn completeness(coverage: &[Coverage], found: f64, traces: u64) -> f64 {
    let affected = coverage.iter().map(|gap| gap.traces_affected).max().unwrap_or_default();
    match traces {
        0 => found,
        traces => found.min(1.0 - affected.min(traces) as f64 / traces as f64),
    }
}

/// Keeps everything for a question about `service`: without its spans there is nothing to compare,
/// and its traces are from times at which its agent was read.
pub(crate) fn keep(coverage: &mut [Coverage], service: Option<&str>) {
    let Some(service) = service else { return };
    for gap in coverage.iter_mut().filter(|gap| gap.has(service)) {
        (gap.left_out, gap.traces_affected) = (LeftOut::Nothing, 0);
    }
}

/// Removes the traces and the spans that are not compared.
pub(crate) fn leave_out(coverage: &[Coverage], traces: &mut Vec<Vec<StoredSpan>>) {
    let times: Vec<TimeRange> =
        coverage.iter().filter(|gap| gap.left_out == LeftOut::Traces).map(Coverage::time).collect();
    let is_dropped = |trace: &Vec<StoredSpan>| {
        let start = trace.iter().map(|stored| stored.span.start).min();
        start.is_some_and(|start| times.iter().any(|time| time.contains(start)))
    };
    if !times.is_empty() {
        traces.retain(|trace| !is_dropped(trace));
    }
    if coverage.iter().any(|gap| gap.left_out == LeftOut::Spans) {
        for trace in traces.iter_mut() {
            trace.retain(|stored| !coverage.iter().any(|gap| gap.leaves_out(stored)));
        }
        traces.retain(|trace| !trace.is_empty());
    }
}

/// Whether agents covered `edge` of `map` in both maps. Where the spans of a callee are missing, its
/// callers have an edge to its address instead.
pub(crate) fn is_covered(
    coverage: &[Coverage],
    edge: &Edge,
    map: &Topology,
    other: &Topology,
) -> bool {
    let missing = || coverage.iter().filter(|gap| gap.left_out != LeftOut::Nothing);
    let is_missing = |name: &str| missing().any(|gap| gap.has(name));
    let [from, to] = [edge.from, edge.to].map(|at| &map.nodes[at]);
    let calls_missing = |map: &Topology| {
        map.edges.iter().any(|edge| {
            map.nodes[edge.from].name == from.name && is_missing(&map.nodes[edge.to].name)
        })
    };
    let is_substitute =
        to.kind == NodeKind::External && (calls_missing(map) || calls_missing(other));
    !is_missing(&from.name) && !is_missing(&to.name) && !is_substitute
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> UnixNanos {
        UnixNanos(minute * 60_000_000_000)
    }

    fn left_out(gap: CoverageGap, until: Option<u64>, starts: [&[u64]; 2]) -> LeftOut {
        let (since, until) = (Some(at(10)), until.map(at));
        let mut gaps = [Coverage { since, until, ..Coverage::new("web-2", gap) }];
        let starts = starts.map(|starts| starts.iter().copied().map(at).collect::<Vec<_>>());
        decide(&mut gaps, [&starts[0], &starts[1]], 1);
        gaps[0].left_out
    }

    #[test]
    fn the_time_of_a_gap_is_left_out_if_that_leaves_half_of_the_traces() {
        use CoverageGap::{Joined, Returned, Unreachable};
        for (gap, until, starts, expected) in [
            (Returned, Some(20), [&[5, 6, 15, 16][..], &[30]], LeftOut::Traces),
            (Returned, Some(20), [&[5, 14, 15, 16], &[30]], LeftOut::Spans),
            (Joined, None, [&[5, 14], &[30]], LeftOut::Traces),
            (Joined, None, [&[5, 6], &[30]], LeftOut::Spans),
            // Other agents have traces from the time of a gap that goes on, or have none.
            (Unreachable, None, [&[5, 6], &[7, 8, 9, 11]], LeftOut::Spans),
            (Unreachable, None, [&[5, 6], &[7, 8, 9]], LeftOut::Traces),
        ] {
            assert_eq!(left_out(gap, until, starts), expected, "{gap:?} {starts:?}");
        }
    }
}
