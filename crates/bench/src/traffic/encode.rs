//! Exports as Beyla's bytes: many resources, one scope for each observed request, children before
//! parents, and one trace in eight with its root in the next export.

use std::fmt::Write as _;

use super::Traffic;
use super::protobuf::{bytes, fixed64, nested, number};
use super::trace::{Role, Span, Trace};

/// One trace in so many has its root in a later export than the rest of it.
const LATE_ROOTS: u64 = 8;

/// Writes exports one after another.
pub struct Encoder<'a> {
    traffic: &'a Traffic,
    /// Hops of the export being written, by service.
    hops: Vec<Vec<(Trace, u64)>>,
    text: String,
}

impl Traffic {
    /// The hops that export `number` carries: every hop of every trace is in exactly one export.
    pub fn hops_of_export(&self, number: u64) -> Vec<(Trace, u64)> {
        let each = self.traces_per_export();
        let mut hops = Vec::new();
        let begin = number.saturating_sub(1) * each;
        for trace in begin..((number + 1) * each).min(self.traces()) {
            let trace = self.trace(trace);
            let (home, late) = (trace.number / each, self.root_is_late(&trace));
            let first = u64::from(late);
            if home == number {
                hops.extend((first..self.hops()).rev().map(|hop| (trace, hop)));
            } else if late {
                hops.push((trace, 0));
            }
        }
        hops
    }

    /// Spans in export `number`.
    pub fn spans_of_export(&self, number: u64) -> u64 {
        let hops = self.hops_of_export(number);
        hops.iter().map(|(_, hop)| self.hop_spans(*hop).count() as u64).sum()
    }

    fn root_is_late(&self, trace: &Trace) -> bool {
        let in_last = trace.number / self.traces_per_export() + 1 == self.exports();
        !in_last && self.hops() > 1 && (trace.random >> 8).is_multiple_of(LATE_ROOTS)
    }
}

impl<'a> Encoder<'a> {
    /// An encoder for `traffic`.
    pub fn new(traffic: &'a Traffic) -> Self {
        let hops = vec![Vec::new(); traffic.services as usize];
        Self { traffic, hops, text: String::new() }
    }

    /// Export `number` as an `ExportTraceServiceRequest`, and how many spans it has.
    pub fn export(&mut self, number: u64) -> (Vec<u8>, u64) {
        for (trace, hop) in self.traffic.hops_of_export(number) {
            self.hops[self.traffic.service(&trace, hop) as usize].push((trace, hop));
        }
        let mut out = Vec::with_capacity(400 * self.traffic.spans_per_export as usize);
        let mut spans = 0;
        for service in 0..self.hops.len() {
            let hops = std::mem::take(&mut self.hops[service]);
            if hops.is_empty() {
                continue;
            }
            nested(&mut out, 1, |out| {
                nested(out, 1, |out| resource(out, service as u64));
                for (trace, hop) in &hops {
                    nested(out, 2, |out| {
                        bytes_empty_scope(out);
                        for index in self.traffic.hop_spans(*hop).rev() {
                            let span = self.traffic.span(trace, index);
                            nested(out, 2, |out| self.span(out, trace, &span));
                            spans += 1;
                        }
                    });
                }
            });
        }
        (out, spans)
    }

    fn span(&mut self, out: &mut Vec<u8>, trace: &Trace, span: &Span) {
        bytes(out, 1, &trace.id.to_be_bytes());
        bytes(out, 2, &span.id.to_be_bytes());
        if let Some(parent) = span.parent {
            bytes(out, 4, &parent.to_be_bytes());
        }
        self.name(out, trace, span);
        let kind = match span.role {
            Role::Server => 2,
            Role::InQueue | Role::Processing => 1,
            Role::Sql | Role::Call => 3,
        };
        number(out, 6, kind);
        fixed64(out, 7, span.start);
        fixed64(out, 8, span.end);
        let mut attributes = Attributes { out, left: self.traffic.attributes };
        match span.role {
            Role::Server => server(&mut attributes, &mut self.text, self.traffic, trace, span),
            Role::Call => call(&mut attributes, &mut self.text, self.traffic, trace, span),
            Role::Sql => sql(&mut attributes, &mut self.text, trace, span),
            Role::InQueue | Role::Processing => attributes.left = 0,
        }
        attributes.fill();
        // Beyla always sends a status, and leaves it unset unless the span failed.
        nested(out, 15, |out| {
            if trace.failed && span.fails() {
                number(out, 3, 2);
            }
        });
    }

    fn name(&mut self, out: &mut Vec<u8>, trace: &Trace, span: &Span) {
        self.text.clear();
        let _ = match span.role {
            Role::Server => write!(self.text, "GET {}", Route(trace.route(span.hop))),
            Role::Call => write!(self.text, "GET {}", Route(trace.route(span.hop + 1))),
            Role::Sql => write!(self.text, "SELECT table_{}", trace.route(span.hop)),
            Role::InQueue => write!(self.text, "in queue"),
            Role::Processing => write!(self.text, "processing"),
        };
        bytes(out, 5, self.text.as_bytes());
    }
}

/// `/api/v1/orders7/{id}`.
struct Route(u64);

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/api/v1/orders{}/{{id}}", self.0)
    }
}

/// The path of a route and an item: the value of `url.path`.
pub fn path(route: u64, item: u64) -> String {
    format!("/api/v1/orders{route}/{item}")
}

/// `service.name` of a service.
pub fn service_name(service: u64) -> String {
    format!("service-{service}")
}

/// Beyla 3.9 and later. Source: spec/beyla.md §1, and the recording of 3.31.0.
fn resource(out: &mut Vec<u8>, service: u64) {
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
    let mut attributes_out = Attributes { out, left: attributes.len() };
    for (key, value) in attributes {
        attributes_out.resource_text(key, value);
    }
}

/// Since Beyla 1.6 the scope is there and empty.
fn bytes_empty_scope(out: &mut Vec<u8>) {
    nested(out, 1, |_| {});
}

fn status_code(trace: &Trace) -> u64 {
    if trace.failed { 500 } else { 200 }
}

/// All ten of a server span, in the order of the recording.
fn server(
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

/// The nine of a client span, and the one that a span-metrics feature adds.
fn call(to: &mut Attributes<'_>, text: &mut String, traffic: &Traffic, trace: &Trace, span: &Span) {
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

/// The seven that Beyla's own parsers find, and the opt-in text and its company.
fn sql(to: &mut Attributes<'_>, text: &mut String, trace: &Trace, span: &Span) {
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

/// Writes attributes until there are as many as wanted.
struct Attributes<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
}

/// `Span.attributes` and `Resource.attributes`.
const OF_SPAN: u32 = 9;
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
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        nested(self.out, field, |out| {
            bytes(out, 1, key.as_bytes());
            nested(out, 2, value);
        });
    }

    /// What Beyla has no name for.
    fn fill(&mut self) {
        while self.left > 0 {
            let key = format!("bench.attribute.{}", self.left);
            self.text(&key, "value");
        }
    }
}
