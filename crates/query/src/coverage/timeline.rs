//! Gaps in the coverage timeline.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::AgentMinute;
use coral_trace::{Collector, TimeRange, UnixNanos};

use super::intervals::Intervals;
use super::served::{ServedRequests, SharedChange};
use super::{Coverage, CoverageGap, MIN_SILENCE, SamplingChange};
use crate::status::answer::{AgentStatus, ColonyStatus};

/// The largest number of gaps of one agent and cause. Those that are closest to each other are
/// joined if there are more.
const MAX_GAPS: usize = 16;
/// Gaps that are this close to each other are joined first.
const MIN_APART: Duration = Duration::from_secs(60);

/// An agent that answers now is covered since its last record, which is written once per minute, if
/// the record is not older than this.
const MAX_RECORD_AGE: Duration = Duration::from_secs(150);
/// How long agents that run already may take to be polled for the first time by a new colony.
const FIRST_POLLS: Duration = Duration::from_secs(60);
/// A gap that ended this shortly before the end of the window may still go on.
const RUNNING_MINUTE: Duration = Duration::from_secs(120);
/// Sampling ratios that differ by less than this factor are equal.
const MIN_SAMPLING_FACTOR: f64 = 2.0;

/// What the timeline says of all agents.
pub(super) struct Timeline {
    agents: BTreeMap<String, Agent>,
    /// The first instant that the timeline is about.
    begins: UnixNanos,
    /// The requests of all agents.
    served: ServedRequests,
}

/// What the timeline says of one agent.
#[derive(Default)]
struct Agent {
    /// When everything that the agent received is stored.
    covered: Intervals,
    /// Whether the agent was known before it was covered for the first time.
    was_known: bool,
    /// Whether the last poll was answered, of those that are recorded or known now.
    is_reachable: bool,
    /// Whether Beyla instrumented, in each minute in which the agent was read.
    beyla: Vec<(TimeRange, Option<bool>)>,
    sampling: Vec<(TimeRange, f64)>,
    served: ServedRequests,
    /// When each service reported a span for the first time, and whether any was from eBPF.
    services: BTreeMap<String, (UnixNanos, bool)>,
    /// Whether a minute had more services than are recorded.
    services_cut: bool,
}

impl Timeline {
    /// The timeline of `minutes`, which are sorted, and of the present state of the agents, if the
    /// present matters. Minutes from `end` on only tell which earlier spans arrived late. `None` when
    /// no minute is recorded.
    pub(super) fn new<'a>(
        minutes: impl Iterator<Item = &'a AgentMinute> + Clone,
        status: Option<&ColonyStatus>,
        end: UnixNanos,
    ) -> Option<Self> {
        let first = minutes.clone().find(|record| record.polled.is_some())?;
        let begins = first.minute.end().later(FIRST_POLLS);
        let mut agents: BTreeMap<String, Agent> = BTreeMap::new();
        let mut served = ServedRequests::default();
        for record in minutes {
            served.add(record);
            let agent = match agents.get_mut(&record.agent_id) {
                Some(agent) => agent,
                None => agents.entry(record.agent_id.clone()).or_default(),
            };
            match record.minute.start() < end {
                true => agent.add(record),
                false => agent.add_later(record),
            }
        }
        for known in status.into_iter().flat_map(|status| &status.agents) {
            if let Some(agent) = agents.get_mut(&known.agent_id) {
                agent.add_present(known);
            }
        }
        Some(Self { agents, begins, served })
    }

    /// How many agents have services.
    pub(super) fn agents_with_services(&self) -> usize {
        self.agents.values().filter(|agent| !agent.services.is_empty()).count()
    }

    /// Whether the timeline is about `agent` from `since` on.
    pub(super) fn knows(&self, agent: &str, since: UnixNanos) -> bool {
        self.begins <= since && self.agents.contains_key(agent)
    }

    /// The gaps of all agents in `range`, by agent and time. Their `left_out` is not decided.
    pub(super) fn gaps(&self, range: TimeRange) -> Vec<Coverage> {
        let range = TimeRange { start: range.start.max(self.begins), ..range };
        let mut found = Vec::new();
        for (agent_id, agent) in &self.agents {
            let gaps = agent.silences(range).into_iter().chain(agent.beyla_gaps(range));
            for gap in gaps.chain(agent.sampling_changes(range, &self.served)) {
                let services = match gap.services.is_empty() {
                    true => self.services(agent_id, agent, &gap),
                    false => gap.services.clone(),
                };
                if !services.is_empty() {
                    let (agent_id, services_cut) = (agent_id.clone(), agent.services_cut);
                    found.push(Coverage { agent_id, services, services_cut, ..gap });
                }
            }
        }
        found
    }

    /// The services whose spans are missing because of `gap`. Of an agent that joined, these are
    /// services that no other agent reported before; a further agent of a known service leaves
    /// nothing out.
    fn services(&self, agent_id: &str, agent: &Agent, gap: &Coverage) -> Vec<String> {
        let is_known = |service: &str| {
            let others = self.agents.iter().filter(|(other, _)| *other != agent_id);
            let first = others.filter_map(|(_, other)| Some(other.services.get(service)?.0)).min();
            first.is_some_and(|first| gap.since.is_none_or(|joined| first < joined))
        };
        let is_missing = |service: &str, is_ebpf: bool| match gap.gap {
            CoverageGap::Joined => !is_known(service),
            CoverageGap::BeylaStopped => is_ebpf,
            _ => true,
        };
        let missing = agent.services.iter().filter(|(name, (_, ebpf))| is_missing(name, *ebpf));
        missing.map(|(name, _)| name.clone()).collect()
    }
}

