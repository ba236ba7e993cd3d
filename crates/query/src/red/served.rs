//! The requests that services serve, of several services in one read.

use std::collections::{BTreeMap, BTreeSet};

use coral_engine::{DeltaQuery, EngineError, Grain, StoredSpan};
use coral_trace::dependency::LatencyLimit;
use coral_trace::red::{Protocol, Series, Side, series_from_span};
use coral_trace::{Collector, Span, SpanKind, TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RedSource;
use super::answer::RedNumbers;
use super::count::covered_since;
use super::rows::{RowName, RowSum, Rows};
use super::started::StartedTraces;
use super::steps::{StepSums, Steps};
use crate::reader::Reader;
use crate::sampling::{RecordedShares, Share};

/// What kind of requests a service serves.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RequestKind {
    /// HTTP requests.
    Http,
    /// gRPC calls.
    Grpc,
    /// Messages of a queue: consumer spans.
    Messages,
    /// Other server spans.
    Other,
}

/// The requests of one kind that a service served in a time range.
pub(crate) struct ServedRequests {
    rows: Rows,
    pub(crate) source: RedSource,
    range: TimeRange,
    /// When the stored data begins, in the time range or before.
    covered_since: UnixNanos,
}

/// The requests that services served in a time range.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) requests: BTreeMap<(String, RequestKind), ServedRequests>,
    /// When the last request of each service ended, or was counted by metrics.
    pub(crate) last_seen: BTreeMap<String, UnixNanos>,
}

/// Kinds of requests, by the service that serves them.
pub(crate) type KindsOfServices = BTreeMap<String, BTreeSet<RequestKind>>;

/// Two time ranges that are compared, and what is known of the services before their requests are
/// read.
pub(crate) struct ComparedServices<'a> {
    /// Only this service; all services if `None`.
    pub(crate) service: Option<&'a str>,
    pub(crate) window: TimeRange,
    pub(crate) baseline: TimeRange,
    /// Services that may have spans in either range.
    pub(crate) names: BTreeSet<String>,
    /// Kinds of requests that some spans of services served.
    pub(crate) sampled: KindsOfServices,
    /// The shares of spans that are recorded.
    pub(crate) shares: &'a RecordedShares,
    /// Into which steps the requests of the window are divided, if that was asked for.
    pub(crate) steps: Option<Steps>,
}

