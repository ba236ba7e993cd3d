//! What was measured: a service's requests of one kind.

use crate::attribute::{Attributes, KeyValue, Value};
use crate::span::status_of;

/// Requests that a service served or made, told apart by everything its exporter says of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Series {
    /// Which table it belongs to.
    pub protocol: Protocol,
    /// Whether the service served or made them.
    pub side: Side,
    /// The service that was observed.
    pub service: String,
    /// HTTP: the method. gRPC: the full method. SQL: the operation. Empty when not said.
    pub operation: String,
    /// HTTP: the route. SQL: the table. Empty when not said, and for gRPC.
    pub target: String,
    /// The response status of HTTP or gRPC.
    pub status: Option<u16>,
    /// `error.type`; empty when there was no error, or nobody says.
    pub error: String,
    /// Whatever else is said.
    pub attributes: Attributes,
}

/// The three protocols that RFD 032 has tables for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// `beyla_http_metrics`.
    Http,
    /// `beyla_grpc_metrics`.
    Grpc,
    /// `beyla_sql_metrics`.
    Sql,
}

/// Which end of a call a service was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// It answered.
    Server,
    /// It asked.
    Client,
}

const SERVICE: &[&str] = &["service.name"];
const METHOD: &[&str] = &["http.request.method", "http.method"];
const ROUTE: &[&str] = &["http.route"];
const HTTP_STATUS: &[&str] = &["http.response.status_code", "http.status_code"];
const RPC_METHOD: &[&str] = &["rpc.method"];
const RPC_STATUS: &[&str] = &["rpc.response.status_code", "rpc.grpc.status_code"];
const RPC_SYSTEM: &[&str] = &["rpc.system.name", "rpc.system"];
const DB_OPERATION: &[&str] = &["db.operation.name", "db.operation"];
const DB_TABLE: &[&str] = &["db.collection.name", "db.sql.table"];
const DB_SYSTEM: &[&str] = &["db.system.name", "db.system"];
const ERROR: &[&str] = &["error.type", "db.response.status_code"];

/// Databases without SQL. Whoever is not named here is taken to speak it.
const NOT_SQL: &[&str] = &[
    "redis",
    "mongodb",
    "couchbase",
    "memcached",
    "aerospike",
    "elasticsearch",
    "opensearch",
    "cassandra",
    "dynamodb",
    "aws.dynamodb",
    "neo4j",
    "hbase",
];

impl Series {
    /// The series of `protocol` that `attributes` describe; `None` when they are another protocol's that
    /// goes by the same metric: Redis under `db.*`, AWS under `rpc.*`.
    pub fn from_attributes(
        protocol: Protocol,
        side: Side,
        service: &str,
        mut attributes: Attributes,
    ) -> Option<Self> {
        let system = |keys| attributes.first_of(keys).and_then(Value::as_str).unwrap_or_default();
        let is_other = match protocol {
            Protocol::Http => false,
            Protocol::Grpc => !matches!(system(RPC_SYSTEM), "" | "grpc"),
            Protocol::Sql => NOT_SQL.contains(&system(DB_SYSTEM)),
        };
        if is_other {
            return None;
        }
        let (operation, target, status) = match protocol {
            Protocol::Http => (METHOD, ROUTE, HTTP_STATUS),
            Protocol::Grpc => (RPC_METHOD, &[][..], RPC_STATUS),
            Protocol::Sql => (DB_OPERATION, DB_TABLE, &[][..]),
        };
        let number = |keys: &[&str]| attributes.first_of(keys).and_then(status_of);
        Some(Self {
            protocol,
            side,
            service: service.to_owned(),
            status: number(status),
            operation: take(&mut attributes, operation),
            target: take(&mut attributes, target),
            error: take(
                &mut attributes,
                if protocol == Protocol::Sql { ERROR } else { &ERROR[..1] },
            ),
            attributes: without(attributes, status),
        })
    }

    /// What was said under a key of its own, and is no attribute any more: the texts, with the keys that they may
    /// have been under.
    pub fn promoted(&mut self) -> [(&'static [&'static str], &mut String); 4] {
        let (operation, target) = match self.protocol {
            Protocol::Http => (METHOD, ROUTE),
            Protocol::Grpc => (RPC_METHOD, &[][..]),
            Protocol::Sql => (DB_OPERATION, DB_TABLE),
        };
        let error = if self.protocol == Protocol::Sql { ERROR } else { &ERROR[..1] };
        [
            (SERVICE, &mut self.service),
            (operation, &mut self.operation),
            (target, &mut self.target),
            (error, &mut self.error),
        ]
    }

    /// Whether these requests failed, by the rules that Beyla gives spans their status by.
    ///
    /// Source: spec/beyla.md §2.3.
    pub fn is_error(&self) -> bool {
        match (self.protocol, self.side, self.status) {
            (Protocol::Http, Side::Server, Some(status)) => status == 0 || status >= 500,
            (Protocol::Http, Side::Client, Some(status)) => status == 0 || status >= 400,
            // UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
            (Protocol::Grpc, Side::Server, Some(code)) => matches!(code, 2 | 4 | 12..=15),
            (Protocol::Grpc, Side::Client, Some(code)) => code != 0,
            _ => !self.error.is_empty(),
        }
    }
}

/// The first text under any of `keys`, moved out; "" when there is none.
fn take(attributes: &mut Attributes, keys: &[&str]) -> String {
    let found = keys.iter().find_map(|key| attributes.0.iter().position(|kv| kv.key == *key));
    found.map(|at| attributes.0.remove(at).value).map_or_else(String::new, |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn without(attributes: Attributes, keys: &[&str]) -> Attributes {
    let others = |kv: &KeyValue| !keys.contains(&kv.key.as_str());
    Attributes(attributes.0.into_iter().filter(others).collect())
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Http, Self::Grpc, Self::Sql];

    /// `http`, `grpc` or `sql`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Sql => "sql",
        }
    }
}

impl Side {
    /// `server` or `client`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}
