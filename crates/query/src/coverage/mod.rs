//! Which agents did not cover all of a window and of its baseline. What is missing because an agent
//! could not be read, Beyla did not instrument or traces were sampled is no change of a service.

mod completeness;
mod decide;
mod intervals;
mod missing_nodes;
mod present;
mod served;
mod timeline;
mod whole_sampling;

use std::time::Duration;

use coral_engine::{EngineError, StoredSpan};
use coral_trace::red::Delta;
use coral_trace::{TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::completeness::mark_affected;
use self::decide::{decide, keep, starts};
use self::timeline::Timeline;
use self::whole_sampling::keep_wholly_sampled;
use crate::json;
use crate::reader::Reader;
use crate::status::answer::ColonyStatus;

pub(crate) use self::completeness::{
    MIN_COMPLETENESS, completeness, has_every_parent, torn_traces,
};
pub(crate) use self::missing_nodes::MissingNodes;

/// An agent that replied this recently before the end of a window covers the window, and one that
/// joined this shortly after the start. Between these, every gap counts: the restart of an agent
/// takes seconds.
const MIN_SILENCE: Duration = Duration::from_secs(30);
/// How long before a time range the timeline is read, to find out when a gap began and which
/// services the agent has.
const LOOK_BACK: Duration = Duration::from_secs(6 * 3_600);
/// How long after a time range the timeline is read, to find out which spans arrived late: for as
/// long as agents keep spans by default, and some minutes.
const LATE: Duration = Duration::from_secs(65 * 60);
/// Traces that started this shortly before a gap may lack spans.
const MARGIN: Duration = Duration::from_secs(10);

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
    /// Whether the agent had more services in one minute than are recorded, so that some are missing
    /// in `services`.
    #[serde(default)]
    pub services_cut: bool,
    /// What was not compared because of the gap.
    #[serde(default)]
    pub left_out: LeftOut,
    /// How many traces of the window may lack spans because of the gap: they started during the gap,
    /// and other traces of the same operation have spans of this agent. 0 unless `left_out` is
    /// `spans`.
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

/// A change of the fraction of traces that are recorded. It is known from samplers that report it:
/// the agent's Beyla, those that write their threshold into the trace state, and the colony. Where
/// these do not change, it is the ratio of server spans to the requests that metrics count, whatever
/// sets the ratio.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SamplingChange {
    /// The fraction before the change: at most 1; 0 if metrics count requests and there is no span.
    pub before: f64,
    /// The fraction since the change, likewise.
    pub now: f64,
}

/// The traces that were read of a time range.
#[derive(Clone, Copy)]
pub(crate) struct TracesOf<'a> {
    pub(crate) range: TimeRange,
    pub(crate) traces: &'a [Vec<StoredSpan>],
}

