//! What a span's attributes say of the other side of its call.

use std::collections::HashMap;

use super::node::{NodeId, NodeKind, Nodes};
use crate::attribute::{Attributes, Value};

/// The attributes that tell a call's protocol and whom it goes to; empty text counts as absent.
///
/// Source: spec/beyla.md §2.3; the names are those of OpenTelemetry's current conventions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the fields are OpenTelemetry's attributes")]
pub struct Said<'a> {
    pub http_request_method: Option<&'a str>,
    pub rpc_system: Option<&'a str>,
    pub db_system: Option<&'a str>,
    pub db_namespace: Option<&'a str>,
    pub messaging_system: Option<&'a str>,
    pub messaging_destination: Option<&'a str>,
    /// May hold the port.
    pub server_address: Option<&'a str>,
    pub server_port: Option<i64>,
    pub service_peer_name: Option<&'a str>,
}

/// A number for what was said, in one map.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SaidId(u32);

/// What was said, by number.
#[derive(Clone, Default)]
pub(super) struct Sayings {
    numbers: HashMap<Meaning, SaidId>,
    meanings: Vec<Meaning>,
}

/// What it comes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Meaning {
    pub protocol: &'static str,
    /// Whom the call goes to, if nobody by that side was observed.
    pub target: Option<(NodeKind, NodeId)>,
}

/// When no attribute says the protocol.
pub(super) const UNKNOWN: &str = "unknown";

/// Protocols that have a name of their own. Others are told by their family: `sql`, `rpc`, `messaging`.
const NAMED: [&str; 25] = [
    "redis",
    "mongodb",
    "memcached",
    "couchbase",
    "cassandra",
    "elasticsearch",
    "opensearch",
    "aerospike",
    "dynamodb",
    "neo4j",
    "influxdb",
    "grpc",
    "connect_rpc",
    "dubbo",
    "thrift",
    "onc_rpc",
    "aws-api",
    "jsonrpc",
    "kafka",
    "rabbitmq",
    "nats",
    "mqtt",
    "amqp",
    "aws_sqs",
    "pulsar",
];

/// Ports that an address is better read without.
const USUAL_PORTS: [i64; 2] = [80, 443];

impl Sayings {
    pub fn intern(&mut self, said: &Said<'_>, nodes: &mut Nodes) -> SaidId {
        let target = said.target().map(|(kind, name)| (kind, nodes.intern(kind, &name)));
        let meaning = Meaning { protocol: said.protocol(), target };
        *self.numbers.entry(meaning).or_insert_with(|| {
            self.meanings.push(meaning);
            SaidId(self.meanings.len() as u32 - 1)
        })
    }

    pub fn meaning(&self, id: SaidId) -> Meaning {
        self.meanings[id.0 as usize]
    }
}

impl<'a> Said<'a> {
    /// What these attributes of a span say, in their current and older spellings.
    pub fn of(attributes: &'a Attributes) -> Self {
        let text = |keys: &[&str]| keys.iter().find_map(|key| attributes.text(key));
        let port = attributes.get("server.port");
        Self {
            http_request_method: text(&["http.request.method", "http.method"]),
            rpc_system: text(&["rpc.system.name", "rpc.system"]),
            db_system: text(&["db.system.name", "db.system"]),
            db_namespace: text(&["db.namespace", "db.name"]),
            messaging_system: text(&["messaging.system"]),
            messaging_destination: text(&["messaging.destination.name"]),
            server_address: text(&["server.address"]),
            server_port: port.and_then(|port| match port {
                Value::Int(port) => Some(*port),
                _ => None,
            }),
            service_peer_name: text(&["service.peer.name", "peer.service"]),
        }
    }
}

impl Said<'_> {
    fn protocol(&self) -> &'static str {
        let named = |system: &str| NAMED.into_iter().find(|name| name.eq_ignore_ascii_case(system));
        if let Some(system) = text(self.db_system) {
            named(system).unwrap_or("sql")
        } else if let Some(system) = text(self.messaging_system) {
            named(system).unwrap_or("messaging")
        } else if let Some(system) = text(self.rpc_system) {
            named(system).unwrap_or("rpc")
        } else if text(self.http_request_method).is_some() {
            "http"
        } else {
            UNKNOWN
        }
    }

    /// `postgresql://db-1:5432/orders`, `kafka/notifications`, `api.stripe.com`: as much as is said.
    fn target(&self) -> Option<(NodeKind, String)> {
        if let Some(system) = text(self.db_system) {
            let host = self.address().map(|address| format!("://{address}"));
            let namespace = text(self.db_namespace).map(|name| format!("/{name}"));
            let [host, namespace] = [host, namespace].map(Option::unwrap_or_default);
            return Some((NodeKind::Database, format!("{system}{host}{namespace}")));
        }
        if let Some(system) = text(self.messaging_system) {
            let destination = text(self.messaging_destination).map(|name| format!("/{name}"));
            let name = format!("{system}{}", destination.unwrap_or_default());
            return Some((NodeKind::Queue, name));
        }
        let peer = || text(self.service_peer_name).map(str::to_owned);
        self.address().or_else(peer).map(|name| (NodeKind::External, name))
    }

    fn address(&self) -> Option<String> {
        let address = text(self.server_address)?;
        let port = self.server_port.filter(|port| (1..=65_535).contains(port));
        match port.filter(|port| !USUAL_PORTS.contains(port)) {
            Some(port) if !address.ends_with(&format!(":{port}")) => {
                Some(format!("{address}:{port}"))
            }
            _ => Some(address.to_owned()),
        }
    }
}

fn text(said: Option<&str>) -> Option<&str> {
    said.filter(|text| !text.is_empty())
}
