//! Drains one agent's metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_engine::{Engine, MetricCheckpoint};
use coral_wire::agent_rpc::proto::{MetricPage, QueryBeylaMetricsResponse};
use coral_wire::agent_rpc::{ReceivedMetrics, take_metrics};
use tokio_util::sync::CancellationToken;

use super::client::{AgentClient, MetricPageRequest};
use super::error::PollError;
use super::health::Health;
use super::on_engine::on_engine;
use super::page_fetcher::PageFetcher;
use super::position::{MAX_STANDSTILLS, check_store_id};
use super::requests::counted;
use super::width::Width;
use coral_server::clock;
use coral_trace::{chain, sanitize};

/// Drains the metrics of one agent. A page and its checkpoint are stored in one commit.
pub(super) struct MetricStream {
    engine: Arc<dyn Engine>,
    checkpoint: MetricCheckpoint,
    /// The checkpoint was changed without storing a page, and must be stored with the next one.
    is_unsaved: bool,
    width: Width,
}

impl MetricStream {
    /// Resumes from the stored checkpoint.
    pub(super) fn at(checkpoint: MetricCheckpoint, engine: Arc<dyn Engine>) -> Self {
        Self { engine, checkpoint, is_unsaved: false, width: Width::MAX_WIDTH }
    }

    /// Goes on from the stored checkpoint, which another colony may have moved.
    pub(super) fn move_to(&mut self, checkpoint: MetricCheckpoint) {
        (self.checkpoint, self.is_unsaved) = (checkpoint, false);
    }

    /// Stores all metrics that the agent has now.
    pub(super) async fn catch_up(
        &mut self,
        fetcher: &mut PageFetcher<impl AgentClient>,
        health: &Health,
        stop: &CancellationToken,
    ) -> Result<(), PollError> {
        let mut standstills = 0;
        while standstills <= MAX_STANDSTILLS {
            let before = self.checkpoint.next_receipt;
            let wanted = MetricPageRequest { after: before, most_metrics: self.width.get() };
            let fetched = fetcher.metrics(wanted, stop).await;
            let (mut answer, _room) = fetched.inspect_err(|_| self.width.narrow())?;
            let Some(page) = answer.metric_page.take() else { return Ok(()) };
            check_store_id(&page.store_id)?;
            health.surveyed(&self.checkpoint.agent_id, &page.untraced);
            let has_more = page.has_more;
            if self.relocate(&page) {
                standstills += 1;
                continue;
            }
            if !self.take(health, page, answer).await? {
                continue;
            }
            if !has_more {
                return Ok(());
            }
            standstills += u32::from(self.checkpoint.next_receipt <= before);
        }
        Err(PollError::Standstill(self.checkpoint.next_receipt))
    }

    /// Moves the checkpoint if `page` does not continue it: to receipt 0 of another store, or to
    /// the last receipt of an older copy of the same store. The copy is not read again, because
    /// metric rows have no identity but their receipt, and their requests would count twice.
    /// Returns whether the checkpoint was moved; `page` must then not be stored.
    fn relocate(&mut self, page: &MetricPage) -> bool {
        let checkpoint = &self.checkpoint;
        let next_receipt = match page.store_id != checkpoint.store_id {
            _ if checkpoint.store_id.is_empty() => return false,
            true => 0,
            false if page.last_receipt < checkpoint.next_receipt => page.last_receipt,
            false => return false,
        };
        tracing::info!(agent_id = %checkpoint.agent_id, next_receipt, "the agent's metrics are elsewhere");
        let store_id = page.store_id.clone();
        self.checkpoint = MetricCheckpoint { store_id, next_receipt, ..checkpoint.clone() };
        self.is_unsaved = true;
        true
    }

    /// Stores a page without the rows that can never be stored, which are counted. A page of one
    /// such row is skipped. Returns `false` if the page must be requested again.
    async fn take(
        &mut self,
        health: &Health,
        page: MetricPage,
        answer: QueryBeylaMetricsResponse,
    ) -> Result<bool, PollError> {
        let after = self.checkpoint_after(&page);
        let (refused, reason) = match self.store(health, after.clone(), answer).await {
            Err(bad) if bad.is_of_page() => {
                if !self.width.isolate() {
                    return Ok(false);
                }
                self.store(health, after, QueryBeylaMetricsResponse::default()).await?;
                self.width.go_on();
                (1, chain(&bad))
            }
            stored => {
                let ReceivedMetrics { refused, reason, .. } = stored?;
                self.width.widen();
                (refused, reason)
            }
        };
        if refused > 0 {
            let (agent_id, reason) = (&self.checkpoint.agent_id, sanitize::line(&reason));
            health.metrics_refused(agent_id, refused, &reason);
            tracing::warn!(%agent_id, n_metrics = refused, reason, "metrics of an agent cannot be stored and are left out");
        }
        Ok(true)
    }

    /// Stores a page and its checkpoint in one commit. Returns how many rows were refused, and why.
    async fn store(
        &mut self,
        health: &Health,
        checkpoint: MetricCheckpoint,
        answer: QueryBeylaMetricsResponse,
    ) -> Result<ReceivedMetrics, PollError> {
        let unmoved = checkpoint == self.checkpoint && !self.is_unsaved;
        let stored = on_engine(&self.engine, move |engine| {
            let mut taken = take_metrics(answer);
            let deltas = std::mem::take(&mut taken.deltas);
            if unmoved && deltas.is_empty() {
                return Ok((checkpoint, taken, BTreeMap::new()));
            }
            let now = clock::now();
            let minutes = counted(&deltas, now);
            let stored = engine.append_metric_page(deltas, now, &checkpoint);
            Ok((stored.map_err(PollError::CannotStore)?, taken, minutes))
        });
        let (checkpoint, taken, minutes) = stored.await?;
        health.count_requests(&checkpoint.agent_id, minutes);
        (self.checkpoint, self.is_unsaved) = (checkpoint, false);
        Ok(taken)
    }

    /// The checkpoint after `page`. Its receipt never decreases.
    fn checkpoint_after(&self, page: &MetricPage) -> MetricCheckpoint {
        let checkpoint = &self.checkpoint;
        let (first_contact, moves) =
            (checkpoint.store_id.is_empty(), page.next_receipt > checkpoint.next_receipt);
        // Receipts between the checkpoint and the oldest row that the agent still has.
        let gap = page.first_receipt.saturating_sub(checkpoint.next_receipt.saturating_add(1));
        let missed = if moves && !first_contact { gap } else { 0 };
        MetricCheckpoint {
            store_id: page.store_id.clone(),
            next_receipt: page.next_receipt.max(checkpoint.next_receipt),
            rows_missed: checkpoint.rows_missed.saturating_add(missed),
            ..checkpoint.clone()
        }
    }
}
