//! What a limited caller learns of agents.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_trace::UnixNanos;

use crate::fleet::FleetState;
use crate::status::answer::{AgentStatus, ColonyStatus, SqlLibrary, StoreStatus};

/// The polling of agents, which decides whether data is complete, and nothing that counts or names
/// what agents hold.
pub(super) struct LimitedFleet(pub(super) Arc<dyn FleetState>);

impl FleetState for LimitedFleet {
    fn status(&self, now: UnixNanos) -> ColonyStatus {
        let all = self.0.status(now);
        let StoreStatus { keep_seconds, .. } = all.store;
        ColonyStatus {
            version: all.version,
            problems: Vec::new(),
            agents: all.agents.into_iter().map(polling_of).collect(),
            // The names of targets and their errors say where everything goes.
            exports: Vec::new(),
            store: StoreStatus { keep_seconds, ..StoreStatus::default() },
            sql_library: SqlLibrary::default(),
            encryption: String::new(),
            counters: BTreeMap::new(),
        }
    }
}

/// How the agent is polled. Every field is named here, so that a new one is decided about.
fn polling_of(agent: AgentStatus) -> AgentStatus {
    AgentStatus {
        agent_id: agent.agent_id,
        address: String::new(),
        known_by: agent.known_by,
        state: agent.state,
        version: agent.version,
        answered_at: agent.answered_at,
        spans_at: None,
        spans_per_second: None,
        reachable: agent.reachable,
        lag_receipts: None,
        lag_seconds: agent.lag_seconds,
        // Texts of errors, refusals and of Beyla can name services.
        last_error: None,
        spans_stored: 0,
        spans_missed: agent.spans_missed,
        spans_refused: 0,
        last_refusal: None,
        beyla: agent.beyla.and_then(|line| line.split_whitespace().next().map(str::to_owned)),
        untraced: Vec::new(),
    }
}