impl Agent {
    fn add(&mut self, record: &AgentMinute) {
        let minute = TimeRange { start: record.minute.start(), end: record.minute.end() };
        self.served.add(record);
        self.services_cut |= record.services_cut;
        for ((service, collector), spans) in &record.services {
            let is_ebpf = *collector == Collector::Ebpf && *spans > 0;
            let known = self.services.get_mut(service);
            match known {
                Some((_, has_ebpf)) => *has_ebpf |= is_ebpf,
                None => drop(self.services.insert(service.clone(), (minute.start, is_ebpf))),
            }
            if record.polled.is_none() {
                // Spans that arrived late, of a minute in which the colony did not run.
                self.covered.add(minute);
            }
        }
        let Some(polled) = record.polled else { return };
        self.is_reachable = polled.reachable;
        match polled.complete {
            // The agent does not say since when it runs.
            Some(range) if range.start == minute.start && polled.reachable => {
                self.covered.add(minute);
            }
            Some(range) => self.covered.add(range),
            None => self.was_known |= self.covered.first().is_none(),
        }
        if polled.reachable {
            self.beyla.push((minute, polled.instrumenting));
        }
        if let Some(ratio) = polled.sampling_ratio.filter(|ratio| *ratio > 0.0) {
            self.sampling.push((minute, ratio));
        }
    }

    /// Adds a record of a minute after the time of interest.
    fn add_later(&mut self, record: &AgentMinute) {
        self.served.add(record);
        if let Some(complete) = record.polled.and_then(|polled| polled.complete) {
            self.covered.add(complete);
        }
    }

    /// Adds what is known since the last record.
    fn add_present(&mut self, now: &AgentStatus) {
        self.is_reachable = match now.state.as_str() {
            "unreachable" => false,
            "not_polled" | "polled_elsewhere" => self.is_reachable,
            _ => true,
        };
        let (Some(answered), Some(end)) = (now.answered_at, self.covered.end()) else { return };
        if answered.since(end) <= MAX_RECORD_AGE {
            self.covered.add(TimeRange { start: end, end: answered });
        }
    }

    /// When the agent could not be read: before it joined, until it returned, or until now. Each
    /// contiguous time is one gap.
    fn silences(&self, range: TimeRange) -> Vec<Coverage> {
        let mut found: Vec<Coverage> = Vec::new();
        for part in self.covered.missing_in(range) {
            let is_first = self.covered.first().is_none_or(|first| part.start < first);
            let is_last = part.end == range.end;
            let is_short = part.end.since(part.start) < MIN_SILENCE;
            if is_short && (is_first || is_last) {
                continue;
            }
            let gap = match (is_last, is_first && !self.was_known) {
                // The colony has not heard of the agent since, and does not know why.
                (true, _) if self.is_reachable => continue,
                (true, _) => CoverageGap::Unreachable,
                (false, true) => CoverageGap::Joined,
                (false, false) => CoverageGap::Returned,
            };
            let began = self.covered.end_before(part.start);
            let (since, until) = match gap {
                CoverageGap::Joined => (Some(part.end), None),
                CoverageGap::Returned => (began, Some(part.end)),
                _ => (began, None),
            };
            found.push(Coverage { since, until, ..Coverage::new("", gap) });
        }
        few(found)
    }

