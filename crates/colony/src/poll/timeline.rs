//! Writes the coverage timeline: once per minute, what polling found out about each agent.

use std::sync::Arc;
use std::time::Duration;

use coral_engine::{Engine, Minute};
use coral_server::clock;
use coral_trace::chain;
use tokio_util::sync::CancellationToken;

use super::error::PollError;
use super::health::Health;
use super::on_engine::on_engine;

/// The longest time between two looks at the wall clock, which may be set back meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// The task that writes the coverage timeline.
pub struct Timeline {
    /// The engine that stores the records.
    pub engine: Arc<dyn Engine>,
    /// How polling goes, by agent.
    pub health: Arc<Health>,
}

impl Timeline {
    /// Records each minute when it has ended, and the running minute when `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let mut minute = Minute::at(clock::now());
        loop {
            let rest = minute.end().since(clock::now()).min(MAX_SLEEP);
            let goes_on = stop.run_until_cancelled(tokio::time::sleep(rest)).await.is_some();
            let next = Minute::at(clock::now());
            if goes_on && next == minute {
                // The timer was a little early.
                continue;
            }
            self.record(minute).await;
            if !goes_on {
                return;
            }
            minute = next;
        }
    }

    /// Records `minute`. Records that cannot be stored are stored with the next minute.
    pub(super) async fn record(&self, minute: Minute) {
        let records = self.health.end_minute(minute);
        if records.is_empty() {
            return;
        }
        let kept = records.clone();
        let stored = on_engine(&self.engine, move |engine| {
            engine.append_agent_minutes(records).map_err(PollError::CannotStore)
        });
        if let Err(error) = stored.await {
            let n_records = kept.len();
            tracing::warn!(
                error = chain(&error),
                n_records,
                "could not store the coverage timeline; will try again"
            );
            self.health.put_back(kept);
        }
    }
}
