//! The coverage timeline that the colony of an incident records: one record of each agent and
//! minute.

use std::collections::BTreeMap;

use coral_engine::{AgentMinute, Minute, PolledMinute};
use coral_scenario::{AgentGap, Incident};
use coral_trace::{Collector, Span, TimeRange, UnixNanos};

/// Records the minutes of the agents of an incident's hosts.
pub struct Timeline {
    hosts: Vec<String>,
    gap: Option<AgentGap>,
    /// When the colony started.
    since: UnixNanos,
    /// The first minute that is not recorded yet.
    next: Minute,
}

impl Timeline {
    /// The timeline of a colony that started at `since`.
    pub fn new(incident: &Incident, since: UnixNanos) -> Self {
        let hosts = incident.topology.hosts().into_iter().map(str::to_owned).collect();
        Self { hosts, gap: incident.gap(), since, next: Minute::at(since) }
    }

    /// The minutes that ended by `now` and were not recorded before.
    pub fn ended(&mut self, now: UnixNanos) -> Vec<AgentMinute> {
        let mut ended = Vec::new();
        while self.next < Minute::at(now) {
            ended.extend(self.hosts.iter().filter_map(|host| self.polled(host, self.next)));
            self.next.0 += 1;
        }
        ended
    }

    /// The record of how the agent of `host` was polled; `None` before the colony knows the agent.
    fn polled(&self, host: &str, minute: Minute) -> Option<AgentMinute> {
        let (mut since, mut until, mut instrumenting) = (self.since, minute.end(), true);
        let mut reachable = true;
        if let Some(gap) = self.gap.as_ref().filter(|gap| gap.host == host) {
            let TimeRange { start, end } = gap.range;
            let middle = UnixNanos(minute.start().0.midpoint(minute.end().0));
            match gap.agent_runs {
                true => instrumenting = !gap.range.contains(middle),
                false if minute.end() <= start => {}
                false if minute.end() > end => since = end,
                // An agent that joins is not known before.
                false if start.0 == 0 => return None,
                false => (reachable, until) = (false, start),
            }
        }
        let complete = Some(TimeRange { start: since.min(until), end: until });
        let polled = PolledMinute {
            reachable,
            complete,
            instrumenting: Some(instrumenting),
            sampling_ratio: reachable.then_some(1.0),
        };
        let polled = Some(polled);
        Some(AgentMinute { agent_id: host.to_owned(), minute, polled, ..AgentMinute::default() })
    }
}

/// How many `spans` of each service of the agent of `host` started in each minute.
pub fn counted(host: &str, spans: &[Span]) -> Vec<AgentMinute> {
    let mut minutes: BTreeMap<Minute, AgentMinute> = BTreeMap::new();
    for span in spans {
        let minute = Minute::at(span.start);
        let empty = || AgentMinute { agent_id: host.to_owned(), minute, ..AgentMinute::default() };
        let service = span.origin.service_name().to_owned();
        minutes.entry(minute).or_insert_with(empty).count(service, Collector::Ebpf, 1);
    }
    minutes.into_values().collect()
}
