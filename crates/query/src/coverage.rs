//! Which agents did not cover all of a window and of its baseline. What is missing because an agent
//! could not be read is no change of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coral_engine::StoredSpan;
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::reader::Reader;

/// An agent that replied this recently before the end of a window covers the window.
const MIN_SILENCE: Duration = Duration::from_secs(30);
/// An agent whose first spans come later than chance alone explains with this probability joined
/// after the baseline began.
const MAX_CHANCE: f64 = 0.001;

/// An agent that did not cover all of the window and of the baseline. Its spans are not compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The agent's id.
    pub agent_id: String,
    /// Why spans of the agent are missing.
    pub gap: CoverageGap,
    /// When the agent became unreachable, or joined: microseconds since the Unix epoch; null when
    /// an unreachable agent has not replied since the colony started.
    #[serde(rename = "since_unix_us", with = "json::micros_or_null")]
    #[schemars(with = "Option<i64>")]
    pub since: Option<UnixNanos>,
    /// The services with spans of the agent that are not compared, sorted by name.
    pub services: Vec<String>,
}

/// Why spans of an agent are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageGap {
    /// The agent cannot be reached.
    Unreachable,
    /// The agent joined after the baseline began.
    Joined,
}

impl Coverage {
    /// Whether spans of `service` are left out.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.services.iter().any(|name| name == service)
    }

    fn leaves_out(&self, stored: &StoredSpan) -> bool {
        *stored.agent_id == *self.agent_id && self.has(stored.span.origin.service_name())
    }
}

/// The services of one agent in the traces that are compared.
#[derive(Default)]
struct Seen<'a> {
    /// The traces that have each service: how many, and the index of the first in time.
    services: BTreeMap<&'a str, (usize, usize)>,
}

impl Reader<'_> {
    /// The agents that did not cover both cohorts; `until` is the end of the window.
    pub(crate) fn coverage(
        &self,
        baseline: &[Vec<StoredSpan>],
        window: &[Vec<StoredSpan>],
        until: UnixNanos,
    ) -> Vec<Coverage> {
        let (traces, agents) = seen(baseline, window);
        let status = self.from.fleet.status(self.from.now);
        let silent = |answered: Option<UnixNanos>| {
            answered.is_none_or(|answered| answered.later(MIN_SILENCE) < until)
        };
        let unreachable: BTreeMap<&str, Option<UnixNanos>> = status
            .agents
            .iter()
            .filter(|agent| agent.state == "unreachable" && silent(agent.answered_at))
            .map(|agent| (agent.agent_id.as_str(), agent.answered_at))
            .collect();
        let mut found = Vec::new();
        for (agent_id, of) in &agents {
            let (gap, since, services) = match unreachable.get(agent_id) {
                Some(answered) => {
                    (CoverageGap::Unreachable, *answered, of.services.keys().copied().collect())
                }
                None => match joined(agent_id, &agents, traces.len()) {
                    Some((first, services)) => (CoverageGap::Joined, Some(traces[first]), services),
                    None => continue,
                },
            };
            found.push(Coverage {
                agent_id: (*agent_id).to_owned(),
                gap,
                since,
                services: services.into_iter().map(str::to_owned).collect::<Vec<_>>(),
            });
        }
        found
    }
}

/// The starts of all traces, sorted, and the services of each agent.
fn seen<'a>(
    baseline: &'a [Vec<StoredSpan>],
    window: &'a [Vec<StoredSpan>],
) -> (Vec<UnixNanos>, BTreeMap<&'a str, Seen<'a>>) {
    let start = |trace: &&Vec<StoredSpan>| trace.iter().map(|stored| stored.span.start).min();
    let mut all: Vec<&Vec<StoredSpan>> = baseline.iter().chain(window).collect();
    all.retain(|trace| !trace.is_empty());
    all.sort_by_cached_key(start);
    let mut agents: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for (at, trace) in all.iter().enumerate() {
        let pairs: BTreeSet<(&str, &str)> = trace
            .iter()
            .map(|stored| (&*stored.agent_id, stored.span.origin.service_name()))
            .filter(|(agent, _)| !agent.is_empty())
            .collect();
        for (agent, service) in pairs {
            let seen = agents.entry(agent).or_default().services.entry(service).or_insert((0, at));
            seen.0 += 1;
        }
    }
    (all.iter().filter_map(start).collect(), agents)
}

/// The index of the first trace of `agent`, and the services that no agent reported before, when
/// the agent joined among the `traces`.
fn joined<'a>(
    agent: &str,
    agents: &BTreeMap<&'a str, Seen<'a>>,
    traces: usize,
) -> Option<(usize, Vec<&'a str>)> {
    let of = agents.get(agent)?;
    let first = of.services.values().map(|(_, first)| *first).min()?;
    let count = of.services.values().map(|(count, _)| *count).max()?;
    // The chance that all of the agent's traces are among those from the first one on.
    let chance = (1.0 - first as f64 / traces as f64).powf(count as f64);
    if chance > MAX_CHANCE {
        return None;
    }
    let is_known = |service: &&str| {
        let others = agents.iter().filter(|(other, _)| **other != agent);
        others.filter_map(|(_, of)| of.services.get(service)).any(|(_, at)| *at < first)
    };
    let new: Vec<&str> = of.services.keys().copied().filter(|service| !is_known(service)).collect();
    (!new.is_empty()).then_some((first, new))
}

/// Removes the spans that are not compared.
pub(crate) fn leave_out(coverage: &[Coverage], traces: &mut Vec<Vec<StoredSpan>>) {
    if coverage.is_empty() {
        return;
    }
    for trace in traces.iter_mut() {
        trace.retain(|stored| !coverage.iter().any(|gap| gap.leaves_out(stored)));
    }
    traces.retain(|trace| !trace.is_empty());
}