/// Whether traces that started at `start` are not compared.
fn is_dropped(coverage: &[Coverage], start: UnixNanos) -> bool {
    let mut gaps = coverage.iter().filter(|gap| gap.left_out == LeftOut::Traces);
    gaps.any(|gap| gap.time().contains(start))
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
            services_cut: false,
            left_out: LeftOut::Spans,
            traces_affected: 0,
            sampling: None,
        }
    }

    /// Whether spans of `service` are missing.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.services.iter().any(|name| name == service)
    }

    /// Whether spans of `service` may be missing: the service is listed, or the list is cut.
    pub(crate) fn concerns(&self, service: &str) -> bool {
        self.has(service) || self.services_cut
    }

    /// Whether the gap may hide spans of `service` that started in `window`.
    pub(crate) fn hides(&self, service: &str, window: TimeRange) -> bool {
        let is_missing = !matches!(self.gap, CoverageGap::Joined | CoverageGap::SamplingChanged);
        let time = self.time();
        is_missing && self.concerns(service) && time.start < window.end && window.start < time.end
    }

    /// Whether a different fraction of the traces of `service` is recorded than before.
    pub(crate) fn changes_sampling_of(&self, service: &str) -> bool {
        self.gap == CoverageGap::SamplingChanged && self.concerns(service)
    }

    /// Whether `stored` is a span of the agent and of one of the services.
    fn is_of(&self, stored: &StoredSpan) -> bool {
        *stored.agent_id == *self.agent_id && self.has(stored.span.origin.service_name())
    }

    fn leaves_out(&self, stored: &StoredSpan) -> bool {
        self.left_out == LeftOut::Spans && self.is_of(stored)
    }

    /// Whether traces that started at `start` may lack spans because of the gap.
    fn tears(&self, start: UnixNanos) -> bool {
        let is_in_time = self.time().contains(start);
        match self.sampling {
            // Traces lack spans at the time of the smaller ratio.
            Some(change) if change.now < change.before => !is_in_time,
            _ => is_in_time,
        }
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

/// The gaps of a time range.
#[derive(Default)]
struct Gaps {
    found: Vec<Coverage>,
    /// How many agents have services.
    agents: usize,
}

impl Reader<'_> {
    /// The gaps in what a question about `service`, or about all services, compares: the `window`
    /// with its `baseline`.
    pub(crate) fn coverage_of(
        &self,
        service: Option<&str>,
        baseline: TracesOf<'_>,
        window: TracesOf<'_>,
    ) -> Result<Vec<Coverage>, EngineError> {
        let Gaps { mut found, agents } = self.gaps(baseline, window)?;
        keep(&mut found, service);
        keep_wholly_sampled(&mut found, [baseline.traces, window.traces]);
        let cohorts = [baseline.traces, window.traces].map(starts);
        decide(&mut found, [&cohorts[0], &cohorts[1]], agents);
        mark_affected(&mut found, baseline.traces, window.traces);
        Ok(found)
    }

    /// The gaps that the timeline has in a `window` and the time `before` it, for two service maps.
    pub(crate) fn gaps_of_maps(
        &self,
        before: TimeRange,
        window: TimeRange,
    ) -> Result<Vec<Coverage>, EngineError> {
        let [before, window] = [before, window].map(|range| TracesOf { range, traces: &[] });
        let Gaps { mut found, agents } = self.gaps(before, window)?;
        decide(&mut found, [&[], &[]], agents);
        // A map counts all traces: edges are left out instead.
        for gap in found.iter_mut().filter(|gap| gap.left_out == LeftOut::Traces) {
            gap.left_out = LeftOut::Spans;
        }
        Ok(found)
    }

    /// The gaps that the timeline has in a `window` and the time `before` it, for numbers of
    /// services from which nothing is left out.
    pub(crate) fn gaps_of_services(
        &self,
        before: TimeRange,
        window: TimeRange,
    ) -> Result<Vec<Coverage>, EngineError> {
        let mut found = self.gaps_of_maps(before, window)?;
        found.iter_mut().for_each(|gap| gap.left_out = LeftOut::Nothing);
        Ok(found)
    }

    /// The changes of sampling in `range` and in the hours before.
    pub(crate) fn sampling_changes(&self, range: TimeRange) -> Result<Vec<Coverage>, EngineError> {
        let end = range.end.min(self.from.now);
        let status = self.from.fleet.status(self.from.now);
        let timeline = self.timeline(TimeRange { end, ..range }, &status)?;
        let whole = TimeRange { start: range.start.earlier(LOOK_BACK), end };
        let mut found = timeline.map_or_else(Vec::new, |timeline| timeline.gaps(whole));
        found.retain(|gap| gap.gap == CoverageGap::SamplingChanged);
        Ok(found)
    }

    /// The gaps because of which spans are missing in a `window`, for an answer that compares
    /// nothing.
    pub(crate) fn missing_in(&self, window: TracesOf<'_>) -> Result<Vec<Coverage>, EngineError> {
        let start = window.range.start;
        let nothing = TracesOf { range: TimeRange { start, end: start }, traces: &[] };
        let Gaps { mut found, .. } = self.gaps(nothing, window)?;
        let is_missing =
            |gap: CoverageGap| !matches!(gap, CoverageGap::Joined | CoverageGap::SamplingChanged);
        found.retain(|gap| is_missing(gap.gap));
        found.iter_mut().for_each(|gap| gap.left_out = LeftOut::Nothing);
        Ok(found)
    }

    /// The gaps between the start of the `baseline` and the end of the `window`, which are not
    /// decided: those of the timeline, and for agents of the traces without a timeline those that
    /// their present state or their spans tell.
    fn gaps(&self, baseline: TracesOf<'_>, window: TracesOf<'_>) -> Result<Gaps, EngineError> {
        let end = window.range.end.min(self.from.now);
        let whole = TimeRange { start: baseline.range.start, end };
        let status = self.from.fleet.status(self.from.now);
        let timeline = self.timeline(whole, &status)?;
        let mut found = timeline.as_ref().map_or_else(Vec::new, |timeline| timeline.gaps(whole));
        let (traces, agents) = present::seen(baseline.traces, window.traces);
        for agent in agents.keys() {
            // Older data has no timeline.
            let is_known = timeline.as_ref().is_some_and(|of| of.knows(agent, whole.start));
            if !is_known && !found.iter().any(|gap| gap.agent_id == *agent) {
                found.extend(present::gap(agent, &agents, &traces, &status, window.range.end));
            }
        }
        let agents = timeline.as_ref().map_or(0, Timeline::agents_with_services);
        Ok(Gaps { found, agents })
    }

    /// What the timeline says of `range`; `None` where there is no timeline.
    fn timeline(
        &self,
        range: TimeRange,
        status: &ColonyStatus,
    ) -> Result<Option<Timeline>, EngineError> {
        let end = range.end.later(LATE).min(self.from.now);
        let read = TimeRange { start: range.start.earlier(LOOK_BACK), end };
        let minutes = self.agent_minutes(read)?;
        // The present state says nothing about a window that ended before.
        let is_present = range.end.later(MIN_SILENCE) >= self.from.now;
        let minutes = minutes.iter().filter(|record| record.minute.touches(read));
        Ok(Timeline::new(minutes, is_present.then_some(status), range.end))
    }
}

/// Whether the requests of `delta`, which the agent counted, are not compared. Metrics count requests
/// whose traces are not sampled too.
pub(crate) fn leaves_out(coverage: &[Coverage], agent_id: &str, delta: &Delta) -> bool {
    let gaps = coverage.iter().filter(|gap| gap.gap != CoverageGap::SamplingChanged);
    gaps.into_iter().any(|gap| match gap.left_out {
        LeftOut::Traces => gap.time().contains(delta.time),
        LeftOut::Spans => gap.agent_id == agent_id && gap.has(&delta.series.service),
        LeftOut::Nothing => false,
    })
}

/// Removes the traces and the spans that are not compared.
pub(crate) fn leave_out(coverage: &[Coverage], traces: &mut Vec<Vec<StoredSpan>>) {
    if coverage.iter().any(|gap| gap.left_out == LeftOut::Traces) {
        traces.retain(|trace| {
            let start = trace.iter().map(|stored| stored.span.start).min();
            !start.is_some_and(|start| is_dropped(coverage, start))
        });
    }
    if coverage.iter().any(|gap| gap.left_out == LeftOut::Spans) {
        for trace in traces.iter_mut() {
            trace.retain(|stored| !coverage.iter().any(|gap| gap.leaves_out(stored)));
        }
        traces.retain(|trace| !trace.is_empty());
    }
}
