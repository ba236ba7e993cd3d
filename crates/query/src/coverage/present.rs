//! Agents without a coverage timeline: what their present state and their spans tell.

use std::collections::{BTreeMap, BTreeSet};

use coral_engine::StoredSpan;
use coral_trace::UnixNanos;

use super::{Coverage, CoverageGap, LeftOut, MIN_SILENCE};
use crate::status::answer::ColonyStatus;

/// An agent whose first spans come later than chance alone explains with this probability joined
/// after the baseline began.
const MAX_CHANCE: f64 = 0.001;

/// The services of one agent in the traces that are compared.
#[derive(Default)]
pub(super) struct Seen<'a> {
    /// The traces that have each service: how many, and the index of the first in time.
    pub(super) services: BTreeMap<&'a str, (usize, usize)>,
}

/// The gap of `agent`, if its present state or its spans tell one. `traces` are the starts of all
/// traces, and `until` is the end of the window.
pub(super) fn gap(
    agent: &str,
    agents: &BTreeMap<&str, Seen<'_>>,
    traces: &[UnixNanos],
    status: &ColonyStatus,
    until: UnixNanos,
) -> Option<Coverage> {
    let silent = |answered: Option<UnixNanos>| {
        answered.is_none_or(|answered| answered.later(MIN_SILENCE) < until)
    };
    let unreachable = status.agents.iter().find(|known| {
        known.agent_id == agent && known.state == "unreachable" && silent(known.answered_at)
    });
    let (gap, since, services) = match unreachable {
        Some(known) => {
            let services = agents.get(agent)?.services.keys().copied().collect();
            (CoverageGap::Unreachable, known.answered_at, services)
        }
        None => {
            let (first, services) = joined(agent, agents, traces.len())?;
            (CoverageGap::Joined, Some(traces[first]), services)
        }
    };
    let services = services.into_iter().map(str::to_owned).collect();
    Some(Coverage { since, services, left_out: LeftOut::Spans, ..Coverage::new(agent, gap) })
}

/// The starts of all traces, sorted, and the services of each agent.
pub(super) fn seen<'a>(
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
