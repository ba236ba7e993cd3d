//! The data set that the golden answers are about: the same spans and metrics in every run.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Event, Link, Resource, Scope, Span, SpanId, SpanKind, Status,
    StatusCode, TraceId, UnixNanos, Value,
};

use super::super::path::reference_trace;
use super::super::process::{Coral, eventually};
use super::super::red;

const MS: u64 = 1_000_000;
/// The start of the window of the golden questions, 2024-05-21T12:00:00Z. It is far from the
/// recordings of Beyla, and no answer depends on the clock of the host.
pub const BASE: u64 = 1_716_292_800_000 * MS;
/// The number of traces in the hour before [`BASE`], and in the quarter of an hour after it.
const BEFORE: u64 = 240;
const AFTER: u64 = 60;

/// A standalone Coral that holds the whole data set.
pub fn loaded(settings: &[&str]) -> Coral {
    filled(Coral::standalone(settings))
}

/// `coral` with the whole data set.
pub fn filled(coral: Coral) -> Coral {
    assert_eq!(coral.export(&carts()), 200);
    assert_eq!(coral.export(&special()), 200);
    red::send(&coral, "beyla_http", "/v1/traces", &["traces-001", "traces-002"]);
    red::send(&coral, "beyla_http", "/v1/metrics", &["metrics-0"]);
    let count = |name: &str| coral.counter(&format!("coral.agent.{name}"));
    let (spans, rows) = (count("store.spans"), count("metrics.rows"));
    eventually(|| {
        let status = coral.get("colony", "/api/v1/status");
        let agent = &status["agents"][0];
        let is_whole = agent["spans_stored"] == spans
            && agent["lag_receipts"] == 0
            && agent["lag_seconds"].is_number()
            && status["counters"]["coral.colony.metrics.rows"] == rows;
        if is_whole { Ok(()) } else { Err(format!("{spans} spans, {rows} rows: {status}")) }
    });
    coral
}

/// One span as Beyla sends it. `millis` are its start and its end, in milliseconds after `start`.
struct Hop<'a> {
    trace: u128,
    start: u64,
    id: u64,
    parent: u64,
    service: &'a str,
    kind: SpanKind,
    name: &'a str,
    millis: (u64, u64),
}

impl Hop<'_> {
    fn span(&self, attributes: &[(&str, Value)]) -> Span {
        let mut span = reference_trace(UnixNanos(self.start)).remove(0);
        span.trace_id = TraceId::try_from(self.trace).unwrap();
        span.span_id = SpanId::try_from(self.id).unwrap();
        span.parent_span_id = SpanId::try_from(self.parent).ok();
        (span.name, span.kind) = (self.name.to_owned(), self.kind);
        span.start = UnixNanos(self.start + self.millis.0 * MS);
        span.end = UnixNanos(self.start + self.millis.1 * MS);
        span.attributes = attributes.iter().cloned().collect();
        set_resource(&mut span, &[("service.name", self.service), ("telemetry.sdk.name", "beyla")]);
        span
    }
}

fn set_resource(span: &mut Span, pairs: &[(&str, &str)]) {
    Arc::make_mut(&mut span.origin).resource.attributes = pairs.iter().copied().collect();
}

/// Traces of two services, `shop` and `stock`. In the window, `stock` is slow on one host and fails
/// now and then. `redis` is called only before the window, `orders` only in the window.
fn carts() -> Vec<Span> {
    let before = (0..BEFORE).map(|number| (number, BASE - (BEFORE - number) * 15_000 * MS));
    let after =
        (BEFORE..BEFORE + AFTER).map(|number| (number, BASE + (number - BEFORE) * 15_000 * MS));
    before.chain(after).flat_map(|(number, start)| cart(number, start)).collect()
}

fn cart(number: u64, start: u64) -> Vec<Span> {
    let changed = number >= BEFORE;
    let slow = changed && !number.is_multiple_of(5);
    let failed = changed && number % 10 == 3;
    let work = if slow { 300 + number % 11 } else { 20 + number % 7 };
    let status = if failed { 500 } else { 200 };
    let hop = |id, parent, service, kind, name, millis| Hop {
        trace: u128::from(BASE + number),
        start,
        id,
        parent,
        service,
        kind,
        name,
        millis,
    };
    let http = |route: &str| {
        [
            ("http.request.method", Value::from("GET")),
            ("http.route", route.into()),
            ("http.response.status_code", i64::from(status).into()),
        ]
    };
    let sql = [
        ("db.system.name", Value::from("postgresql")),
        ("db.namespace", "stock".into()),
        ("db.operation.name", "SELECT".into()),
        ("db.query.text", "SELECT left_over FROM stock WHERE item = 4711".into()),
    ];
    use SpanKind::{Client, Producer, Server};
    let stock = (12, 14 + work);
    let mut spans = vec![
        hop(1, 0, "shop", Server, "GET /cart/{id}", (0, 25 + work)).span(&http("/cart/{id}")),
        hop(2, 1, "shop", Client, "GET", (10, 16 + work)).span(&http("/stock/{id}")),
        hop(3, 2, "stock", Server, "GET /stock/{id}", stock).span(&http("/stock/{id}")),
        hop(4, 3, "stock", Client, "SELECT stock", (13, 16)).span(&sql),
        match changed {
            false => hop(5, 1, "shop", Client, "GET", (1, 3))
                .span(&[("db.system.name", Value::from("redis"))]),
            true => hop(5, 1, "shop", Producer, "orders", (18 + work, 20 + work)).span(&[
                ("messaging.system", Value::from("kafka")),
                ("messaging.destination.name", "orders".into()),
            ]),
        },
    ];
    let host = if slow { "web-3" } else { ["web-1", "web-2"][(number % 2) as usize] };
    for span in &mut spans[2..4] {
        let pairs = [("service.name", "stock"), ("telemetry.sdk.name", "beyla")];
        set_resource(span, &[pairs[0], pairs[1], ("host.name", host)]);
    }
    if failed {
        spans[..3].iter_mut().for_each(|span| span.status.code = StatusCode::Error);
    }
    spans
}

