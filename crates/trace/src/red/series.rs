//! Series: the requests that are counted together, because their attributes are equal.

use crate::attribute::{Attributes, KeyValue, Value};
use crate::span::status_of;

/// The identity of a series: the attributes that its requests share. A service served or made the
/// requests. Each distinct combination of attributes that the exporter reports is a series of its
/// own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Series {
    /// The protocol, which decides the table that the series is stored in.
    pub protocol: Protocol,
    /// Whether the service served or made the requests.
    pub side: Side,
    /// The service that was observed.
    pub service: String,
    /// HTTP: the method. gRPC: the full method. SQL: the operation. Empty when not reported.
    pub operation: String,
    /// HTTP: the route. SQL: the table. Empty when not reported, and for gRPC.
    pub target: String,
    /// The response status of HTTP or gRPC.
    pub status: Option<u16>,
    /// The `error.type`; empty when there was no error, or the exporter does not report the type.
    pub error: String,
    /// All further attributes.
    pub attributes: Attributes,
}

/// The protocols that have a table of metrics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// HTTP, with the table `beyla_http_metrics`.
    Http,
    /// gRPC, with the table `beyla_grpc_metrics`.
    Grpc,
    /// SQL, with the table `beyla_sql_metrics`.
    Sql,
}

/// The side of a call that a service was on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The service handled the request.
    Server,
    /// The service made the request.
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

/// Database systems without SQL. All others are assumed to use SQL.
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
    /// The series of `protocol` that `attributes` describe. `None` when the attributes are of
    /// another protocol that reports in the same metric, such as Redis with `db.*` and AWS with
    /// `rpc.*`.
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
            operation: remove_text(&mut attributes, operation),
            target: remove_text(&mut attributes, target),
            error: remove_text(
                &mut attributes,
                if protocol == Protocol::Sql { ERROR } else { &ERROR[..1] },
            ),
            attributes: without(attributes, status),
        })
    }

    /// The text fields of the series, each with the names of the attribute that it may come from.
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

    /// Whether the requests failed, by the rules that Beyla applies to the status of spans.
    ///
    /// HTTP requests failed with status 0 (no response), with 500 and above at a server, and with
    /// 400 and above at a client. gRPC calls failed with any status but 0 at a client, and with one
    /// of six codes at a server. Without a status, and for SQL, the requests failed if `error` has
    /// text.
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

/// Removes the attributes with `keys`, and returns the value of the first of `keys` that is
/// present as text; "" when none is present.
fn remove_text(attributes: &mut Attributes, keys: &[&str]) -> String {
    let mut text = None;
    for key in keys {
        while let Some(at) = attributes.0.iter().position(|kv| kv.key == *key) {
            let found = match attributes.0.remove(at).value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            text.get_or_insert(found);
        }
    }
    text.unwrap_or_default()
}

fn without(attributes: Attributes, keys: &[&str]) -> Attributes {
    let others = |kv: &KeyValue| !keys.contains(&kv.key.as_str());
    Attributes(attributes.0.into_iter().filter(others).collect())
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 3] = [Self::Http, Self::Grpc, Self::Sql];

    /// The protocol as text: `http`, `grpc` or `sql`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Sql => "sql",
        }
    }
}

impl Side {
    /// The side as text: `server` or `client`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}