    /// When Beyla did not instrument. Each contiguous time is one gap.
    fn beyla_gaps(&self, range: TimeRange) -> Vec<Coverage> {
        let is_in = |time: TimeRange| time.start < range.end && range.start < time.end;
        let mut found = Vec::new();
        for run in self.beyla.chunk_by(|(_, one), (_, next)| one == next) {
            let (Some((first, state)), Some((last, _))) = (run.first(), run.last()) else {
                continue;
            };
            let time = TimeRange { start: first.start, end: last.end };
            if *state != Some(false) || !is_in(time) {
                continue;
            }
            let is_over = self.beyla.last().is_some_and(|(minute, _)| minute.start >= time.end)
                || time.end.later(RUNNING_MINUTE) < range.end;
            found.push(Coverage {
                since: Some(time.start),
                until: is_over.then_some(time.end),
                ..Coverage::new("", CoverageGap::BeylaStopped)
            });
        }
        few(found)
    }

    /// The last change of the sampling ratio that samplers report; or else the changes that the
    /// metrics of services show, each with its services. `all` are the requests of all agents.
    fn sampling_changes(&self, range: TimeRange, all: &ServedRequests) -> Vec<Coverage> {
        if let Some(reported) = self.sampling_change(range) {
            return vec![reported];
        }
        let changes = self.served.changes(range, all).into_iter();
        changes
            .map(|SharedChange { since, sampling, services }| Coverage {
                since: Some(since),
                services,
                sampling: Some(sampling),
                ..Coverage::new("", CoverageGap::SamplingChanged)
            })
            .collect()
    }

    /// The last change of the sampling ratio that samplers report.
    fn sampling_change(&self, range: TimeRange) -> Option<Coverage> {
        let is_in = |minute: &TimeRange| minute.start < range.end && range.start < minute.end;
        let known = || self.sampling.iter().filter(|(minute, _)| is_in(minute));
        let now = known().next_back()?.1;
        let differs = |ratio: f64| ratio.max(now) / ratio.min(now) >= MIN_SAMPLING_FACTOR;
        let (last, before) = known().rfind(|(_, ratio)| differs(*ratio))?;
        Some(Coverage {
            since: Some(last.end),
            sampling: Some(SamplingChange { before: *before, now }),
            ..Coverage::new("", CoverageGap::SamplingChanged)
        })
    }
}

