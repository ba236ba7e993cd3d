//! Counts requests and other spans by service, name, kind and status.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use coral_engine::{DeltaQuery, EngineError, StoredSpan};
use coral_trace::red::{Delta, Exemplar, Protocol, Side, protocol_of_span};
use coral_trace::{Collector, Span, SpanKind, StatusCode};

use super::counters::{Counters, Requests};
use super::metric::Family;
use super::names::{
    KINDS, PROTOCOL, SERVICE, SPAN_KIND, SPAN_NAME, STATUS_CODE, span_kind, span_name,
};
use super::{Wanted, buckets};
use crate::promql::Labels;
use crate::reader::Reader;
use crate::sampling::RecordedShares;

const NANOS_PER_SECOND: f64 = 1e9;

/// A service and the kind of its spans.
type Place = (String, SpanKind);

impl Reader<'_> {
    /// Adds the requests and spans that are `wanted` to `counters`.
    ///
    /// Requests of a service on one side are counted from RED metrics if these have some in the
    /// time; otherwise from eBPF spans, or from SDK spans if the service has no eBPF spans of the
    /// kind. So each request counts once. A span counts as one divided by its recorded share.
    pub(crate) fn count_span_calls(
        &self,
        wanted: &dyn Wanted,
        counters: &mut Counters,
    ) -> Result<(), EngineError> {
        let mut counted = self.count_metrics(wanted, counters)?;
        let range = counters.moments().range();
        let mut services = self.from.traces.services(range, self.budget)?;
        services.retain(|service| wanted.may_be(SERVICE, service));
        let shares = self.recorded_shares(range)?;
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let mut spans = SpanCounting { shares: &shares, places: HashMap::new(), counters };
            for (kinds, services) in reads(&services, &counted, wanted) {
                let (traces, budget) = (&self.from.traces, self.budget);
                let mut visit = |stored: &StoredSpan| spans.add(stored);
                traces.spans_ended(&services, collector, &kinds, range, budget, &mut visit)?;
            }
            counted.extend(spans.found());
        }
        Ok(())
    }

    /// Adds the requests of RED metrics, and returns the services and sides that have some.
    fn count_metrics(
        &self,
        wanted: &dyn Wanted,
        counters: &mut Counters,
    ) -> Result<HashSet<Place>, EngineError> {
        let sides = [Side::Server, Side::Client];
        let sides: Vec<Side> = sides
            .into_iter()
            .filter(|side| wanted.may_be(SPAN_KIND, span_kind(kind_of(*side))))
            .collect();
        let side = match sides[..] {
            [] => return Ok(HashSet::new()),
            [one] => Some(one),
            _ => None,
        };
        let mut counted = HashSet::new();
        let range = counters.moments().range();
        for protocol in Protocol::ALL {
            let query = DeltaQuery { side, ..DeltaQuery::all(protocol, range) };
            self.from.metrics.deltas(&query, self.budget, &mut |row| {
                let series = &row.delta.series;
                if wanted.may_be(SERVICE, &series.service) {
                    counted.insert((series.service.clone(), kind_of(series.side)));
                    add_delta(&row.delta, counters);
                }
            })?;
        }
        Ok(counted)
    }
}

/// The kinds of spans that are read together, with the services that have some to count. Reads of
/// the same services are one.
fn reads(
    services: &BTreeSet<String>,
    counted: &HashSet<Place>,
    wanted: &dyn Wanted,
) -> Vec<(Vec<SpanKind>, BTreeSet<String>)> {
    let mut reads: BTreeMap<BTreeSet<String>, Vec<SpanKind>> = BTreeMap::new();
    for kind in KINDS.into_iter().filter(|kind| wanted.may_be(SPAN_KIND, span_kind(*kind))) {
        let is_open = |service: &&String| !counted.contains(&((*service).clone(), kind));
        let open: BTreeSet<String> = services.iter().filter(is_open).cloned().collect();
        if !open.is_empty() {
            reads.entry(open).or_default().push(kind);
        }
    }
    reads.into_iter().map(|(services, kinds)| (kinds, services)).collect()
}