/// Traces of 20 minutes after [`BASE`], beyond the window: one for each special form of display.
fn special() -> Vec<Span> {
    let start = BASE + 1_200_000 * MS;
    let mut spans = reference_trace(UnixNanos(start));
    spans.extend([typed(start + 1_000 * MS), orphan(start + 2_000 * MS)]);
    spans.extend(beylas_hops(start + 3_000 * MS));
    spans.extend(skewed(start + 4_000 * MS));
    spans
}

/// An SDK span with every kind of data that OTLP has. Its trace id begins like that of the
/// reference trace.
fn typed(start: u64) -> Span {
    let hop = Hop {
        trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4700,
        start,
        id: 0xa1,
        parent: 0,
        service: "typed",
        kind: SpanKind::Server,
        name: "POST /typed",
        millis: (0, 7),
    };
    let nested: Attributes =
        [("inner", Value::from(true)), ("text", "é".into())].into_iter().collect();
    let mut span = hop.span(&[
        ("a.text", "two\nlines, \"quoted\"".into()),
        ("a.bool", true.into()),
        ("an.int", (-7).into()),
        ("a.double", 0.1.into()),
        ("a.whole.double", 3.0.into()),
        ("bytes", Value::Bytes(vec![0, 1, 254, 255])),
        ("list", Value::Array(vec![1.into(), "b".into(), false.into()])),
        ("map", Value::Map(nested)),
        ("nothing", Value::Empty),
        ("http.response.status_code", 503.into()),
        ("http.request.method", "POST".into()),
        ("http.route", "/typed".into()),
        ("url.full", "http://shop:8080/typed?card=4242".into()),
    ]);
    span.start.0 += 123;
    span.end.0 += 456;
    (span.trace_state, span.flags) = ("vendor=1".to_owned(), 0x101);
    (span.dropped_attributes, span.dropped_events, span.dropped_links) = (1, 2, 3);
    span.status = Status { code: StatusCode::Error, message: "it is down".to_owned() };
    let attributes: Attributes =
        [("exception.type", Value::from("Timeout")), ("attempt", 2.into())].into_iter().collect();
    span.events = vec![Event {
        time: UnixNanos(start + 3 * MS + 7),
        name: "exception".to_owned(),
        attributes: attributes.clone(),
        dropped_attributes: 4,
    }];
    span.links = vec![Link {
        trace_id: TraceId::try_from(u128::from(BASE)).unwrap(),
        span_id: SpanId::try_from(1).unwrap(),
        trace_state: "vendor=2".to_owned(),
        attributes,
        dropped_attributes: 5,
        flags: 1,
    }];
    let resource = [
        ("service.name", "typed"),
        ("service.version", "1.2.3"),
        ("host.name", "web-9"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.language", "go"),
    ];
    let origin = Arc::make_mut(&mut span.origin);
    origin.collector = Collector::Sdk;
    origin.resource = Resource {
        attributes: resource.into_iter().collect(),
        dropped_attributes: 6,
        schema_url: "https://opentelemetry.io/schemas/1.30.0".to_owned(),
        ..Resource::default()
    };
    origin.scope = Scope {
        name: "net/http".to_owned(),
        version: "0.60.0".to_owned(),
        attributes: [("scope.kind", "library")].into_iter().collect(),
        ..Scope::default()
    };
    span
}

/// A span whose parent is never received.
fn orphan(start: u64) -> Span {
    let hop = Hop {
        trace: 0x0f0f_0000_0000_0000_0000_0000_0000_0001,
        start,
        id: 0xb2,
        parent: 0xb1,
        service: "orphan",
        kind: SpanKind::Server,
        name: "GET /orphan",
        millis: (0, 9),
    };
    hop.span(&[("http.response.status_code", 404.into())])
}

/// A server span with the two child spans that Beyla makes of it, and the next call below these.
fn beylas_hops(start: u64) -> Vec<Span> {
    use SpanKind::{Client, Internal, Server};
    let hop = |id, parent, service, kind, name, millis| {
        let trace = 0x0f0f_0000_0000_0000_0000_0000_0000_0002;
        Hop { trace, start, id, parent, service, kind, name, millis }
    };
    vec![
        hop(1, 0, "queued", Server, "GET /queued", (0, 40))
            .span(&[("http.route", "/queued".into())]),
        hop(2, 1, "queued", Internal, "in queue", (0, 5)).span(&[]),
        hop(3, 1, "queued", Internal, "processing", (5, 40)).span(&[]),
        hop(4, 3, "queued", Client, "GET", (10, 30)).span(&[("server.address", "behind".into())]),
        hop(5, 4, "behind", Server, "GET /behind", (11, 29)).span(&[]),
    ]
}

/// A call whose server's clock is three seconds ahead.
fn skewed(start: u64) -> Vec<Span> {
    use SpanKind::{Client, Server};
    let hop = |id, parent, service, kind, name, millis| {
        let trace = 0x0f0f_0000_0000_0000_0000_0000_0000_0003;
        Hop { trace, start, id, parent, service, kind, name, millis }
    };
    vec![
        hop(1, 0, "here", Server, "GET /here", (0, 100)).span(&[]),
        hop(2, 1, "here", Client, "GET", (10, 90)).span(&[]),
        hop(3, 2, "there", Server, "GET /there", (3_015, 3_085)).span(&[]),
    ]
}