impl Reader<'_> {
    /// The requests that services served in the window and in the baseline. Requests of a kind that
    /// metrics count in the window are counted from metrics in both; so are those without requests in
    /// the window that metrics count in the baseline. All others are counted from spans in both.
    ///
    /// Metrics do not count messages. Of a service whose requests metrics count, server spans are
    /// only read if one of the sampled spans served a kind of requests that its metrics do not count.
    pub(crate) fn served(
        &self,
        compared: &ComparedServices<'_>,
    ) -> Result<[Served; 2], EngineError> {
        let ComparedServices { service, window, baseline, names, sampled, shares, steps } =
            compared;
        let oldest = self.oldest_start()?;
        let mut now = self.served_by_metrics(*service, *window, oldest, *steps)?;
        let mut before = self.served_by_metrics(*service, *baseline, oldest, None)?;
        let mut counted = now.kinds();
        let (whole, messages) = by_spans(names, &counted, sampled);
        let read = |range, of: [&BTreeSet<String>; 2], counted: &KindsOfServices, steps| {
            let started = self.started_traces(*service, range)?;
            let counted = SpanRequests { counted: counted.clone(), steps, ..Default::default() };
            self.served_by_spans(of, &started, counted, shares)
        };
        now.add(read(*window, [&whole, &messages], &counted, *steps)?, *window, oldest);
        let seen = now.kinds();
        for (service, kinds) in before.kinds() {
            let gone = |kind: &RequestKind| !has(&seen, &service, *kind);
            counted.entry(service.clone()).or_default().extend(kinds.into_iter().filter(gone));
        }
        before.requests.retain(|(service, kind), _| has(&counted, service, *kind));
        let (whole, messages) = by_spans(names, &counted, &joined(sampled, &seen));
        before.add(read(*baseline, [&whole, &messages], &counted, None)?, *baseline, oldest);
        Ok([now, before])
    }

    /// The requests over HTTP and gRPC that metrics count. `oldest` is the start of the oldest
    /// span.
    fn served_by_metrics(
        &self,
        service: Option<&str>,
        range: TimeRange,
        oldest: Option<UnixNanos>,
        steps: Option<Steps>,
    ) -> Result<Served, EngineError> {
        let mut found = Served::default();
        for (protocol, kind) in
            [(Protocol::Http, RequestKind::Http), (Protocol::Grpc, RequestKind::Grpc)]
        {
            let mut counted: BTreeMap<String, (Rows, UnixNanos)> = BTreeMap::new();
            let service = service.map(str::to_owned);
            let query = DeltaQuery {
                service,
                side: Some(Side::Server),
                exemplars: false,
                grain: steps.map_or(Grain::Range, Steps::grain),
                ..DeltaQuery::all(protocol, range)
            };
            self.from.metrics.deltas(&query, self.budget, &mut |row| {
                let delta = &row.delta;
                let service = &delta.series.service;
                if !counted.contains_key(service) {
                    counted
                        .insert(service.clone(), (Rows::of_metrics().in_steps(steps), delta.since));
                }
                if let Some((rows, earliest)) = counted.get_mut(service) {
                    rows.add_histogram(delta);
                    *earliest = delta.since.min(*earliest);
                }
                saw(&mut found.last_seen, service, delta.time);
            })?;
            for (service, (rows, earliest)) in counted {
                let covered_since = covered_since(range, Some(earliest), oldest);
                let source = RedSource::Metrics;
                let requests = ServedRequests { rows, source, range, covered_since };
                found.requests.insert((service, kind), requests);
            }
        }
        Ok(found)
    }

    /// The requests in the server and consumer spans of the services `whole`, and in the consumer
    /// spans of `messages`, except for kinds that are counted in `found`: from eBPF spans, or from SDK spans if
    /// there are no eBPF spans of the same service and kind.
    fn served_by_spans(
        &self,
        [whole, messages]: [&BTreeSet<String>; 2],
        started: &StartedTraces,
        mut found: SpanRequests,
        shares: &RecordedShares,
    ) -> Result<SpanRequests, EngineError> {
        for collector in [Collector::Ebpf, Collector::Sdk] {
            for (services, kinds) in [
                (whole, &[SpanKind::Server, SpanKind::Consumer][..]),
                (messages, &[SpanKind::Consumer]),
            ] {
                if services.is_empty() {
                    continue;
                }
                let ended = started.spans_ended();
                let mut add = |stored: &StoredSpan| {
                    if started.includes(&stored.span) {
                        found.add(&stored.span, || shares.of(stored));
                    }
                };
                let traces = &self.from.traces;
                traces.spans_ended(services, collector, kinds, ended, self.budget, &mut add)?;
            }
            found.finish();
        }
        Ok(found)
    }
}

/// The services whose requests are counted from spans: those whose server spans are read, and those
/// whose messages only. `counted` kinds are counted from metrics; `seen` ones have spans.
fn by_spans(
    names: &BTreeSet<String>,
    counted: &KindsOfServices,
    seen: &KindsOfServices,
) -> (BTreeSet<String>, BTreeSet<String>) {
    names.iter().cloned().partition(|service| {
        let is_uncounted =
            |kind: &RequestKind| *kind != RequestKind::Messages && !has(counted, service, *kind);
        counted.get(service).is_none_or(BTreeSet::is_empty)
            || seen.get(service).is_some_and(|kinds| kinds.iter().any(is_uncounted))
    })
}

fn has(kinds: &KindsOfServices, service: &str, kind: RequestKind) -> bool {
    kinds.get(service).is_some_and(|kinds| kinds.contains(&kind))
}

/// Both together.
pub(crate) fn joined(one: &KindsOfServices, other: &KindsOfServices) -> KindsOfServices {
    let mut joined = one.clone();
    for (service, kinds) in other {
        joined.entry(service.clone()).or_default().extend(kinds);
    }
    joined
}

/// The requests that are counted from the spans of several services.
#[derive(Default)]
struct SpanRequests {
    rows: BTreeMap<String, BTreeMap<RequestKind, Rows>>,
    limit: LatencyLimit,
    last_seen: BTreeMap<String, UnixNanos>,
    /// Kinds that are counted already: from metrics, or from spans of another collector.
    counted: KindsOfServices,
    steps: Option<Steps>,
}

impl SpanRequests {
    /// Adds the request of `span`, if it served one; `share` is the share of such spans that is
    /// recorded.
    fn add(&mut self, span: &Span, share: impl FnOnce() -> Share) {
        let service = span.origin.service_name();
        saw(&mut self.last_seen, service, span.end);
        let Some((kind, series)) = request_kind(span) else { return };
        if has(&self.counted, service, kind) {
            return;
        }
        if !self.rows.contains_key(service) {
            self.rows.insert(service.to_owned(), BTreeMap::new());
        }
        let Some(kinds) = self.rows.get_mut(service) else { return };
        let steps = self.steps;
        let rows = kinds.entry(kind).or_insert_with(|| Rows::of_spans().in_steps(steps));
        match series {
            Some(series) => rows.add_span(&series, span, share(), false),
            None => rows.add_operation(span, share()),
        }
        if self.limit.is_due_after(Rows::DURATIONS_A_SPAN) {
            self.limit_durations();
        }
    }

