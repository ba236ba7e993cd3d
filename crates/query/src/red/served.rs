//! The requests that services serve, of several services in one read.

use std::collections::{BTreeMap, BTreeSet};

use coral_engine::{DeltaQuery, EngineError};
use coral_trace::red::{Protocol, Series, Side, series_from_span};
use coral_trace::{Collector, Span, SpanKind, TimeRange, UnixNanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RedSource;
use super::answer::RedNumbers;
use super::count::covered_since;
use super::rows::{RowName, RowSum, Rows};
use super::started::StartedTraces;
use crate::reader::Reader;

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

/// Two time ranges that are compared, and the services with spans in each.
pub(crate) struct ComparedServices<'a> {
    /// Only this service; all services if `None`.
    pub(crate) service: Option<&'a str>,
    pub(crate) window: TimeRange,
    pub(crate) baseline: TimeRange,
    /// Services that may have spans in the window, and in the baseline.
    pub(crate) names: [BTreeSet<String>; 2],
    /// Services that consume messages, which metrics do not count.
    pub(crate) consumers: BTreeSet<String>,
}

impl Reader<'_> {
    /// The requests that services served in the window and in the baseline. A service whose
    /// requests metrics count in the window is counted from metrics in both, else from spans in
    /// both; messages are always counted from spans.
    pub(crate) fn served(
        &self,
        compared: &ComparedServices<'_>,
    ) -> Result<[Served; 2], EngineError> {
        let ComparedServices { service, window, baseline, names, consumers } = compared;
        let oldest = self.oldest_start()?;
        let mut now = self.served_by_metrics(*service, *window, oldest)?;
        let mut before = self.served_by_metrics(*service, *baseline, oldest)?;
        let mut by_metrics = now.services();
        let wants = |by_metrics: &BTreeSet<String>, service: &str, kind| {
            !by_metrics.contains(service) || kind == RequestKind::Messages
        };
        let by_spans = |names: &BTreeSet<String>, by_metrics: &BTreeSet<String>| {
            let is_by_spans =
                |name: &&String| !by_metrics.contains(*name) || consumers.contains(*name);
            names.iter().filter(is_by_spans).cloned().collect::<Vec<String>>()
        };
        let in_window = by_spans(&names[0], &by_metrics);
        let wanted = |service: &str, kind| wants(&by_metrics, service, kind);
        let counted = self.served_by_spans((&in_window, *service), *window, &wanted)?;
        now.add(counted, oldest);
        // A service without requests in the window is counted from metrics in the baseline, if
        // these have any.
        let is_gone = |service: &String| !now.services().contains(service);
        by_metrics.extend(before.services().into_iter().filter(is_gone));
        before.requests.retain(|(service, _), _| by_metrics.contains(service));
        let all_names: BTreeSet<String> = names[0].union(&names[1]).cloned().collect();
        let in_baseline = by_spans(&all_names, &by_metrics);
        let wanted = |service: &str, kind| wants(&by_metrics, service, kind);
        let counted = self.served_by_spans((&in_baseline, *service), *baseline, &wanted)?;
        before.add(counted, oldest);
        Ok([now, before])
    }

    /// The requests over HTTP and gRPC that metrics count. `oldest` is the start of the oldest
    /// span.
    fn served_by_metrics(
        &self,
        service: Option<&str>,
        range: TimeRange,
        oldest: Option<UnixNanos>,
    ) -> Result<Served, EngineError> {
        let mut found = Served::default();
        for (protocol, kind) in
            [(Protocol::Http, RequestKind::Http), (Protocol::Grpc, RequestKind::Grpc)]
        {
            let mut counted: BTreeMap<String, (Rows, UnixNanos)> = BTreeMap::new();
            let service = service.map(str::to_owned);
            let query = DeltaQuery { protocol, range, service, side: Some(Side::Server) };
            self.from.metrics.deltas(&query, self.budget, &mut |row| {
                let delta = &row.delta;
                let service = &delta.series.service;
                if !counted.contains_key(service) {
                    counted.insert(service.clone(), (Rows::of_metrics(), delta.since));
                }
                if let Some((rows, earliest)) = counted.get_mut(service) {
                    rows.add_histogram(&delta.series, &delta.histogram);
                    *earliest = delta.since.min(*earliest);
                }
                found.saw(service, delta.time);
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

    /// The requests of `services` that `wants` by service and kind, from eBPF spans, or from SDK
    /// spans if there are no eBPF spans of the same service and kind.
    fn served_by_spans(
        &self,
        (services, only): (&[String], Option<&str>),
        range: TimeRange,
        wants: &dyn Fn(&str, RequestKind) -> bool,
    ) -> Result<SpanRequests, EngineError> {
        let (requests, last_seen) = (BTreeMap::new(), BTreeMap::new());
        let mut found = SpanRequests { range, requests, last_seen };
        if services.is_empty() {
            return Ok(found);
        }
        let started = self.started_traces(only, range)?;
        for service in services {
            for collector in [Collector::Ebpf, Collector::Sdk] {
                let counted = self.spans_served(service, collector, &started, wants)?;
                for (kind, rows) in counted.rows {
                    let rows = || rows.finished();
                    found.requests.entry((service.clone(), kind)).or_insert_with(rows);
                }
                if let Some(last) = counted.last_seen {
                    let known = found.last_seen.entry(service.clone()).or_default();
                    *known = last.max(*known);
                }
            }
        }
        Ok(found)
    }

    fn spans_served(
        &self,
        service: &str,
        collector: Collector,
        started: &StartedTraces,
        wants: &dyn Fn(&str, RequestKind) -> bool,
    ) -> Result<OneService, EngineError> {
        let mut found = OneService::default();
        let mut add = |span: &Span| {
            if !started.includes(span) {
                return;
            }
            found.last_seen = found.last_seen.max(Some(span.end));
            let Some((kind, series)) = kind_of(span) else { return };
            if wants(service, kind) {
                let rows = found.rows.entry(kind).or_insert_with(Rows::of_spans);
                match series {
                    Some(series) => rows.add_span(&series, span, false),
                    None => rows.add_operation(span),
                }
            }
        };
        let ended = started.spans_ended();
        let kinds = [SpanKind::Server, SpanKind::Consumer];
        self.from.traces.spans_ended(service, collector, &kinds, ended, self.budget, &mut add)?;
        Ok(found)
    }
}

/// The requests that are counted from the spans of several services.
struct SpanRequests {
    range: TimeRange,
    requests: BTreeMap<(String, RequestKind), Rows>,
    last_seen: BTreeMap<String, UnixNanos>,
}

/// The requests that are counted from the spans of one service.
#[derive(Default)]
struct OneService {
    rows: BTreeMap<RequestKind, Rows>,
    last_seen: Option<UnixNanos>,
}

/// The kind of request that `span` served, with its series if the kind has RED metrics; `None` if
/// the span served none.
fn kind_of(span: &Span) -> Option<(RequestKind, Option<Series>)> {
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

    pub(crate) fn saw(&mut self, service: &str, at: UnixNanos) {
        match self.last_seen.get_mut(service) {
            Some(last) => *last = at.max(*last),
            None => drop(self.last_seen.insert(service.to_owned(), at)),
        }
    }

    fn add(&mut self, counted: SpanRequests, oldest: Option<UnixNanos>) {
        let range = counted.range;
        for (of, rows) in counted.requests {
            let (source, covered_since) = (RedSource::Spans, covered_since(range, None, oldest));
            self.requests.insert(of, ServedRequests { rows, source, range, covered_since });
        }
        for (service, last) in counted.last_seen {
            self.saw(&service, last);
        }
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
