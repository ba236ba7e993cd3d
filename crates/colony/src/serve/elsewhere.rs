//! Agents that another colony of the cluster polls: what this colony can know of them.

use std::time::Duration;

use coral_engine::{Budget, Engine};
use coral_trace::{TimeRange, UnixNanos};

use crate::poll::health::POLLS_HELD;

/// How long reading the coverage timeline may take.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

/// Whether the colony that polls `agent_id` did not reach the agent in each of the last
/// [`POLLS_HELD`] minutes that it recorded, in twice as many. The coverage timeline is that of all
/// colonies of the engine. `false` if the timeline cannot be read. Blocks.
pub(super) fn is_gone(engine: &dyn Engine, agent_id: &str, now: UnixNanos) -> bool {
    let range = TimeRange { start: now.earlier(2 * POLLS_HELD * MINUTE), end: now };
    let budget = Budget::unlimited().with_timeout(READ_TIMEOUT);
    let Ok(records) = engine.agent_minutes(range, &budget) else { return false };
    let mut polled: Vec<_> = records
        .iter()
        .filter(|record| record.agent_id == agent_id)
        .filter_map(|record| Some((record.minute, record.polled?.reachable)))
        .collect();
    polled.sort_unstable_by_key(|(minute, _)| std::cmp::Reverse(*minute));
    let mut last = polled.iter().take(POLLS_HELD as usize);
    polled.len() >= POLLS_HELD as usize && last.all(|(_, reachable)| !reachable)
}

#[cfg(test)]
mod tests {
    use coral_engine::{AgentMinute, Minute, PageWriter as _, PolledMinute};
    use coral_store::{Store, StoreConfig};

    use super::*;

    #[test]
    fn an_agent_is_gone_if_it_was_reached_in_none_of_the_last_three_recorded_minutes() {
        for (reached, expected) in [
            (&[][..], false),
            (&[false, false], false),
            (&[true, false, false], false),
            (&[true, false, false, false], true),
            (&[false, false, false, true], false),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let config = StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 };
            let store = Store::open(config).unwrap();
            let now = Minute(100).end();
            let record = |(minute, reachable): (u32, &bool)| AgentMinute {
                agent_id: "web-1".to_owned(),
                minute: Minute(minute),
                polled: Some(PolledMinute { reachable: *reachable, ..PolledMinute::default() }),
                ..AgentMinute::default()
            };
            store.append_agent_minutes((96..).zip(reached).map(record).collect()).unwrap();
            assert_eq!(is_gone(&store, "web-1", now), expected, "{reached:?}");
            assert!(!is_gone(&store, "web-2", now));
            assert!(!is_gone(&store, "web-1", now.later(Duration::from_secs(3_600))));
        }
    }
}
