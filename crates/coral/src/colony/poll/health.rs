//! How polling goes, for `coral colony status`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coral_store::Checkpoint;
use coral_trace::UnixNanos;

use super::client::PollError;
use crate::colony::registry::Agent;
use crate::query::answer::AgentStatus;

/// How polling of every agent goes.
#[derive(Default)]
pub struct Health(Mutex<BTreeMap<String, AgentHealth>>);

#[derive(Default)]
struct AgentHealth {
    address: String,
    known_by: &'static str,
    reachable: bool,
    lag_receipts: Option<u64>,
    caught_up_at: Option<UnixNanos>,
    last_error: Option<String>,
    spans_stored: u64,
    spans_missed: u64,
    spans_sampled_out: u64,
    beyla: Option<String>,
}

/// An agent that says more is cut short.
const MOST_OF_A_LINE: usize = 500;

impl Health {
    /// An agent is polled from now on.
    pub fn know(&self, id: &str, agent: &Agent) {
        let mut all = self.lock();
        let health = all.entry(id.to_owned()).or_default();
        health.address.clone_from(&agent.address);
        health.known_by = agent.known_by.as_str();
    }

    /// A page was stored; `lag` receipts are still to come.
    pub fn progress(&self, id: &str, lag: u64, places: &[Checkpoint], sampled_out: u64) {
        self.update(id, |health| {
            health.reachable = true;
            health.lag_receipts = Some(lag);
            health.spans_stored = places.iter().map(|place| place.spans_stored).sum();
            // Both streams step over the same gap in receipts.
            health.spans_missed = places.iter().map(|place| place.spans_missed).max().unwrap_or(0);
            health.spans_sampled_out += sampled_out;
        });
    }

    /// Everything that the agent had at `now` is stored.
    pub fn caught_up(&self, id: &str, now: UnixNanos) {
        self.update(id, |health| {
            health.caught_up_at = Some(now);
            health.last_error = None;
        });
    }

    /// The agent said how its Beyla is, in one line; nothing, if it is too old to.
    pub fn beyla(&self, id: &str, line: &str) {
        let said = line.chars().take(MOST_OF_A_LINE).collect::<String>();
        self.update(id, |health| health.beyla = (!said.is_empty()).then_some(said));
    }

    /// A poll failed.
    pub fn failed(&self, id: &str, error: &PollError) {
        self.update(id, |health| {
            health.reachable = matches!(error, PollError::CannotStore(_) | PollError::Refused(_));
            health.last_error = Some(error.to_string());
        });
    }

    /// All agents, by id, as of `now`.
    pub fn snapshot(&self, now: UnixNanos) -> Vec<AgentStatus> {
        let all = self.lock();
        let statuses = all.iter().map(|(id, health)| AgentStatus {
            agent_id: id.clone(),
            address: health.address.clone(),
            known_by: health.known_by.to_owned(),
            reachable: health.reachable,
            lag_receipts: health.lag_receipts,
            lag_seconds: health.caught_up_at.map(|at| now.since(at).as_secs_f64()),
            last_error: health.last_error.clone(),
            spans_stored: health.spans_stored,
            spans_missed: health.spans_missed,
            beyla: health.beyla.clone(),
        });
        statuses.collect()
    }

    /// Spans that sampling left out, of all agents, since the process started.
    pub fn sampled_out(&self) -> u64 {
        self.lock().values().map(|health| health.spans_sampled_out).sum()
    }

    fn update(&self, id: &str, change: impl FnOnce(&mut AgentHealth)) {
        if let Some(health) = self.lock().get_mut(id) {
            change(health);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, AgentHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
