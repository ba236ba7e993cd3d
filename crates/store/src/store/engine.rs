//! The store as an implementation of the engine's traits, which a colony uses.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use coral_engine::{
    AgentMinute, AppendedPage, Budget, Capabilities, CheckedColumns, Checkpoint, Columns,
    ColumnsError, DeltaQuery, EngineError, Extent, FilterCapabilities, Fleet, Grid, Histogram,
    KnownAgent, MetricCheckpoint, MetricExtent, MetricMaintenance, MetricMerge, MetricReader,
    MetricRetention, Operation, Page, PageColumns, PageContent, PageSpan, PageWriter, ReadLimit,
    ReceivedSpans, Retention, Signal, SignalTotals, SpanColumns, SpanMaintenance, SpanRetention,
    StoredDelta, StoredSpan, StoredTrace, TraceQuery, TraceReader, TraceSummary, WantedColumns,
};
use coral_trace::dependency::Dependencies;
use coral_trace::red::Delta;
use coral_trace::{Collector, SpanId, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use super::Store;
use crate::commit::queue::{SpanPage, SpanPageContent};
use crate::page_columns::{check, layout};
use crate::read::page::{PageLimit, Wanted, page};
use crate::read::search::plan::Plan;
use crate::read::{columns, dependencies, ended, lookup, operations, search, services, since};

impl TraceReader for Store {
    fn id(&self) -> &str {
        Store::id(self)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            filter: FilterCapabilities::ALL,
            counts_duplicates: true,
            columns_layout: Some(*layout::LAYOUT),
        }
    }

    fn search(
        &self,
        query: &TraceQuery,
        budget: &Budget,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        let Some(plan) = Plan::of(query) else { return Ok(Vec::new()) };
        Ok(search::search(&self.0.spans.live, &plan, budget)?)
    }

    fn search_each(
        &self,
        queries: &[TraceQuery],
        budget: &Budget,
    ) -> Result<Vec<Vec<TraceSummary>>, EngineError> {
        let plans: Vec<Option<Plan<'_>>> = queries.iter().map(Plan::of).collect();
        Ok(search::search_each(&self.0.spans.live, &plans, budget)?)
    }

    /// From digests. A query with a filter is searched for.
    fn has_summaries(&self) -> bool {
        true
    }

    fn histogram(
        &self,
        query: &TraceQuery,
        grid: &Grid,
        budget: &Budget,
    ) -> Result<Histogram, EngineError> {
        let all = TraceQuery { after: None, limit: u32::MAX, ..query.clone() };
        let Some(plan) = Plan::of(&all) else { return Ok(Histogram::new(grid.clone())) };
        let live = &self.0.spans.live;
        if plan.is_exact() {
            return Ok(search::histogram(live, &plan, grid, budget)?);
        }
        let mut counted = Histogram::new(grid.clone());
        for trace in search::search(live, &plan, budget)? {
            counted.add(trace.start, trace.duration_us, trace.errors > 0);
        }
        Ok(counted)
    }

    fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<StoredTrace, EngineError> {
        let live = &self.0.spans.live;
        let read = || lookup::one_trace(live, trace, collector, columns, limit, budget);
        Ok(live.reading(read)?)
    }

    fn visit_columns(
        &self,
        started: TimeRange,
        wanted: &WantedColumns,
        budget: &Budget,
        visit: &mut dyn FnMut(&SpanColumns) -> ControlFlow<()>,
    ) -> Result<bool, EngineError> {
        Ok(columns::visit(&self.0.spans.live, started, wanted, budget, visit)?)
    }

    fn contains(&self, trace: TraceId, budget: &Budget) -> Result<bool, EngineError> {
        let live = &self.0.spans.live;
        Ok(live.reading(|| lookup::contains(live, trace, budget))?)
    }

    fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceId>, EngineError> {
        let (live, first, last) = (&self.0.spans.live, prefix.first(), prefix.last());
        let read = || lookup::traces_between(live, first..=last, limit as usize, budget);
        Ok(live.reading(read)?)
    }

    fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        let live = &self.0.spans.live;
        let read = || lookup::spans_of(live, traces, collector, None, columns, limit, budget);
        Ok(live.reading(read)?)
    }

    fn span(
        &self,
        trace: TraceId,
        span: SpanId,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Option<StoredSpan>, EngineError> {
        let live = &self.0.spans.live;
        let read = || lookup::spans_of(live, &[trace], None, Some(span), columns, 1, budget);
        Ok(live.reading(read)?.pop())
    }

    fn services(
        &self,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<BTreeSet<String>, EngineError> {
        let live = &self.0.spans.live;
        Ok(live.reading(|| services::services(live, started, budget))?)
    }

    fn operations(
        &self,
        service: &str,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<Operation>, EngineError> {
        let live = &self.0.spans.live;
        Ok(live.reading(|| operations::operations(live, service, started, budget))?)
    }

    fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError> {
        let live = &self.0.spans.live;
        Ok(live.reading(|| dependencies::dependencies(live, started, collector, budget))?)
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
        let columns = Columns::CORE | Columns::ATTRIBUTES;
        let collector = Some(collector);
        let wanted = Wanted { collector, services: Some(services), kinds, columns };
        Ok(ended::spans_ended(&self.0.spans.live, wanted, ended, budget, visit)?)
    }

    fn oldest_start(
        &self,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let live = &self.0.spans.live;
        let (collector, columns) = (Some(collector), Columns::CORE);
        let wanted = Wanted { collector, services: None, kinds: &[], columns };
        let oldest = live.reading(|| page(live, wanted, 0, PageLimit::of_spans(1), budget))?.spans;
        Ok(oldest.first().map(|stored| stored.span.start))
    }

    fn oldest_start_of(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let live = &self.0.spans.live;
        let (collector, columns) = (Some(collector), Columns::CORE);
        let wanted = Wanted { collector, services: Some(services), kinds: &[], columns };
        let oldest = live.reading(|| page(live, wanted, 0, PageLimit::of_spans(1), budget))?.spans;
        Ok(oldest.first().map(|stored| stored.span.start))
    }

    fn received_after(
        &self,
        after: u64,
        limit: ReadLimit,
        budget: &Budget,
    ) -> Result<ReceivedSpans, EngineError> {
        let live = &self.0.spans.live;
        let columns = Columns::ALL;
        let wanted = Wanted { collector: None, services: None, kinds: &[], columns };
        let limit = PageLimit { spans: limit.spans, bytes: limit.bytes };
        let read = live.reading(|| page(live, wanted, after, limit, budget))?;
        let first = read.spans.first().map(|first| first.receipt);
        let since = first.map(|first| live.reading(|| since::received_at(live, first, budget)));
        Ok(ReceivedSpans {
            since: since.transpose()?.flatten(),
            spans: read.spans,
            next_receipt: read.next_receipt,
            last_receipt: read.last_receipt,
        })
    }

    fn cursor_at(&self, instant: UnixNanos, budget: &Budget) -> Result<u64, EngineError> {
        let live = &self.0.spans.live;
        Ok(live.reading(|| since::cursor_at(live, instant, budget))?)
    }

    fn extent(&self) -> Result<Extent, EngineError> {
        Ok(Store::extent(self))
    }

    fn agent_minutes(
        &self,
        range: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<AgentMinute>, EngineError> {
        Ok(self.0.coverage.minutes(range, budget)?)
    }
}

impl MetricReader for Store {
    fn deltas(
        &self,
        wanted: &DeltaQuery,
        budget: &Budget,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError> {
        Ok(self.0.metrics.deltas(wanted, budget, visit)?)
    }

    fn metric_extent(&self) -> Result<MetricExtent, EngineError> {
        Ok(Store::metric_extent(self))
    }
}

impl PageWriter for Store {
    fn append_pages(&self, pages: Vec<Page>) -> Vec<Result<AppendedPage, EngineError>> {
        let mut answers: Vec<Option<Result<AppendedPage, EngineError>>> = Vec::new();
        let mut contents = Vec::with_capacity(pages.len());
        for Page { content, received, checkpoint } in pages {
            let content = match content {
                PageContent::Spans(spans) => Some(SpanPageContent::Spans(spans)),
                PageContent::Columns(checked) => {
                    checked.rows.downcast().ok().map(SpanPageContent::Columns)
                }
                _ => None,
            };
            let feature = "this content of a page";
            answers.push(content.is_none().then_some(Err(EngineError::Unsupported { feature })));
            let page = content.map(|content| SpanPage { content, received, checkpoint });
            contents.extend(page);
        }
        let mut committed = self.0.spans.commit_pages(contents).into_iter();
        let answers = answers.into_iter().map(|answer| {
            answer.or_else(|| committed.next().map(|page| page.map_err(EngineError::from)))
        });
        answers.flatten().collect()
    }

    fn check_columns(
        &self,
        columns: PageColumns,
        collector: Collector,
        keeps: &mut dyn FnMut(&PageSpan<'_>) -> bool,
    ) -> Result<CheckedColumns, ColumnsError> {
        check::check(columns, collector, keeps)
    }

    fn append_metric_page(
        &self,
        deltas: Vec<Delta>,
        received: UnixNanos,
        checkpoint: &MetricCheckpoint,
    ) -> Result<MetricCheckpoint, EngineError> {
        let mut checkpoint = checkpoint.clone();
        Store::append_metric_page(self, deltas, received, &mut checkpoint)?;
        Ok(checkpoint)
    }

    fn append_agent_minutes(&self, minutes: Vec<AgentMinute>) -> Result<(), EngineError> {
        Ok(self.0.coverage.append(minutes)?)
    }
}

impl Fleet for Store {
    fn agents(&self) -> Result<Vec<KnownAgent>, EngineError> {
        Ok(Store::agents(self))
    }

    fn register_agent(&self, agent: &KnownAgent) -> Result<(), EngineError> {
        Ok(Store::register_agent(self, agent)?)
    }

    fn forget_agent(&self, agent_id: &str) -> Result<(), EngineError> {
        let spans = &self.0.spans;
        Ok(spans.writer().forget(agent_id, &spans.live)?)
    }

    fn checkpoints(&self) -> Result<Vec<Checkpoint>, EngineError> {
        Ok(Store::checkpoints(self))
    }

    fn metric_checkpoints(&self) -> Result<Vec<MetricCheckpoint>, EngineError> {
        Ok(Store::metric_checkpoints(self))
    }

    fn signal_totals(&self) -> Result<Vec<SignalTotals>, EngineError> {
        let since = self.0.spans.live.read().first_received();
        let spans = Store::checkpoints(self).into_iter().map(|checkpoint| SignalTotals {
            agent_id: checkpoint.agent_id,
            signal: Signal::Spans(checkpoint.collector),
            stored: checkpoint.spans_stored,
            missed: checkpoint.spans_missed,
            since,
        });
        let since = self.0.metrics.first_time();
        let metrics = Store::metric_checkpoints(self).into_iter().map(|checkpoint| SignalTotals {
            agent_id: checkpoint.agent_id,
            signal: Signal::Metrics,
            stored: checkpoint.rows_stored,
            missed: checkpoint.rows_missed,
            since,
        });
        let mut totals: Vec<SignalTotals> = spans.chain(metrics).collect();
        totals.sort_by(|one, other| {
            (&one.agent_id, one.signal).cmp(&(&other.agent_id, other.signal))
        });
        Ok(totals)
    }
}

impl Retention for Store {
    fn maintain(
        &self,
        keep: SpanRetention,
        now: UnixNanos,
    ) -> Result<SpanMaintenance, EngineError> {
        Ok(Store::maintain(self, keep, now)?)
    }

    fn maintain_metrics(
        &self,
        keep: MetricRetention,
        now: UnixNanos,
    ) -> Result<MetricMaintenance, EngineError> {
        Ok(Store::maintain_metrics(self, keep, now)?)
    }

    fn merge_metrics(&self, keep: MetricRetention) -> Result<MetricMerge, EngineError> {
        Ok(Store::merge_metrics(self, keep)?)
    }

    fn merge_segments(&self, keep: SpanRetention) -> Result<u64, EngineError> {
        Ok(Store::merge_segments(self, keep)?)
    }
}
