//! Topologies: the services of an application, what each operation does, and where the instances
//! run.

mod bookings;
mod checkout;
mod plain;
mod shop;

use coral_trace::Collector;

/// An application: services, and which operation of which service calls which.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The name of the topology.
    pub name: &'static str,
    /// The services.
    pub services: Vec<Service>,
    /// The operations that requests from outside arrive at.
    pub entries: Vec<Entry>,
    /// The part of the requests of each service that fail when nothing is at fault: 0 to 1.
    pub error_share: f64,
}

/// An operation that requests from outside arrive at.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The operation.
    pub call: Call,
    /// The part of all requests that arrive at this operation: 0 to 1.
    pub share: f64,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// The `service.name`.
    pub name: String,
    /// The names of the hosts of the service's instances: one instance for each item.
    pub hosts: Vec<String>,
    /// Which kind of instrumentation makes the spans of the service.
    pub collector: Collector,
    /// What the service does.
    pub operations: Vec<Operation>,
}

/// What a service does when it is called, in this order: half of its own work, the database, the
/// external host, calls, messages, and the other half of its own work.
#[derive(Clone, Debug)]
pub struct Operation {
    /// How the operation is reached.
    pub endpoint: Endpoint,
    /// The typical duration of the service's own work for a request, in milliseconds.
    pub work: f64,
    /// The database that is queried.
    pub database: Option<Database>,
    /// The host without spans of its own that is called.
    pub external: Option<External>,
    /// Calls of other services, in sequence unless `in_parallel` is set.
    pub calls: Vec<Call>,
    /// Whether all calls are made in parallel.
    pub in_parallel: bool,
    /// The message that is published, and the operations that consume it.
    pub publishes: Option<Publication>,
    /// The part of the requests that are answered with 404: 0 to 1.
    pub not_found: f64,
}

/// How an operation is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// By an HTTP request of this method and route.
    Http(&'static str, &'static str),
    /// By a gRPC request of this full method: `/package.Service/Method`.
    Grpc(&'static str),
    /// By a message of this topic.
    Message(&'static str),
}

/// An operation of a service: the target of a call or of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The index of the service.
    pub service: usize,
    /// The index of the operation in the service.
    pub operation: usize,
}

/// How an operation uses a database: a lookup in a cache if there is one, a query after a cache
/// miss, and a statement that writes.
#[derive(Clone, Debug)]
pub struct Database {
    /// The `server.address` of the database.
    pub address: &'static str,
    /// The `server.address` of the cache.
    pub cache: Option<&'static str>,
    /// The query.
    pub read: Statement,
    /// The statement that writes.
    pub write: Option<Statement>,
}

/// An SQL statement.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Statement {
    /// The name of the spans of the statement: operation and table.
    pub name: &'static str,
    /// The text of the statement, with placeholders.
    pub text: &'static str,
    /// How long the statement takes, in milliseconds.
    pub millis: f64,
}

/// A host that sends no spans.
#[derive(Clone, Copy, Debug)]
pub struct External {
    /// The `server.address`.
    pub address: &'static str,
    /// The path of the requests.
    pub path: &'static str,
    /// How long a request takes, in milliseconds.
    pub millis: f64,
}

/// A message that an operation publishes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The name of the topic.
    pub topic: &'static str,
    /// The operations that process the message.
    pub consumers: Vec<Call>,
}

impl Topology {
    /// All topologies.
    pub fn all() -> [Self; 7] {
        let [chain, fan_out, diamond, twenty] = Self::plain();
        [chain, fan_out, diamond, twenty, Self::checkout(), Self::shop(), Self::bookings()]
    }

    /// The names of all hosts, sorted.
    pub fn hosts(&self) -> Vec<&str> {
        let hosts = self.services.iter().flat_map(|service| &service.hosts);
        let mut hosts: Vec<&str> = hosts.map(String::as_str).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// The indices of the services that call `service`.
    pub fn callers(&self, service: usize) -> impl Iterator<Item = usize> {
        let calls =
            move |operation: &Operation| operation.calls.iter().any(|call| call.service == service);
        (0..self.services.len())
            .filter(move |caller| self.services[*caller].operations.iter().any(calls))
    }

    /// The operation that `call` names.
    pub fn operation(&self, call: Call) -> &Operation {
        &self.services[call.service].operations[call.operation]
    }
}

impl Operation {
    /// An operation of HTTP that does nothing but its own work of `work` milliseconds.
    fn http(method: &'static str, route: &'static str, work: f64) -> Self {
        Self {
            endpoint: Endpoint::Http(method, route),
            work,
            database: None,
            external: None,
            calls: Vec::new(),
            in_parallel: false,
            publishes: None,
            not_found: 0.0,
        }
    }

    /// An operation of gRPC, with the full method `method`.
    fn grpc(method: &'static str, work: f64) -> Self {
        Self { endpoint: Endpoint::Grpc(method), ..Self::http("", "", work) }
    }

    /// An operation that processes the messages of `topic`.
    fn message(topic: &'static str, work: f64) -> Self {
        Self { endpoint: Endpoint::Message(topic), ..Self::http("", "", work) }
    }

    fn with_database(self, database: Database) -> Self {
        Self { database: Some(database), ..self }
    }

    /// With calls, each of which is the index of a service and the index of its operation.
    fn with_calls(self, calls: &[(usize, usize)]) -> Self {
        let call = |(service, operation): &(usize, usize)| Call {
            service: *service,
            operation: *operation,
        };
        Self { calls: calls.iter().map(call).collect(), ..self }
    }

    /// The name of the spans that serve the operation.
    pub fn name(&self) -> String {
        match self.endpoint {
            Endpoint::Http(method, route) => format!("{method} {route}"),
            Endpoint::Grpc(method) => method.to_owned(),
            Endpoint::Message(topic) => format!("process {topic}"),
        }
    }
}

impl Service {
    fn new(name: &str, hosts: &[&str], operations: Vec<Operation>) -> Self {
        Self {
            name: name.to_owned(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            collector: Collector::Ebpf,
            operations,
        }
    }

    fn instrumented(self) -> Self {
        Self { collector: Collector::Sdk, ..self }
    }

    /// The index of the first operation that `is` true of.
    pub fn position(&self, is: impl Fn(&Operation) -> bool) -> Option<usize> {
        self.operations.iter().position(is)
    }
}

impl Database {
    fn new(address: &'static str, read: Statement) -> Self {
        Self { address, cache: None, read, write: None }
    }

    fn cached_by(self, cache: &'static str) -> Self {
        Self { cache: Some(cache), ..self }
    }

    fn writing(self, write: Statement) -> Self {
        Self { write: Some(write), ..self }
    }

    /// The statement that a slow statement is: the one that writes, or the query.
    pub fn statement(&self) -> &Statement {
        self.write.as_ref().unwrap_or(&self.read)
    }
}

const fn statement(name: &'static str, text: &'static str, millis: f64) -> Statement {
    Statement { name, text, millis }
}
