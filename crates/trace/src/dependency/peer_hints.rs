//! Peer hints: the attributes of a span that describe the other side of its call, and the peer that
//! they identify.

use std::collections::HashMap;

use super::node::{NodeId, NodeKind, Nodes};
use crate::attribute::{Attributes, Value};

/// The attributes of one span that describe its peer: the protocol of the call, and its target. An
/// empty text counts as absent.
///
/// The fields are named after OpenTelemetry's current conventions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the fields are OpenTelemetry's attributes")]
pub struct PeerHints<'a> {
    pub http_request_method: Option<&'a str>,
    pub rpc_system: Option<&'a str>,
    pub db_system: Option<&'a str>,
    pub db_namespace: Option<&'a str>,
    pub messaging_system: Option<&'a str>,
    pub messaging_destination: Option<&'a str>,
    /// The host name or address of the callee; may contain the port.
    pub server_address: Option<&'a str>,
    pub server_port: Option<i64>,
    pub service_peer_name: Option<&'a str>,
}

/// Identifies peer hints within one [`super::Dependencies`]. Hints that describe the same peer have
/// the same id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PeerHintsId(u32);

impl PeerHintsId {
    /// The position of the peer in [`Dependencies::peers`](super::Dependencies::peers).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The distinct peers of one map, indexed by [`PeerHintsId`].
#[derive(Clone, Default)]
pub(super) struct PeerHintsTable {
    numbers: HashMap<Peer, PeerHintsId>,
    peers: Vec<Peer>,
}

/// The peer that peer hints describe: a protocol, and the node that a call goes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    pub protocol: &'static str,
    /// The node of the callee, which is used if the callee has no span; `None` when no hint names
    /// the callee.
    pub target: Option<(NodeKind, NodeId)>,
}

impl Peer {
    /// The address of the callee, if it is no database and no queue.
    pub fn address(self) -> Option<NodeId> {
        self.target.filter(|(kind, _)| *kind == NodeKind::External).map(|(_, node)| node)
    }
}

/// The protocol of a call whose hints do not name one.
pub(super) const UNKNOWN: &str = "unknown";

/// Protocols that a map shows by their own name. All others are shown by their family: `sql`, `rpc`
/// or `messaging`.
const NAMED_PROTOCOLS: [&str; 25] = [
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

/// Protocols and families that are not in [`NAMED_PROTOCOLS`].
const OTHER_PROTOCOLS: [&str; 5] = [UNKNOWN, "http", "sql", "rpc", "messaging"];

/// The ports of HTTP and HTTPS, which are left out of addresses.
const DEFAULT_PORTS: [i64; 2] = [80, 443];

impl PeerHintsTable {
    /// The id of `hints`. A peer that is new is added, and its node is added to `nodes`.
    pub fn intern(&mut self, hints: &PeerHints<'_>, nodes: &mut Nodes) -> PeerHintsId {
        let target = hints.target().map(|(kind, name)| (kind, nodes.intern(kind, &name)));
        self.add(Peer { protocol: hints.protocol(), target })
    }

    /// The id of `peer`, which is added if it is new.
    pub fn add(&mut self, peer: Peer) -> PeerHintsId {
        *self.numbers.entry(peer).or_insert_with(|| {
            self.peers.push(peer);
            PeerHintsId(self.peers.len() as u32 - 1)
        })
    }

    /// The id of each peer.
    pub fn ids(&self) -> impl Iterator<Item = PeerHintsId> {
        (0..self.peers.len() as u32).map(PeerHintsId)
    }

    /// All peers, by id.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = &Peer> {
        self.peers.iter()
    }

    /// The peer with this id, which must come from this table.
    pub fn peer(&self, id: PeerHintsId) -> Peer {
        self.peers[id.0 as usize]
    }
}

impl<'a> PeerHints<'a> {
    /// The hints among the `attributes` of a span, by current and older attribute names.
    pub fn from_attributes(attributes: &'a Attributes) -> Self {
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

impl PeerHints<'_> {
    /// The protocol: a name of [`NAMED_PROTOCOLS`], a family of protocols, or [`UNKNOWN`].
    pub(crate) fn protocol(&self) -> &'static str {
        let named = |system: &str| {
            NAMED_PROTOCOLS.into_iter().find(|name| name.eq_ignore_ascii_case(system))
        };
        if let Some(system) = non_empty(self.db_system) {
            named(system).unwrap_or("sql")
        } else if let Some(system) = non_empty(self.messaging_system) {
            named(system).unwrap_or("messaging")
        } else if let Some(system) = non_empty(self.rpc_system) {
            named(system).unwrap_or("rpc")
        } else if non_empty(self.http_request_method).is_some() {
            "http"
        } else {
            UNKNOWN
        }
    }

    /// The kind and the name of the callee's node. Names are such as
    /// `postgresql://db-1:5432/orders`, `kafka/notifications` or `api.stripe.com`.
    fn target(&self) -> Option<(NodeKind, String)> {
        if let Some(system) = non_empty(self.db_system) {
            let host = self.address().map(|address| format!("://{address}"));
            let namespace = non_empty(self.db_namespace).map(|name| format!("/{name}"));
            let [host, namespace] = [host, namespace].map(Option::unwrap_or_default);
            return Some((NodeKind::Database, format!("{system}{host}{namespace}")));
        }
        if let Some(system) = non_empty(self.messaging_system) {
            let destination = non_empty(self.messaging_destination).map(|name| format!("/{name}"));
            let name = format!("{system}{}", destination.unwrap_or_default());
            return Some((NodeKind::Queue, name));
        }
        let peer = || non_empty(self.service_peer_name).map(str::to_owned);
        self.address().or_else(peer).map(|name| (NodeKind::External, name))
    }

    /// The host or address of the callee, with the port unless it is the default one of HTTP.
    pub(crate) fn address(&self) -> Option<String> {
        let address = non_empty(self.server_address)?;
        let port = self.server_port.filter(|port| (1..=65_535).contains(port));
        match port.filter(|port| !DEFAULT_PORTS.contains(port)) {
            Some(port) if !address.ends_with(&format!(":{port}")) => {
                Some(format!("{address}:{port}"))
            }
            _ => Some(address.to_owned()),
        }
    }
}

/// The protocol with this name, if a map can have it.
pub fn protocol_named(name: &str) -> Option<&'static str> {
    OTHER_PROTOCOLS.into_iter().chain(NAMED_PROTOCOLS).find(|protocol| *protocol == name)
}

/// Whether `address`, with or without a port, is one of the host of the caller itself.
pub fn is_loopback(address: &str) -> bool {
    let names = ["localhost", "::1", "[::1]"];
    let is_named = |name: &str| {
        address.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    address.starts_with("127.") || names.into_iter().any(is_named)
}

fn non_empty(hint: Option<&str>) -> Option<&str> {
    hint.filter(|text| !text.is_empty())
}
