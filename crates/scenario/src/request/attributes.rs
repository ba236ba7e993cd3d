//! The attributes of spans and resources: those of Beyla 3.31, and of OpenTelemetry's SDKs.

use coral_trace::{Attributes, Collector, KeyValue, Origin, Resource, Scope, Value};

use super::Simulation;
use crate::fault::{BROKER, CACHE, DATABASE};
use crate::random::mix;
use crate::topology::{Call, Database, Endpoint, External, Operation, Statement, Topology};

/// Which attributes spans have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Only the names of services, instances and databases.
    Names,
    /// What Beyla and SDKs send.
    Full,
}

/// What a span is about.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// The operation that serves a request, or processes a message.
    Operation(&'a Operation),
    /// The operation that is called.
    Call(Call),
    /// A statement.
    Statement(&'a Database, Statement),
    /// The address of a cache.
    Cache(&'a str),
    /// A host without spans.
    External(&'a External),
    /// The topic that a message is published to.
    Topic(&'a str),
}

/// The number of different clients, and of different ids in paths.
const CLIENTS: u64 = 40;
const ITEMS: u64 = 5_000;

/// The origin of the spans of one instance.
pub(super) fn origin(
    topology: &Topology,
    service: usize,
    instance: usize,
    version: &str,
    detail: Detail,
) -> Origin {
    let this = &topology.services[service];
    let name = this.name.as_str();
    if detail == Detail::Names {
        let id = format!("{name}-{instance}");
        let attributes = [("service.name", name), ("service.instance.id", &id)];
        return of(attributes.into_iter().collect(), Scope::default(), Collector::Ebpf);
    }
    let host = this.hosts[instance].as_str();
    let id = format!("{host}:{}", 1_000 + service * 10 + instance);
    let mut pairs = vec![
        ("service.name", name),
        ("service.version", version),
        ("service.instance.id", &id),
        ("host.name", host),
        ("os.type", "linux"),
        ("telemetry.sdk.language", "go"),
    ];
    let mut scope = Scope::default();
    match this.collector {
        Collector::Ebpf => pairs.extend([
            ("telemetry.sdk.name", "beyla"),
            ("telemetry.distro.name", "opentelemetry-ebpf-instrumentation"),
            ("otel.scope.name", "github.com/grafana/beyla"),
        ]),
        Collector::Sdk => {
            pairs.push(("telemetry.sdk.name", "opentelemetry"));
            scope.name = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp".to_owned();
        }
    }
    of(pairs.into_iter().collect(), scope, this.collector)
}

fn of(attributes: Attributes, scope: Scope, collector: Collector) -> Origin {
    Origin { resource: Resource { attributes, ..Resource::default() }, scope, collector }
}

impl Simulation<'_> {
    /// The attributes of a span about `target`. A `status` of 0 means that there was no response.
    pub(super) fn attributes(&self, target: &Target<'_>, status: u16, random: u64) -> Attributes {
        let mut to = Attributes::default();
        if self.detail == Detail::Names {
            match target {
                Target::Statement(..) => add(&mut to, "db.system.name", DATABASE),
                Target::Cache(_) => add(&mut to, "db.system.name", CACHE),
                _ => {}
            }
            return to;
        }
        match *target {
            Target::Operation(operation) => served(&mut to, operation, status, random),
            Target::Call(call) => self.called(&mut to, call, status, random),
            Target::Statement(database, statement) => queried(&mut to, database, &statement),
            Target::Cache(address) => {
                peer(&mut to, address, 6_379);
                add(&mut to, "db.system.name", CACHE);
                add(&mut to, "db.operation.name", "GET");
                add(&mut to, "db.query.text", "GET ?");
            }
            Target::External(external) => {
                let url = format!("https://{}{}", external.address, external.path);
                requested(&mut to, ("POST", url), status, random);
                peer(&mut to, external.address, 443);
            }
            Target::Topic(topic) => messaging(&mut to, topic, "publish"),
        }
        to
    }

    fn called(&self, to: &mut Attributes, call: Call, status: u16, random: u64) {
        let topology = self.topology;
        let (name, port) = (&topology.services[call.service].name, 8_000 + call.service as i64);
        match topology.operation(call).endpoint {
            Endpoint::Http(method, route) => {
                let url = format!("http://{name}:{port}{}", path(route, random));
                requested(to, (method, url), status, random);
            }
            Endpoint::Grpc(method) => remote_procedure(to, method, status),
            Endpoint::Message(_) => return,
        }
        peer(to, name, port);
    }
}

fn served(to: &mut Attributes, operation: &Operation, status: u16, random: u64) {
    match operation.endpoint {
        Endpoint::Http(method, route) => {
            add(to, "http.request.method", method);
            add(to, "http.response.status_code", i64::from(status));
            add(to, "http.route", route);
            add(to, "url.path", path(route, random).as_str());
            add(to, "url.scheme", "http");
            let client = mix(random ^ 41) % CLIENTS;
            add(to, "client.address", format!("10.0.{}.{client}", client % 3).as_str());
            add(to, "http.response.body.size", (mix(random ^ 42) % 5_000) as i64);
        }
        Endpoint::Grpc(method) => {
            remote_procedure(to, method, status);
            let client = mix(random ^ 41) % CLIENTS;
            add(to, "client.address", format!("10.0.{}.{client}", client % 3).as_str());
        }
        Endpoint::Message(topic) => messaging(to, topic, "process"),
    }
}

/// The attributes of a gRPC call, with the status code that a gRPC service answers instead of an
/// HTTP `status`.
fn remote_procedure(to: &mut Attributes, method: &str, status: u16) {
    let code = match status {
        0 | 504 => "DEADLINE_EXCEEDED",
        404 => "NOT_FOUND",
        502 | 503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "OK",
    };
    add(to, "rpc.system.name", "grpc");
    add(to, "rpc.method", method);
    add(to, "rpc.response.status_code", code);
}

fn requested(to: &mut Attributes, (method, url): (&str, String), status: u16, random: u64) {
    add(to, "http.request.method", method);
    add(to, "http.response.status_code", i64::from(status));
    add(to, "url.full", url.as_str());
    add(to, "http.response.body.size", (mix(random ^ 42) % 5_000) as i64);
    if status == 0 {
        add(to, "error.type", "timeout");
    }
}

fn queried(to: &mut Attributes, database: &Database, statement: &Statement) {
    let (operation, table) = statement.name.split_once(' ').unwrap_or((statement.name, ""));
    peer(to, database.address, 5_432);
    add(to, "db.system.name", DATABASE);
    add(to, "db.operation.name", operation);
    add(to, "db.collection.name", table);
    add(to, "db.query.text", statement.text);
}

fn messaging(to: &mut Attributes, topic: &str, operation: &str) {
    add(to, "messaging.system", BROKER);
    add(to, "messaging.destination.name", topic);
    add(to, "messaging.operation.type", operation);
    peer(to, "kafka-1", 9_092);
}

fn peer(to: &mut Attributes, address: &str, port: i64) {
    add(to, "server.address", address);
    add(to, "server.port", port);
}

/// The path of a request to `route`.
fn path(route: &str, random: u64) -> String {
    route.replace("{id}", &(mix(random ^ 43) % ITEMS).to_string())
}

fn add(to: &mut Attributes, key: &str, value: impl Into<Value>) {
    to.0.push(KeyValue { key: key.to_owned(), value: value.into() });
}
