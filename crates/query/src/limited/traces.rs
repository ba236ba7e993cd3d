//! The spans of the services of a scope, as an engine answers that has no others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use coral_engine::{
    AgentMinute, Budget, Capabilities, Columns, EngineError, Extent, Operation, Order,
    RedactedParent, RedactedSpan, RedactedSpans, StoredSpan, StoredTrace, TraceQuery, TraceReader,
    TraceSummary,
};
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, SpanId, SpanKind, TimeRange, TraceId, TraceIdPrefix, UnixNanos};

use super::ServiceScope;
use super::summary::{columns, summary};
use super::walk::{Bar, TOGETHER};

/// Reads the spans of the services of a scope.
pub(super) struct LimitedTraces {
    inner: Arc<dyn TraceReader>,
    scope: Arc<ServiceScope>,
}

/// The extent that a limited reader says: nothing, because sizes count the spans of all services.
pub(super) const NO_EXTENT: Extent =
    Extent { spans: 0, segments: 0, bytes: 0, last_receipt: 0, first_receipt: 1, damaged: 0 };

/// How many ids with a prefix are listed first. The number grows until enough are in the scope.
const FIRST_CANDIDATES: u32 = 64;
/// So many of the newest traces tell most services of a period. The others are looked for one by
/// one, if they are not more than [`MAX_LOOKED_FOR`].
const NEWEST: u32 = 256;
const MAX_LOOKED_FOR: usize = 512;
/// The operations of a period include those of traces that began up to so long before it, because
/// the spans of the scope start later than their trace.
const LONG_TRACE: Duration = Duration::from_secs(3_600);

impl LimitedTraces {
    pub(super) fn new(inner: Arc<dyn TraceReader>, scope: Arc<ServiceScope>) -> Self {
        Self { inner, scope }
    }

    pub(super) fn inner(&self) -> &dyn TraceReader {
        &*self.inner
    }

    fn shows(&self, stored: &StoredSpan) -> bool {
        self.scope.allows(stored.span.origin.service_name())
    }

    /// The stored services of the scope, and perhaps others of the scope.
    fn known_services(&self, budget: &Budget) -> Result<Vec<String>, EngineError> {
        if let Some(names) = self.scope.exact() {
            return Ok(names.to_vec());
        }
        let all = self.inner.services(TimeRange::ALL, budget)?;
        Ok(all.into_iter().filter(|name| self.scope.allows(name)).collect())
    }

    /// The services of `query` that are in the scope; all of the scope if it names none.
    fn services_of(&self, query: &TraceQuery, budget: &Budget) -> Result<Vec<String>, EngineError> {
        if query.services.is_empty() {
            return self.known_services(budget);
        }
        let named = query.services.iter().filter(|name| self.scope.allows(name));
        Ok(named.cloned().collect())
    }

    /// The spans of `traces` in the scope, sorted by trace id, start and span id.
    pub(super) fn shown_spans(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        let mut spans = self.inner.spans_of(traces, collector, columns, u32::MAX, budget)?;
        spans.retain(|stored| self.shows(stored));
        self.cut_links(&mut spans, budget)?;
        Ok(spans)
    }

    /// Removes links to other traces that have no span in the scope.
    fn cut_links(&self, spans: &mut [StoredSpan], budget: &Budget) -> Result<(), EngineError> {
        let mut shown: BTreeMap<TraceId, bool> = BTreeMap::new();
        for StoredSpan { span, .. } in spans.iter_mut().filter(|one| !one.span.links.is_empty()) {
            for link in &span.links {
                if link.trace_id != span.trace_id && !shown.contains_key(&link.trace_id) {
                    shown.insert(link.trace_id, self.contains(link.trace_id, budget)?);
                }
            }
            span.links.retain(|link| shown.get(&link.trace_id).copied().unwrap_or(true));
        }
        Ok(())
    }
}

impl TraceReader for LimitedTraces {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn search(
        &self,
        query: &TraceQuery,
        budget: &Budget,
    ) -> Result<Vec<TraceSummary>, EngineError> {
        self.inner.capabilities().check(query)?;
        let services = self.services_of(query, budget)?;
        if services.is_empty() || query.limit == 0 {
            return Ok(Vec::new());
        }
        let wanted = query.filter.as_ref().map_or(Columns::CORE, coral_engine::Filter::columns);
        let mut best = Best { query, traces: BTreeMap::new() };
        let mut visit = |trace: TraceId, spans: &[StoredSpan]| {
            best.add(trace, spans);
            best.bar()
        };
        self.walk(query, &services, columns() | wanted, budget, &mut visit)?;
        Ok(best.traces.into_values().collect())
    }