fn kind_of(side: Side) -> SpanKind {
    match side {
        Side::Server => SpanKind::Server,
        Side::Client => SpanKind::Client,
    }
}

fn add_delta(delta: &Delta, counters: &mut Counters) {
    let series = &delta.series;
    let status = if series.is_error() { StatusCode::Error } else { StatusCode::Unset };
    let kind = kind_of(series.side);
    let name = span_name(series);
    let labels = labels(&series.service, &name, kind, status, Some(series.protocol));
    let Some(place) = counters.place(&labels) else { return };
    let count = delta.histogram.count() as f64;
    let seconds = buckets::seconds(&delta.histogram);
    let requests = Requests {
        count,
        failed: if series.is_error() { count } else { 0.0 },
        seconds: [seconds, 0.0],
        buckets: buckets::of_histogram(Family::SpanCalls.bounds(), &delta.histogram),
        exemplar: delta.exemplars.iter().max_by_key(|exemplar| exemplar.nanos).cloned(),
    };
    counters.add(place, delta.time, &requests);
}

fn labels(
    service: &str,
    name: &str,
    kind: SpanKind,
    status: StatusCode,
    protocol: Option<Protocol>,
) -> Labels {
    let status = match status {
        StatusCode::Unset => "STATUS_CODE_UNSET",
        StatusCode::Ok => "STATUS_CODE_OK",
        StatusCode::Error => "STATUS_CODE_ERROR",
    };
    Labels::from([
        (SERVICE, service),
        (SPAN_NAME, name),
        (SPAN_KIND, span_kind(kind)),
        (STATUS_CODE, status),
        (PROTOCOL, protocol.map(Protocol::as_str).unwrap_or_default()),
    ])
}

/// Counts spans. The places of series are found without making their labels again.
struct SpanCounting<'a> {
    shares: &'a RecordedShares,
    places: HashMap<String, HashMap<String, Vec<ShapePlace>>>,
    counters: &'a mut Counters,
}

/// What tells the series of one service and span name apart.
type Shape = (SpanKind, StatusCode, Option<Protocol>);
/// A shape, and the place of its series if it is not left out.
type ShapePlace = (Shape, Option<usize>);

impl SpanCounting<'_> {
    fn add(&mut self, stored: &StoredSpan) {
        let span = &stored.span;
        if self.counters.is_too_large() {
            return;
        }
        let Some(place) = self.place(span) else { return };
        let weight = 1.0 / self.shares.of(stored).unwrap_or(1.0);
        let nanos = u64::try_from(span.duration().as_nanos()).unwrap_or(u64::MAX);
        let seconds = nanos as f64 / NANOS_PER_SECOND;
        let family = Family::SpanCalls;
        let (trace_id, span_id, time) = (span.trace_id, span.span_id, span.end);
        let requests = Requests {
            exemplar: Some(Exemplar { trace_id, span_id, nanos, time }),
            ..Requests::one(family, weight, span.is_error(), [seconds, 0.0])
        };
        self.counters.add(place, span.end, &requests);
    }

    /// The services and kinds that had spans.
    fn found(self) -> HashSet<Place> {
        let of_service = |(service, names): (String, HashMap<String, Vec<ShapePlace>>)| {
            let shapes = names.into_values().flatten();
            let kinds: HashSet<SpanKind> = shapes.map(|(shape, _)| shape.0).collect();
            kinds.into_iter().map(move |kind| (service.clone(), kind))
        };
        self.places.into_iter().flat_map(of_service).collect()
    }

    fn place(&mut self, span: &Span) -> Option<usize> {
        let service = span.origin.service_name();
        let shape: Shape = (span.kind, span.status.code, protocol_of_span(span));
        let known = self.places.get(service).and_then(|names| names.get(&span.name));
        let known = known.and_then(|shapes| shapes.iter().find(|(other, _)| *other == shape));
        if let Some((_, place)) = known {
            return *place;
        }
        let (kind, status, protocol) = shape;
        let place = self.counters.place(&labels(service, &span.name, kind, status, protocol));
        let names = self.places.entry(service.to_owned()).or_default();
        names.entry(span.name.clone()).or_default().push((shape, place));
        place
    }
}