    /// The spans of a collector are added: those of another one do not count for the same kinds.
    fn finish(&mut self) {
        self.limit_durations();
        for (service, kinds) in &self.rows {
            self.counted.entry(service.clone()).or_default().extend(kinds.keys());
        }
    }

    fn limit_durations(&mut self) {
        let rows = self.rows.values_mut().flat_map(BTreeMap::values_mut);
        self.limit.apply(rows.flat_map(Rows::durations_mut));
    }
}

/// The kind of request that `span` served, with its series if the kind has RED metrics; `None` if
/// the span served none.
pub(crate) fn request_kind(span: &Span) -> Option<(RequestKind, Option<Series>)> {
    match span.kind {
        SpanKind::Consumer => Some((RequestKind::Messages, None)),
        SpanKind::Server => Some(match series_from_span(span) {
            Some(series) if series.protocol == Protocol::Http => (RequestKind::Http, Some(series)),
            Some(series) if series.protocol == Protocol::Grpc => (RequestKind::Grpc, Some(series)),
            _ => (RequestKind::Other, None),
        }),
        _ => None,
    }
}

impl Served {
    /// The services that served requests.
    pub(crate) fn services(&self) -> BTreeSet<String> {
        self.requests.keys().map(|(service, _)| service.clone()).collect()
    }

    /// The kinds of requests that each service served.
    fn kinds(&self) -> KindsOfServices {
        let mut kinds = KindsOfServices::new();
        for (service, kind) in self.requests.keys() {
            kinds.entry(service.clone()).or_default().insert(*kind);
        }
        kinds
    }

    fn add(&mut self, counted: SpanRequests, range: TimeRange, oldest: Option<UnixNanos>) {
        let (source, covered_since) = (RedSource::Spans, covered_since(range, None, oldest));
        for (service, kinds) in counted.rows {
            for (kind, rows) in kinds {
                let requests = ServedRequests { rows, source, range, covered_since };
                self.requests.insert((service.clone(), kind), requests);
            }
        }
        for (service, last) in counted.last_seen {
            saw(&mut self.last_seen, &service, last);
        }
    }
}

/// Records that a request of `service` ended at `at`.
fn saw(last_seen: &mut BTreeMap<String, UnixNanos>, service: &str, at: UnixNanos) {
    match last_seen.get_mut(service) {
        Some(last) => *last = at.max(*last),
        None => drop(last_seen.insert(service.to_owned(), at)),
    }
}

impl ServedRequests {
    /// The numbers of all requests together.
    pub(crate) fn numbers(&self) -> RedNumbers {
        self.rows.overall()
    }

    /// The part of the time range that the stored data covers, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.range.end.since(self.covered_since).as_secs_f64()
    }

    /// How many requests there are, and how many of them failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.rows.all().counts()
    }

    /// The requests by time, if they are divided into steps.
    pub(crate) fn steps(&self) -> Option<&StepSums> {
        self.rows.steps()
    }

    /// P50 and P95 in microseconds, or the bounds that they are above; `None` if unknown.
    pub(crate) fn percentiles(&self) -> [Option<u64>; 2] {
        self.rows.all().durations.percentiles([50, 95]).map(|found| Some(found?.least()))
    }

    /// The part of the requests that took longer than `micros`: 0 to 1.
    pub(crate) fn part_above(&self, micros: u64) -> f64 {
        self.rows.all().durations.part_above(micros)
    }

    /// Each operation with its sum of requests, sorted by name.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.rows.iter().map(|(name, sum)| Operation { name, sum })
    }

    /// The operation with this name.
    pub(crate) fn operation(&self, name: &RowName) -> Option<Operation<'_>> {
        self.rows.find(name).map(|(name, sum)| Operation { name, sum })
    }
}

/// One HTTP route, gRPC method or other operation that a service serves.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) name: &'a RowName,
    sum: &'a RowSum,
}

impl Operation<'_> {
    /// The name as tables have it: `POST /validate`.
    pub(crate) fn text(&self) -> String {
        super::rows::text(self.name)
    }

    /// How many requests there are, and how many of them failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.sum.counts()
    }

    pub(crate) fn numbers(&self) -> RedNumbers {
        self.sum.numbers()
    }
}