    fn trace(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<StoredTrace, EngineError> {
        // The services of the trace are read without its spans: a trace of others takes no longer
        // than one that is not stored.
        let sum = self.inner.trace(trace, collector, Columns::CORE, 0, budget)?;
        if !sum.services.iter().any(|service| self.scope.allows(service)) {
            return Ok(StoredTrace::default());
        }
        let all = self.inner.trace(trace, collector, Columns::CORE, u32::MAX, budget)?;
        let mut shown = all.spans;
        let mut last = 0;
        let mut at = 0_u32;
        let mut kept = 0_u32;
        shown.retain(|stored| {
            at += 1;
            let is_shown = self.shows(stored);
            kept += u32::from(is_shown);
            if is_shown && kept <= limit {
                last = at;
            }
            is_shown
        });
        let spans = shown.iter().map(|stored| &stored.span);
        let services: BTreeSet<&str> =
            spans.clone().map(|span| span.origin.service_name()).collect();
        let mut found = StoredTrace {
            span_count: shown.len() as u64,
            error_count: spans.clone().filter(|span| span.is_error()).count() as u64,
            start: micros(spans.clone().map(|span| span.start).min()),
            end: micros(spans.map(|span| span.end).max()),
            services: services.into_iter().map(str::to_owned).collect(),
            spans: Vec::new(),
        };
        found.spans = match columns == Columns::CORE {
            true => shown,
            // Spans that start together are sorted by id, so the first ones are always the same.
            false => self.inner.trace(trace, collector, columns, last, budget)?.spans,
        };
        found.spans.retain(|stored| self.shows(stored));
        found.spans.truncate(limit as usize);
        self.cut_links(&mut found.spans, budget)?;
        Ok(found)
    }

    fn contains(&self, trace: TraceId, budget: &Budget) -> Result<bool, EngineError> {
        let sum = self.inner.trace(trace, None, Columns::CORE, 0, budget)?;
        Ok(sum.services.iter().any(|service| self.scope.allows(service)))
    }

    fn traces_with_prefix(
        &self,
        prefix: TraceIdPrefix,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<TraceId>, EngineError> {
        let (mut found, mut tested) = (Vec::new(), 0);
        let mut candidates = limit.max(FIRST_CANDIDATES);
        loop {
            let listed = self.inner.traces_with_prefix(prefix, candidates, budget)?;
            for id in listed.iter().skip(tested) {
                if found.len() >= limit as usize {
                    return Ok(found);
                }
                if self.contains(*id, budget)? {
                    found.push(*id);
                }
            }
            if listed.len() < candidates as usize || found.len() >= limit as usize {
                return Ok(found);
            }
            tested = listed.len();
            candidates = candidates.saturating_mul(4);
        }
    }

    fn spans_of(
        &self,
        traces: &[TraceId],
        collector: Option<Collector>,
        columns: Columns,
        limit: u32,
        budget: &Budget,
    ) -> Result<Vec<StoredSpan>, EngineError> {
        let ids: BTreeSet<TraceId> = traces.iter().copied().collect();
        let ids: Vec<TraceId> = ids.into_iter().collect();
        let mut found = Vec::new();
        for some in ids.chunks(TOGETHER) {
            found.extend(self.shown_spans(some, collector, columns, budget)?);
            if found.len() >= limit as usize {
                break;
            }
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    fn span(
        &self,
        trace: TraceId,
        span: SpanId,
        columns: Columns,
        budget: &Budget,
    ) -> Result<Option<StoredSpan>, EngineError> {
        // A trace of others takes no longer than one that is not stored.
        if !self.contains(trace, budget)? {
            return Ok(None);
        }
        let mut found: Vec<StoredSpan> =
            self.inner.span(trace, span, columns, budget)?.into_iter().collect();
        found.retain(|stored| self.shows(stored));
        self.cut_links(&mut found, budget)?;
        Ok(found.pop())
    }

    fn services(
        &self,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<BTreeSet<String>, EngineError> {
        let known: BTreeSet<String> = self.known_services(budget)?.into_iter().collect();
        let newest = TraceQuery { started, ..TraceQuery::newest(NEWEST) };
        let newest = self.search(&newest, budget)?;
        let is_all = newest.len() < NEWEST as usize;
        let mut found: BTreeSet<String> =
            newest.into_iter().flat_map(|trace| trace.services).collect();
        let others: Vec<String> = known.difference(&found).cloned().collect();
        if is_all {
            return Ok(found);
        }
        if others.len() > MAX_LOOKED_FOR {
            let near = self.inner.services(started, budget)?;
            found.extend(others.into_iter().filter(|name| near.contains(name)));
            return Ok(found);
        }
        for service in others {
            let services = vec![service.clone()];
            let query = TraceQuery { started, services, ..TraceQuery::newest(1) };
            if !self.search(&query, budget)?.is_empty() {
                found.insert(service);
            }
        }
        Ok(found)
    }

    fn operations(
        &self,
        service: &str,
        started: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<Operation>, EngineError> {
        if !self.scope.allows(service) {
            budget.check()?;
            return Ok(Vec::new());
        }
        let started = TimeRange { start: started.start.earlier(LONG_TRACE), ..started };
        self.inner.operations(service, started, budget)
    }

    fn dependencies(
        &self,
        started: TimeRange,
        collector: Option<Collector>,
        budget: &Budget,
    ) -> Result<Dependencies, EngineError> {
        let mut map = Dependencies::default();
        let query = TraceQuery { started, collector, ..TraceQuery::newest(u32::MAX) };
        let services = self.known_services(budget)?;
        if services.is_empty() {
            return Ok(map);
        }
        let bar = Bar::of(&query);
        let mut visit = |_: TraceId, spans: &[StoredSpan]| {
            let start = spans.iter().map(|stored| stored.span.start.as_micros()).min();
            if start.is_some_and(|start| is_in(started, start)) {
                let calls: Vec<_> = spans.iter().map(|stored| map.span(&stored.span)).collect();
                map.add_trace(&calls);
            }
            bar
        };
        self.walk(&query, &services, columns(), budget, &mut visit)?;
        Ok(map)
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
        let services = services.iter().filter(|name| self.scope.allows(name));
        let services: BTreeSet<String> = services.cloned().collect();
        if services.is_empty() {
            return Ok(budget.check()?);
        }
        let mut shown = |stored: &StoredSpan| {
            if stored.span.links.is_empty() {
                return visit(stored);
            }
            // Links are not asked for, and whether they are shown would take another read.
            let mut stored = stored.clone();
            stored.span.links.clear();
            visit(&stored);
        };
        self.inner.spans_ended(&services, collector, kinds, ended, budget, &mut shown)
    }

    fn oldest_start(
        &self,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let services: BTreeSet<String> = self.known_services(budget)?.into_iter().collect();
        self.oldest_start_of(&services, collector, budget)
    }

    fn oldest_start_of(
        &self,
        services: &BTreeSet<String>,
        collector: Collector,
        budget: &Budget,
    ) -> Result<Option<UnixNanos>, EngineError> {
        let services = services.iter().filter(|name| self.scope.allows(name));
        let services: BTreeSet<String> = services.cloned().collect();
        if services.is_empty() {
            budget.check()?;
            return Ok(None);
        }
        self.inner.oldest_start_of(&services, collector, budget)
    }

    fn redacted(
        &self,
        trace: TraceId,
        collector: Option<Collector>,
        limit: u32,
        budget: &Budget,
    ) -> Result<RedactedSpans, EngineError> {
        if !self.contains(trace, budget)? {
            return Ok(RedactedSpans::default());
        }
        let all = self.inner.spans_of(&[trace], collector, Columns::CORE, u32::MAX, budget)?;
        let (shown, hidden): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|stored| self.shows(stored));
        // Without a span of the scope from this collector, there is no trace to be part of.
        if shown.is_empty() {
            return Ok(RedactedSpans::default());
        }
        Ok(redacted(&shown, &hidden, limit))
    }

    /// Nothing: sizes count the spans of all services.
    fn extent(&self) -> Result<Extent, EngineError> {
        Ok(NO_EXTENT)
    }

    fn agent_minutes(
        &self,
        range: TimeRange,
        budget: &Budget,
    ) -> Result<Vec<AgentMinute>, EngineError> {
        let mut minutes = self.inner.agent_minutes(range, budget)?;
        minutes.retain_mut(|record| {
            record.services.retain(|(service, _), _| self.scope.allows(service));
            record.requests.retain(|(service, _), _| self.scope.allows(service));
            // A record without polling is of spans only.
            record.polled.is_some() || !record.services.is_empty() || !record.requests.is_empty()
        });
        Ok(minutes)
    }
}

/// The summary of a trace with these `spans`, if it matches `query`.
fn matching(query: &TraceQuery, trace: TraceId, spans: &[StoredSpan]) -> Option<TraceSummary> {
    let found = summary(trace, spans)?;
    let fits = is_in(query.started, found.start.as_micros())
        && query.min_duration_us.is_none_or(|min| found.duration_us >= min)
        && query.max_duration_us.is_none_or(|max| found.duration_us <= max)
        && query.failed.is_none_or(|failed| failed == (found.errors > 0));
    let meets = || {
        let filter = query.filter.as_ref();
        filter.is_none_or(|filter| filter.matches(spans.iter().map(|stored| &stored.span)))
    };
    (fits && meets()).then_some(found)
}

/// The best traces of a search so far, in its order.
struct Best<'a> {
    query: &'a TraceQuery,
    traces: BTreeMap<Key, TraceSummary>,
}

/// The place of a trace in the order of a search: duration and start, negative, and id.
type Key = (i64, i64, TraceId);

impl Best<'_> {
    fn add(&mut self, trace: TraceId, spans: &[StoredSpan]) {
        let query = self.query;
        let Some(found) = matching(query, trace, spans) else { return };
        if query.after.is_some_and(|after| !after.is_before(&found, query.order)) {
            return;
        }
        let duration = if query.order == Order::Slowest { found.duration_us } else { 0 };
        let key = (duration.saturating_neg(), -found.start.as_micros(), trace);
        self.traces.insert(key, found);
        while self.traces.len() > query.limit as usize {
            self.traces.pop_last();
        }
    }

    /// What a further trace must reach to be among the best.
    fn bar(&self) -> Bar {
        let mut bar = Bar::of(self.query);
        let last = self.traces.values().last();
        let Some(last) = last.filter(|_| self.traces.len() >= self.query.limit as usize) else {
            return bar;
        };
        match self.query.order {
            Order::Newest => bar.since_us = bar.since_us.max(last.start.as_micros()),
            Order::Slowest => bar.min_duration_us = bar.min_duration_us.max(last.duration_us),
        }
        bar
    }
}

/// The first `limit` of the spans that are not shown, with their places among those that are.
fn redacted(shown: &[StoredSpan], hidden: &[StoredSpan], limit: u32) -> RedactedSpans {
    let limit = limit as usize;
    let numbered: HashMap<SpanId, usize> =
        hidden.iter().take(limit).enumerate().map(|(at, one)| (one.span.span_id, at)).collect();
    let is_shown: BTreeSet<SpanId> = shown.iter().map(|one| one.span.span_id).collect();
    let parent = |id: SpanId| match numbered.get(&id) {
        Some(at) => Some(RedactedParent::Redacted(*at)),
        None => is_shown.contains(&id).then_some(RedactedParent::Shown(id)),
    };
    let mut spans: Vec<RedactedSpan> = hidden
        .iter()
        .take(limit)
        .map(|StoredSpan { span, .. }| RedactedSpan {
            parent: span.parent_span_id.and_then(parent),
            start: micros(Some(span.start)),
            duration_us: i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX),
            children: Vec::new(),
        })
        .collect();
    for StoredSpan { span, .. } in shown {
        let above = span.parent_span_id.and_then(|id| numbered.get(&id));
        if let Some(at) = above {
            spans[*at].children.push(span.span_id);
        }
    }
    spans.iter_mut().for_each(|span| span.children.sort_unstable());
    RedactedSpans { count: hidden.len() as u64, spans }
}

fn is_in(started: TimeRange, start_us: i64) -> bool {
    start_us >= started.start.as_micros() && start_us < started.end.as_micros()
}

/// `time` truncated to microseconds; 0 for none.
fn micros(time: Option<UnixNanos>) -> UnixNanos {
    time.map_or(UnixNanos(0), |time| UnixNanos::from_micros(time.as_micros()))
}
