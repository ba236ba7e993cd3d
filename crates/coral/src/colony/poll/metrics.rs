//! Follows one agent's metrics.

use std::time::Duration;

use coral_store::{MetricCheckpoint, Store};
use coral_wire::agent_rpc::proto::MetricPage;

use super::client::{AgentClient, MetricAnswer, PollError};
use crate::clock;
use crate::errors::chain;

/// Drains the metrics of one agent. Each page and its checkpoint are one commit.
pub(super) struct MetricStream {
    place: MetricCheckpoint,
    /// The place was moved by something else than a page, and is not stored yet.
    is_unsaved: bool,
}

/// An answer may come twice and a store be exchanged; more often in one poll is a defect of the agent.
const MOST_STANDSTILLS: u32 = 3;

impl MetricStream {
    /// Goes on where the store's checkpoint says.
    pub(super) fn resume(agent_id: &str, store: &Store) -> Self {
        let known = store.metric_checkpoints();
        let place = known.into_iter().find(|place| place.agent_id == agent_id);
        let beginning = || MetricCheckpoint { agent_id: agent_id.to_owned(), ..Default::default() };
        Self { place: place.unwrap_or_else(beginning), is_unsaved: false }
    }

    /// Stores everything that the agent has now.
    pub(super) async fn catch_up(
        &mut self,
        client: &mut impl AgentClient,
        store: &Store,
        timeout: Duration,
    ) -> Result<(), PollError> {
        let mut standstills = 0;
        while standstills <= MOST_STANDSTILLS {
            let before = self.place.next_receipt;
            let asked = tokio::time::timeout(timeout, client.metrics(before)).await;
            let Some(answer) = asked.map_err(|_| PollError::TimedOut(timeout))?? else {
                return Ok(());
            };
            if self.is_elsewhere(&answer.page) {
                standstills += 1;
                continue;
            }
            let has_more = answer.page.has_more;
            self.store_page(store, answer).await?;
            if !has_more {
                return Ok(());
            }
            standstills += u32::from(self.place.next_receipt <= before);
        }
        Err(PollError::Standstill(self.place.next_receipt))
    }

    /// Whether the page is not one that follows on the place, which is then moved to where to go on: to the
    /// beginning of another store, and to the end of an older copy of the same. Rows have no identity but
    /// their place: reading the copy again would count its requests twice.
    fn is_elsewhere(&mut self, page: &MetricPage) -> bool {
        let place = &self.place;
        let next_receipt = match page.store_id != place.store_id {
            _ if place.store_id.is_empty() => return false,
            true => 0,
            false if page.last_receipt < place.next_receipt => page.last_receipt,
            false => return false,
        };
        tracing::info!(agent_id = %place.agent_id, next_receipt, "the agent's metrics are elsewhere");
        let store_id = page.store_id.clone();
        self.place = MetricCheckpoint { store_id, next_receipt, ..place.clone() };
        self.is_unsaved = true;
        true
    }

    /// Stores a page and its checkpoint in one commit.
    async fn store_page(&mut self, store: &Store, answer: MetricAnswer) -> Result<(), PollError> {
        let MetricAnswer { page, deltas } = answer;
        let unmoved =
            page.next_receipt == self.place.next_receipt && page.store_id == self.place.store_id;
        if deltas.is_empty() && unmoved && !self.is_unsaved {
            return Ok(());
        }
        let mut place = self.place.clone();
        let first_contact = place.store_id.is_empty();
        if !first_contact {
            // Between the place and the oldest that the agent still has.
            let missed = page.first_receipt.saturating_sub(place.next_receipt.saturating_add(1));
            place.rows_missed = place.rows_missed.saturating_add(missed);
        }
        place.next_receipt = page.next_receipt.max(place.next_receipt);
        place.store_id = page.store_id;
        let store = store.clone();
        let stored = tokio::task::spawn_blocking(move || {
            store.append_metric_page(deltas, clock::now(), &mut place).map(|()| place)
        });
        let stored = stored.await.map_err(|panic| PollError::CannotStore(panic.to_string()))?;
        self.place = stored.map_err(|error| PollError::CannotStore(chain(&error)))?;
        self.is_unsaved = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coral_store::{Resources, StoreConfig};
    use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
    use coral_trace::{Attributes, Collector, TimeRange, UnixNanos};
    use coral_wire::agent_rpc::proto::SpanPage;

    use super::*;

    /// An agent whose store is called `id` and has one request in each of its rows.
    struct Script {
        id: &'static str,
        rows: u64,
    }

    impl AgentClient for Script {
        async fn page(&mut self, _: Collector, _: u64) -> Result<SpanPage, PollError> {
            Err(PollError::NoPage)
        }

        /// Two rows a page.
        async fn metrics(&mut self, after: u64) -> Result<Option<MetricAnswer>, PollError> {
            let last = self.rows.min(after + 2).max(after);
            let page = MetricPage {
                store_id: self.id.to_owned(),
                next_receipt: last,
                has_more: last < self.rows,
                last_receipt: self.rows,
                first_receipt: 1,
            };
            let deltas = (after..last).map(|row| Delta {
                series: Arc::new(
                    Series::of(Protocol::Http, Side::Server, "cart", Attributes::default())
                        .expect("it is HTTP"),
                ),
                since: UnixNanos(row),
                time: UnixNanos(row + 1),
                histogram: Histogram::of_one(1),
                exemplars: Vec::new(),
            });
            Ok(Some(MetricAnswer { page, deltas: deltas.collect() }))
        }
    }

    fn requests(store: &Store) -> u64 {
        let mut requests = 0;
        let count = |row: &coral_store::StoredDelta| requests += row.delta.histogram.count();
        store.deltas(Protocol::Http, TimeRange::ALL, count).unwrap();
        requests
    }

    #[tokio::test]
    async fn metrics_are_polled_once_whatever_becomes_of_the_agents_store() {
        let dir = tempfile::tempdir().unwrap();
        let resources = Resources { memory_limit: 64 << 20, threads: 1 };
        let config = StoreConfig { dir: dir.path().to_owned(), resources, segment_rows: 1_000 };
        let store = Store::open(config).unwrap();
        let rows = [
            ("first", 5, 5),
            ("first", 7, 7),
            // An older copy was put back: nothing is read again, and what comes then is.
            ("first", 4, 7),
            ("first", 6, 9),
            // The store was wiped.
            ("second", 3, 12),
        ];
        for (id, rows, expected) in rows {
            // Each time as after a restart of the colony.
            let mut stream = MetricStream::resume("web-1", &store);
            let mut agent = Script { id, rows };
            stream.catch_up(&mut agent, &store, Duration::from_secs(9)).await.unwrap();
            assert_eq!(requests(&store), expected, "{id} with {rows} rows");
        }
        assert_eq!(store.metric_checkpoints()[0].rows_stored, 12);
    }
}