/// Joins gaps of one cause, those that are closest to each other, until there are at most
/// [`MAX_GAPS`] of each cause. `gaps` are sorted by time.
fn few(mut gaps: Vec<Coverage>) -> Vec<Coverage> {
    let mut apart = MIN_APART;
    let is_close = |last: &Coverage, next: &Coverage, apart| {
        let between = last.until.zip(next.since).map(|(until, since)| since.since(until));
        last.gap == next.gap && between.is_some_and(|between| between <= apart)
    };
    // Only gaps that are over are many: one other may be before them, and one after them.
    while gaps.len() > MAX_GAPS + 2 && apart < Duration::MAX {
        gaps = gaps.into_iter().fold(Vec::new(), |mut joined: Vec<Coverage>, next| {
            match joined.last_mut().filter(|last| is_close(last, &next, apart)) {
                Some(last) => last.until = next.until,
                None => joined.push(next),
            }
            joined
        });
        apart = apart.saturating_mul(2);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use coral_engine::{Minute, PolledMinute};

    use super::*;

    fn minute(agent_id: &str, number: u32, started_secs: i64) -> AgentMinute {
        let range =
            TimeRange { start: UnixNanos::from_secs(started_secs), end: Minute(number).end() };
        AgentMinute {
            agent_id: agent_id.to_owned(),
            minute: Minute(number),
            polled: Some(PolledMinute {
                reachable: true,
                complete: Some(range),
                ..PolledMinute::default()
            }),
            services: [((agent_id.to_owned(), Collector::Sdk), 1)].into(),
            ..AgentMinute::default()
        }
    }

    /// What joined, by agent, in the first hour of a timeline that begins at minute 10.
    fn joined(minutes: Vec<AgentMinute>) -> Vec<(String, CoverageGap)> {
        let range = TimeRange { start: UnixNanos(0), end: Minute(14).end() };
        let timeline = Timeline::new(minutes.iter(), None, range.end).unwrap();
        timeline.gaps(range).into_iter().map(|gap| (gap.agent_id, gap.gap)).collect()
    }

    #[test]
    fn an_agent_that_was_started_together_with_a_new_colony_did_not_join() {
        let first = (10..15).map(|number| minute("web-1", number, 645));
        let second = (11..15).map(|number| minute("web-2", number, 670));
        let later = (13..15).map(|number| minute("web-3", number, 790));
        let mut all: Vec<AgentMinute> = first.chain(second).chain(later).collect();
        all.sort_by_key(|record| record.minute);
        assert_eq!(joined(all), [("web-3".to_owned(), CoverageGap::Joined)]);
    }

    /// Minutes 10 to 14 + `ranges`, with one range of complete spans each, in seconds.
    fn gaps_between(ranges: &[(u64, u64)]) -> Vec<(Option<u64>, Option<u64>)> {
        let of = |(number, (start, end)): (usize, &(u64, u64))| {
            let record = minute("web-1", 10 + number as u32, 0);
            let [start, end] = [start, end].map(|secs| UnixNanos(secs * 1_000_000_000));
            let complete = Some(TimeRange { start, end });
            let polled = record.polled.map(|polled| PolledMinute { complete, ..polled });
            AgentMinute { polled, ..record }
        };
        let minutes: Vec<AgentMinute> = ranges.iter().enumerate().map(of).collect();
        let end = UnixNanos(ranges.last().unwrap().1 * 1_000_000_000);
        let range = TimeRange { start: UnixNanos(0), end };
        let timeline = Timeline::new(minutes.iter(), None, end).unwrap();
        let secs = |at: Option<UnixNanos>| at.map(|at| at.0 / 1_000_000_000);
        let gaps = timeline.gaps(range).into_iter();
        gaps.map(|gap| (secs(gap.since), secs(gap.until))).collect()
    }

    #[test]
    fn each_contiguous_time_without_an_agent_is_one_gap_and_a_restart_of_seconds_is_one() {
        let ranges = [(600, 660), (600, 900), (1_000, 1_100), (1_112, 1_300), (2_000, 2_400)];
        let expected = [(900, 1_000), (1_100, 1_112), (1_300, 2_000)];
        assert_eq!(
            gaps_between(&ranges),
            expected.map(|(since, until)| (Some(since), Some(until)))
        );
    }

    #[test]
    fn the_gaps_of_an_agent_that_is_restarted_again_and_again_are_few() {
        let ranges: Vec<(u64, u64)> = (10..400).map(|at| (60 * at + 3, 60 * at + 50)).collect();
        let gaps = gaps_between(&ranges);
        assert!((1..=MAX_GAPS + 2).contains(&gaps.len()), "{gaps:?}");
        assert_eq!(gaps.last().unwrap().1, Some(60 * 399 + 3));
    }

    #[test]
    fn each_contiguous_time_in_which_beyla_did_not_instrument_is_one_gap() {
        let stopped = [12, 13, 14, 17, 19];
        let minutes: Vec<AgentMinute> = (10..21)
            .map(|number| {
                let record = minute("web-1", number, 0);
                let instrumenting = Some(!stopped.contains(&number));
                let polled = record.polled.map(|polled| PolledMinute { instrumenting, ..polled });
                let services = [(("web-1".to_owned(), Collector::Ebpf), 1)].into();
                AgentMinute { polled, services, ..record }
            })
            .collect();
        let range = TimeRange { start: UnixNanos(0), end: Minute(20).end() };
        let gaps = Timeline::new(minutes.iter(), None, range.end).unwrap().gaps(range);
        let minute = |at: Option<UnixNanos>| at.map(|at| Minute::at(at).0);
        let times: Vec<_> =
            gaps.iter().map(|gap| (gap.gap, minute(gap.since), minute(gap.until))).collect();
        let expected = [(12, 15), (17, 18), (19, 20)];
        let stopped = |(since, until)| (CoverageGap::BeylaStopped, Some(since), Some(until));
        assert_eq!(times, expected.map(stopped));
    }
}
