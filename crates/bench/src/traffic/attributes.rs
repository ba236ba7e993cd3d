//! The attributes of Beyla's spans and resources, as in a recording of Beyla 3.31.0.

use std::fmt::Write as _;

use super::Traffic;
use super::encode::service_name;
use super::protobuf::{bytes, nested, number};
use super::trace::{Span, Trace};

fn status_code(trace: &Trace) -> u64 {
    if trace.failed { 500 } else { 200 }
}

/// The ten attributes of a server span, in the order of the recording, and the one that a
/// span-metrics feature adds.
pub fn server(
    to: &mut Attributes<'_>,
    text: &mut String,
    traffic: &Traffic,
    trace: &Trace,
    span: &Span,
) {
    let (route, item) = (trace.route(span.hop), trace.item(span.hop));
    let service = traffic.service(trace, span.hop);
    to.int("http.response.status_code", status_code(trace));
    to.format("client.address", text, format_args!("10.0.{}.{}", item % 4, item % 251));
    to.format("server.address", text, format_args!("service-{service}"));
    to.int("server.port", 8_000 + service);
    to.int("http.request.body.size", item % 1_000);
    to.int("http.response.body.size", (trace.random >> 16) % 5_000);
    to.text("http.request.method", "GET");
    to.format("url.path", text, format_args!("/api/v1/orders{route}/{item}"));
    to.text("url.scheme", "http");
    to.format("http.route", text, format_args!("{}", Route(route)));
    to.flag("span.metrics.skip");
}

/// The nine attributes of a client span, and the one that a span-metrics feature adds.
pub fn call(
    to: &mut Attributes<'_>,
    text: &mut String,
    traffic: &Traffic,
    trace: &Trace,
    span: &Span,
) {
    let next = span.hop + 1;
    let (route, item) = (trace.route(next), trace.item(next));
    let service = traffic.service(trace, next);
    let port = 8_000 + service;
    to.int("http.response.status_code", status_code(trace));
    let url = format_args!("http://service-{service}:{port}/api/v1/orders{route}/{item}");
    to.format("url.full", text, url);
    to.text("url.scheme", "http");
    to.format("server.address", text, format_args!("service-{service}:{port}"));
    to.format("service.peer.name", text, format_args!("service-{service}:{port}"));
    to.int("server.port", port);
    to.int("http.request.body.size", item % 1_000);
    to.int("http.response.body.size", (trace.random >> 24) % 5_000);
    to.text("http.request.method", "GET");
    to.flag("span.metrics.skip");
}

/// The seven attributes that Beyla's SQL parser sets, the one that a span-metrics feature adds, the
/// optional query text, and the response status.
pub fn sql(to: &mut Attributes<'_>, text: &mut String, trace: &Trace, span: &Span) {
    let table = trace.route(span.hop);
    to.text("server.address", "postgres");
    to.int("server.port", 5_432);
    to.text("db.system.name", "postgresql");
    to.text("service.peer.name", "postgres");
    to.text("db.operation.name", "SELECT");
    to.format("db.collection.name", text, format_args!("table_{table}"));
    to.text("db.namespace", "orders");
    to.flag("span.metrics.skip");
    to.format("db.query.text", text, format_args!("SELECT * FROM table_{table} WHERE id = ?"));
    to.text("db.response.status_code", "00000");
}

/// The resource attributes of Beyla 3.9 and later, as in a recording of Beyla 3.31.0.
pub fn resource(out: &mut Vec<u8>, service: u64) {
    let name = service_name(service);
    let instance = format!("web-1:{}", 1_000 + service);
    let attributes = [
        ("service.name", name.as_str()),
        ("telemetry.sdk.language", "go"),
        ("telemetry.sdk.name", "beyla"),
        ("telemetry.sdk.version", "v1.44.0"),
        ("telemetry.distro.name", "opentelemetry-ebpf-instrumentation"),
        ("telemetry.distro.version", "unset"),
        ("host.name", "web-1"),
        ("host.id", "4f7a1c2be0a84f59a9c1f3b6d2e85c07"),
        ("os.type", "linux"),
        ("service.instance.id", instance.as_str()),
        ("otel.scope.name", "github.com/grafana/beyla"),
    ];
    let mut attributes_out = Attributes { out, remaining: attributes.len() };
    for (key, value) in attributes {
        attributes_out.resource_text(key, value);
    }
}

/// Writes attributes of a span or resource until the requested number is reached.
pub struct Attributes<'a> {
    /// The buffer.
    pub out: &'a mut Vec<u8>,
    /// How many more attributes are requested.
    pub remaining: usize,
}

/// The field number of `Span.attributes`.
const OF_SPAN: u32 = 9;
/// The field number of `Resource.attributes`.
const OF_RESOURCE: u32 = 1;

impl Attributes<'_> {
    fn text(&mut self, key: &str, value: &str) {
        self.pair(OF_SPAN, key, |out| bytes(out, 1, value.as_bytes()));
    }

    fn format(&mut self, key: &str, text: &mut String, value: std::fmt::Arguments<'_>) {
        text.clear();
        let _ = text.write_fmt(value);
        self.text(key, text);
    }

    fn int(&mut self, key: &str, value: u64) {
        self.pair(OF_SPAN, key, |out| number(out, 3, value));
    }

    fn flag(&mut self, key: &str) {
        self.pair(OF_SPAN, key, |out| number(out, 2, 1));
    }

    fn resource_text(&mut self, key: &str, value: &str) {
        self.pair(OF_RESOURCE, key, |out| bytes(out, 1, value.as_bytes()));
    }

    fn pair(&mut self, field: u32, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if self.remaining == 0 {
            return;
        }
        self.remaining -= 1;
        nested(self.out, field, |out| {
            bytes(out, 1, key.as_bytes());
            nested(out, 2, value);
        });
    }

    /// Adds attributes with made-up names until the requested number is reached.
    pub fn fill(&mut self) {
        while self.remaining > 0 {
            let key = format!("bench.attribute.{}", self.remaining);
            self.text(&key, "value");
        }
    }
}

/// A route as text: `/api/v1/orders7/{id}`.
pub struct Route(pub u64);

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/api/v1/orders{}/{{id}}", self.0)
    }
}
