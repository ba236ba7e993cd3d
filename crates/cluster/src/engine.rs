//! The cluster as an implementation of the engine's traits, which a colony uses.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use coral_engine::{
    AgentMinute, AppendedPage, Budget, Capabilities, Checkpoint, Columns, DeltaQuery, EngineError,
    Extent, FilterCapabilities, Fleet, Grid, Histogram, KnownAgent, KnownColony, MetricCheckpoint,
    MetricExtent, MetricMaintenance, MetricReader, MetricRetention, Operation, Page, PageWriter,
    Retention, ShardStatus, SignalTotals, SpanColumns, SpanMaintenance, SpanRetention, StoredDelta,
    StoredSpan, StoredTrace, TraceQuery, TraceReader, TraceSummary, WantedColumns,
};
use coral_trace::dependency::Dependencies;
use coral_trace::red::Delta;
use coral_trace::{Collector, SpanId, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use crate::cluster::Cluster;
use crate::read::{
    columns, dependencies, ended, histogram, lists, lookup, metrics as read_metrics, search,
    search_each, shards,
};
use crate::write::{colonies, fleet, metrics, minutes, pages, retain};

impl TraceReader for Cluster {
    fn id(&self) -> &str {
        self.store_id()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            filter: FilterCapabilities::ALL,
            counts_duplicates: false,
            columns_layout: None,
        }
    }

    fn search(
        &self,
        query: &TraceQuery,
        budget: &Budget,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        Ok(search::search(self, query, budget)?)
    }

    fn search_each(
        &self,
        queries: &[TraceQuery],
        budget: &Budget,
    ) -> Result<Vec<Vec<TraceSummary>>, EngineError> {
        Ok(search_each::search_each(self, queries, budget)?)
    }

    /// From the table `traces`. A query with attributes or a filter is searched for.
    fn has_summaries(&self) -> bool {
        true
    }

    fn histogram(
        &self,
        query: &TraceQuery,
        grid: &Grid,
        budget: &Budget,
    ) -> Result<Histogram, EngineError> {
        Ok(histogram::histogram(self, query, grid, budget)?)
    }

    fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<StoredTrace, EngineError> {
        Ok(lookup::trace(self, trace, collector, columns, limit, budget)?)
    }

    fn contains(&self, trace: TraceId, budget: &Budget) -> Result<bool, EngineError> {
        Ok(lookup::contains(self, trace, budget)?)
    }

    fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceId>, EngineError> {
        Ok(lookup::traces_with_prefix(self, prefix, limit, budget)?)
    }

    fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        let wanted = lookup::Wanted { collector, span: None, columns };
        let mut spans = lookup::spans_of(self, traces, wanted, budget)?;
        spans.truncate(limit as usize);
        Ok(spans)
    }

    fn span(
        &self,
        trace: TraceId,
        span: SpanId,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Option<StoredSpan>, EngineError> {
        let wanted = lookup::Wanted { collector: None, span: Some(span), columns };
        Ok(lookup::spans_of(self, &[trace], wanted, budget)?.pop())
    }

    fn services(
        &self,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<BTreeSet<String>, EngineError> {
        Ok(lists::services(self, started, budget)?)
    }

    fn operations(
        &self,
        service: &str,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<Operation>, EngineError> {
        Ok(lists::operations(self, service, started, budget)?)
    }

    fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError> {
        Ok(dependencies::dependencies(self, started, collector, budget)?)
    }

    fn spans_ended(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        kinds: &[SpanKind],
        ended: TimeRange,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredSpan),
    ) -> Result<(), EngineError> {
        let wanted = ended::Wanted { services, collector, kinds };
        Ok(ended::spans_ended(self, wanted, ended, budget, visit)?)
    }

    fn visit_columns(
        &self,
        started: TimeRange,
        wanted: &WantedColumns,
        budget: &Budget,
        visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
    ) -> Result<bool, EngineError> {
        Ok(columns::visit(self, started, wanted, budget, visit)?)
    }

    /// The earliest start of the spans that were received in the first ten minutes.
    fn oldest_start(
        &self,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        Ok(lists::oldest_start(self, None, collector, budget)?)
    }

    fn oldest_start_of(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        Ok(lists::oldest_start(self, Some(services), collector, budget)?)
    }

    fn extent(&self) -> Result<Extent, EngineError> {
        Ok(lists::extent(self)?)
    }

    fn agent_minutes(
        &self,
        range: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<AgentMinute>, EngineError> {
        Ok(minutes::read(self, range, budget)?)
    }
}

impl MetricReader for Cluster {
    fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError> {
        Ok(read_metrics::deltas(self, wanted, budget, visit)?)
    }

    fn metric_extent(&self) -> Result<MetricExtent, EngineError> {
        Ok(lists::metric_extent(self)?)
    }
}

impl PageWriter for Cluster {
    fn append_pages(&self, pages: Vec<Page>) -> Vec<Result<AppendedPage, EngineError>> {
        pages::append(self, pages)
    }

    fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &MetricCheckpoint,
    ) -> Result<MetricCheckpoint, EngineError> {
        Ok(metrics::append(self, &deltas, received, checkpoint)?)
    }

    fn append_agent_minutes(&self, minutes: Vec<AgentMinute>) -> Result<(), EngineError> {
        Ok(minutes::append(self, &minutes)?)
    }
}

impl Fleet for Cluster {
    fn agents(&self) -> Result<Vec<KnownAgent>, EngineError> {
        Ok(fleet::agents(self)?)
    }

    fn register_agent(&self, agent: &KnownAgent) -> Result<(), EngineError> {
        Ok(fleet::put_agent(self, &agent.agent_id, Some(&agent.address))?)
    }

    fn forget_agent(&self, agent_id: &str) -> Result<(), EngineError> {
        Ok(fleet::put_agent(self, agent_id, None)?)
    }

    fn checkpoints(&self) -> Result<Vec<Checkpoint>, EngineError> {
        Ok(fleet::checkpoints(self)?)
    }

    fn metric_checkpoints(&self) -> Result<Vec<MetricCheckpoint>, EngineError> {
        Ok(fleet::metric_checkpoints(self)?)
    }

    fn signal_totals(&self) -> Result<Vec<SignalTotals>, EngineError> {
        Ok(fleet::signal_totals(self)?)
    }

    fn colonies(&self) -> Result<Option<Vec<KnownColony>>, EngineError> {
        Ok(Some(colonies::colonies(self)?))
    }

    fn beat(&self, colony: &KnownColony) -> Result<(), EngineError> {
        Ok(colonies::beat(self, colony)?)
    }

    fn leave(&self, colony_id: &str) -> Result<(), EngineError> {
        Ok(colonies::leave(self, colony_id)?)
    }
}

impl Retention for Cluster {
    fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
    ) -> Result<SpanMaintenance, EngineError> {
        Ok(retain::maintain(self, keep, now)?)
    }

    fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, EngineError> {
        Ok(retain::maintain_metrics(self, keep, now)?)
    }

    fn shards(&self) -> Vec<ShardStatus> {
        shards::statuses(self)
    }
}
