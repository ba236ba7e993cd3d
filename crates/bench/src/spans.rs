//! Beyla-like spans: 10 attributes each, 10 spans a trace, 20 services. The same in every run.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, KeyValue, Origin, Resource, Span, SpanId, SpanKind, Status, TraceId,
    UnixNanos, Value,
};

/// Spans of one trace.
pub const PER_TRACE: u64 = 10;
const SERVICES: u64 = 20;
/// Spans start this far apart.
const EVERY_NANOS: u64 = 100_000;

/// When the first span starts.
pub const BEGIN: UnixNanos = UnixNanos(1_795_000_000_000_000_000);

/// Makes spans by number.
pub struct Generator {
    origins: Vec<Arc<Origin>>,
}

impl Generator {
    pub fn new() -> Self {
        Self { origins: (0..SERVICES).map(origin).collect() }
    }

    /// Span `number`, of trace `number / PER_TRACE`.
    pub fn span(&self, number: u64) -> Span {
        let (trace, random) = (number / PER_TRACE, mix(number));
        let start = UnixNanos(BEGIN.0 + number * EVERY_NANOS);
        let is_root = number.is_multiple_of(PER_TRACE);
        Span {
            trace_id: trace_id(trace),
            span_id: span_id(number),
            parent_span_id: (!is_root).then(|| span_id(trace * PER_TRACE)),
            trace_state: String::new(),
            flags: 0,
            name: format!("GET /r/{}", random % 50),
            kind: SpanKind::Server,
            start,
            end: UnixNanos(start.0 + random % 1_000_000_000),
            attributes: attributes(random),
            dropped_attributes: 0,
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: Status::default(),
            origin: self.origins[(random % SERVICES) as usize].clone(),
        }
    }
}

/// The id of trace `number`: random-looking in every bit.
pub fn trace_id(number: u64) -> TraceId {
    let id = u128::from(mix(number)) << 64 | u128::from(mix(number ^ 7));
    TraceId::try_from(id | 1).expect("the last bit is set")
}

fn span_id(number: u64) -> SpanId {
    SpanId::try_from(mix(number) | 1).expect("the last bit is set")
}

fn attributes(random: u64) -> Attributes {
    let pair = |key: &str, value: Value| KeyValue { key: key.to_owned(), value };
    Attributes(vec![
        pair("http.request.method", "GET".into()),
        pair("http.route", format!("/r/{}", random % 50).as_str().into()),
        pair("url.path", format!("/r/{}", random % 1_000).as_str().into()),
        pair("url.scheme", "http".into()),
        pair("client.address", "10.0.0.1".into()),
        pair("server.address", "svc".into()),
        pair("server.port", Value::Int(8080)),
        pair("http.response.status_code", Value::Int(200)),
        pair("http.request.body.size", Value::Int((random % 1_000) as i64)),
        pair("http.response.body.size", Value::Int((random % 5_000) as i64)),
    ])
}

fn origin(service: u64) -> Arc<Origin> {
    let (name, instance) = (format!("service-{service}"), format!("vm:{service}"));
    let attributes = [
        ("service.name", name.as_str()),
        ("telemetry.sdk.language", "go"),
        ("telemetry.sdk.name", "beyla"),
        ("host.name", "vm"),
        ("os.type", "linux"),
        ("service.instance.id", instance.as_str()),
        ("otel.scope.name", "github.com/grafana/beyla"),
    ];
    let attributes = attributes.into_iter().collect();
    let resource = Resource { attributes, ..Resource::default() };
    Arc::new(Origin { resource, collector: Collector::Ebpf, ..Origin::default() })
}

/// The finaliser of SplitMix64.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
