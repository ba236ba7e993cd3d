//! Simulates one request to an application.

mod attributes;

use std::sync::Arc;

use coral_trace::{
    Collector, Origin, Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos,
};

pub use self::attributes::Detail;
use self::attributes::{Target, origin};
use crate::fault::{Fault, Kind, NEW_VERSION, VERSION};
use crate::random::{mix, unit};
use crate::topology::{Call, Database, External, Operation, Publication, Statement, Topology};

/// An application, with the faults that it has.
pub struct Simulation<'a> {
    topology: &'a Topology,
    faults: Vec<Fault>,
    detail: Detail,
    /// The origin of the spans of each instance of each service.
    origins: Vec<Vec<Arc<Origin>>>,
    /// The factor by which everything takes longer because of the number of requests.
    pub load: f64,
    /// The index of a service that is a little slower, but is not a culprit.
    pub decoy: Option<usize>,
}

/// A simulated request.
pub struct Request {
    /// The spans of its trace. The first one is the root.
    pub spans: Vec<Span>,
    /// Whether a fault changed this request.
    pub is_affected: bool,
}

/// A request under construction.
struct Progress<'a> {
    simulation: &'a Simulation<'a>,
    begin: UnixNanos,
    random: u64,
    draws: u64,
    trace_id: TraceId,
    spans: Vec<Span>,
    is_affected: bool,
}

/// How a call ended.
#[derive(Clone, Copy)]
struct CallEnd {
    /// The end, in milliseconds since the start of the request.
    at: f64,
    /// The status of the response; 0 when there is none.
    status: u16,
}

/// The identity of a span.
struct SpanIdentity<'a> {
    service: usize,
    name: String,
    kind: SpanKind,
    target: Target<'a>,
}

/// The latency of one network hop, in milliseconds.
const HOP: f64 = 0.3;
/// The latency of a queue, in milliseconds.
const QUEUE: f64 = 15.0;
/// The latency of a queue with a lag, in milliseconds.
const LAG: f64 = 3_000.0;
/// The timeout of a call, in milliseconds.
const CALL_TIMEOUT: f64 = 1_000.0;
/// How much longer a slow network takes, in milliseconds.
const SLOW_NETWORK: f64 = 40.0;
/// How long a service waits for a connection of a pool that is too small, in milliseconds.
const POOL_WAIT: f64 = 30.0;
/// How often a failed call is repeated.
const RETRIES: usize = 2;
/// How many queries are made instead of one.
const QUERIES: usize = 20;
/// How long each of these queries takes, as a part of the one query.
const QUICK: f64 = 0.3;
const OK: u16 = 200;

impl<'a> Simulation<'a> {
    /// An application with `faults`; `detail` says which attributes its spans have.
    pub fn new(topology: &'a Topology, faults: &[Fault], detail: Detail) -> Self {
        let is_new = |service: usize, instance: usize| {
            let is_at = |fault: &Fault| (fault.service, fault.instance) == (service, instance);
            faults.iter().any(|fault| fault.kind == Kind::BadVersion && is_at(fault))
        };
        Self {
            topology,
            faults: faults.to_vec(),
            detail,
            origins: origins(topology, detail, is_new),
            load: 1.0,
            decoy: None,
        }
    }

    /// The same application, in which the first `instances` instances of `service` run a new
    /// version that behaves like the old one.
    pub fn with_deployed(self, service: usize, instances: usize) -> Self {
        let is_new = |at: usize, instance: usize| at == service && instance < instances;
        Self { origins: origins(self.topology, self.detail, is_new), ..self }
    }

    /// The request with the random number `random` that arrives at `begin`.
    pub fn request(&self, random: u64, begin: UnixNanos) -> Request {
        let id = u128::from(mix(random ^ 21)) << 64 | u128::from(mix(random ^ 22));
        let mut progress = Progress {
            simulation: self,
            begin,
            random,
            draws: 0,
            trace_id: TraceId::try_from(id.max(1)).expect("not zero"),
            spans: Vec::new(),
            is_affected: false,
        };
        progress.serve(self.entry(random), None, 0.0);
        // Spans are recorded when they end. The root is last, except for consumers of messages.
        progress.spans.reverse();
        progress.spans.sort_by_key(|span| span.parent_span_id.is_some());
        Request { spans: progress.spans, is_affected: progress.is_affected }
    }

    fn entry(&self, random: u64) -> Call {
        let mut rest = unit(random ^ 61);
        let entries = &self.topology.entries;
        let found = entries.iter().find(|entry| {
            rest -= entry.share;
            rest < 0.0
        });
        found.unwrap_or(&entries[entries.len() - 1]).call
    }

    fn is(&self, kind: Kind, service: usize) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind && fault.service == service)
    }

    /// Whether there is a fault of this kind about this operation.
    fn is_about(&self, kind: Kind, call: Call) -> bool {
        let is_about = |fault: &Fault| {
            fault.kind == kind && fault.service == call.service && fault.operation == call.operation
        };
        self.faults.iter().any(is_about)
    }

    fn anywhere(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    /// Whether `caller` has a slow network to `callee`.
    fn is_slow_edge(&self, caller: usize, callee: usize) -> bool {
        self.is(Kind::SlowNetwork, callee)
            || self.is(Kind::SlowEdge, callee)
                && self.topology.callers(callee).next() == Some(caller)
    }
}

fn origins(
    topology: &Topology,
    detail: Detail,
    is_new: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<Arc<Origin>>> {
    let of_service = |service: usize| {
        let instances = 0..topology.services[service].hosts.len();
        let of_instance = |instance| {
            let version = if is_new(service, instance) { NEW_VERSION } else { VERSION };
            Arc::new(origin(topology, service, instance, version, detail))
        };
        instances.map(of_instance).collect()
    };
    (0..topology.services.len()).map(of_service).collect()
}

impl<'a> Progress<'a> {
    /// Simulates how an operation serves a request, or processes a message, that arrives at `from`,
    /// in milliseconds. Returns the end of the response.
    fn serve(&mut self, call: Call, parent: Option<SpanId>, from: f64) -> CallEnd {
        let simulation = self.simulation;
        let operation = simulation.topology.operation(call);
        let span = self.next_id();
        let work = operation.work * self.own_slowness(call) * self.slowness(call.service);
        let mut done = CallEnd { at: from + self.duration_around(work / 2.0), status: OK };
        if let Some(status) = self.early_error(call.service) {
            done.status = status;
        } else {
            done = self.act(call, span, done);
            done.at += self.duration_around(work / 2.0);
        }
        if simulation.is(Kind::Timeout, call.service) && self.breaks(0.6) {
            done.at += 2.0 * CALL_TIMEOUT;
        }
        if let Some(status) = self.late_error(call.service).filter(|_| !done.failed()) {
            done.status = status;
        }
        if !done.failed() && unit(self.random ^ 52) < operation.not_found {
            done.status = 404;
        }
        let kind = match operation.endpoint {
            crate::topology::Endpoint::Http(..) => SpanKind::Server,
            crate::topology::Endpoint::Message(_) => SpanKind::Consumer,
        };
        let target = Target::Operation(operation);
        let identity = SpanIdentity { service: call.service, name: operation.name(), kind, target };
        self.record_span(span, parent, &identity, from, done);
        done
    }

    /// Everything that an operation asks others for. Nothing is asked for after a failure.
    fn act(&mut self, call: Call, span: SpanId, begun: CallEnd) -> CallEnd {
        let operation = self.simulation.topology.operation(call);
        let mut done = begun;
        if let Some(database) = &operation.database {
            done.at = self.query_database(call, database, span, done.at);
        }
        if let Some(external) = &operation.external {
            done = self.call_external(call, external, span, done.at);
        }
        if !done.failed() {
            done = self.call_all(call.service, operation, span, done);
        }
        if let Some(publication) = operation.publishes.as_ref().filter(|_| !done.failed()) {
            done.at = self.publish(call, publication, span, done.at);
        }
        done
    }

    /// Simulates all calls of an operation. In a sequence of calls, nothing is called after a
    /// failure.
    fn call_all(
        &mut self,
        service: usize,
        operation: &'a Operation,
        span: SpanId,
        begun: CallEnd,
    ) -> CallEnd {
        let mut done = begun;
        for callee in &operation.calls {
            let from = if operation.in_parallel { begun.at } else { done.at };
            let answer = self.call(service, *callee, span, from);
            done.at = done.at.max(answer.at);
            if answer.failed() {
                done.status = if answer.status == 0 { 504 } else { 502 };
            }
            if done.failed() && !operation.in_parallel {
                break;
            }
        }
        done
    }

    /// Simulates one call. If the callee has the fault `RetryStorm`, the caller repeats a failed
    /// call, at most twice.
    fn call(&mut self, caller: usize, callee: Call, parent: SpanId, from: f64) -> CallEnd {
        let mut done = self.try_call(caller, callee, parent, from);
        for _ in 0..RETRIES {
            if done.failed() && self.simulation.is(Kind::RetryStorm, callee.service) {
                done = self.try_call(caller, callee, parent, done.at);
            }
        }
        done
    }

    fn try_call(&mut self, caller: usize, callee: Call, parent: SpanId, from: f64) -> CallEnd {
        let simulation = self.simulation;
        let slow_edge = simulation.is_slow_edge(caller, callee.service);
        self.is_affected |= slow_edge;
        let network = if slow_edge { SLOW_NETWORK } else { 0.0 };
        let starved = (self.slowness(caller) * self.slowness(callee.service)).max(1.0);
        let there = self.duration_around(HOP * starved) + network / 2.0;
        let back = self.duration_around(HOP * starved) + network / 2.0;
        let span = self.next_id();
        let answer = self.serve(callee, Some(span), from + there);
        let waited = answer.at + back - from;
        let gave_up = waited > CALL_TIMEOUT && simulation.anywhere(Kind::Timeout);
        let done = match gave_up {
            true => CallEnd { at: from + CALL_TIMEOUT, status: 0 },
            false => CallEnd { at: from + waited, status: answer.status },
        };
        let target = Target::Call(callee);
        let name = self.client_name(caller, simulation.topology.operation(callee).name());
        let identity = SpanIdentity { service: caller, name, kind: SpanKind::Client, target };
        self.record_span(span, Some(parent), &identity, from, done);
        done
    }

    /// Simulates a lookup in the cache, a query of the database after a cache miss, and a statement
    /// that writes. Returns the end in milliseconds.
    fn query_database(
        &mut self,
        call: Call,
        database: &'a Database,
        parent: SpanId,
        from: f64,
    ) -> f64 {
        let simulation = self.simulation;
        let slowness = self.slowness(call.service);
        let mut at = from;
        if let Some(cache) = database.cache {
            let identity = self.leaf(call, "GET", Target::Cache(cache));
            at = self.wait(&identity, parent, (at, 0.4 * slowness));
        }
        let is_missed = simulation.is(Kind::CacheMiss, call.service);
        let misses = if is_missed { 0.95 } else { 0.15 };
        if simulation.is(Kind::PoolWait, call.service) {
            self.is_affected = true;
            at += self.duration_around(POOL_WAIT);
        }
        if simulation.is_about(Kind::NPlusOne, call) {
            self.is_affected = true;
            let quick = Statement { millis: database.read.millis * QUICK, ..database.read };
            for _ in 0..QUERIES {
                at = self.query(call, database, quick, parent, (at, slowness));
            }
        } else if database.cache.is_none() || self.chance(misses) {
            self.is_affected |= is_missed && database.cache.is_some();
            at = self.query(call, database, database.read, parent, (at, slowness));
        }
        match &database.write {
            Some(write) => self.query(call, database, *write, parent, (at, slowness)),
            None => at,
        }
    }

    fn query(
        &mut self,
        call: Call,
        database: &'a Database,
        statement: Statement,
        parent: SpanId,
        (from, slowness): (f64, f64),
    ) -> f64 {
        let is_slow = self.is_slow_statement(call.service, &statement);
        self.is_affected |= is_slow;
        let slow = match is_slow {
            true if database.write == Some(statement) => 30.0,
            true => 10.0,
            false => 1.0,
        };
        let identity = self.leaf(call, statement.name, Target::Statement(database, statement));
        self.wait(&identity, parent, (from, statement.millis * slow * slowness))
    }

    /// Whether `statement` is the one that a fault of the service makes slow.
    fn is_slow_statement(&self, service: usize, statement: &Statement) -> bool {
        let is_slow = |fault: &Fault| {
            let operation = &self.simulation.topology.services[service].operations[fault.operation];
            let slow = operation.database.as_ref().map(Database::statement);
            fault.kind == Kind::SlowQuery && fault.service == service && slow == Some(statement)
        };
        self.simulation.faults.iter().any(is_slow)
    }

    /// Simulates a request to a host without spans.
    fn call_external(
        &mut self,
        call: Call,
        external: &'a External,
        parent: SpanId,
        from: f64,
    ) -> CallEnd {
        let span = self.next_id();
        let is_lost = self.simulation.is_about(Kind::DependencyTimeout, call) && self.breaks(0.6);
        let done = match is_lost {
            true => CallEnd { at: from + CALL_TIMEOUT, status: 0 },
            false => CallEnd { at: from + self.duration_around(external.millis), status: OK },
        };
        let name = self.client_name(call.service, format!("POST {}", external.path));
        let identity = SpanIdentity { name, ..self.leaf(call, "", Target::External(external)) };
        self.record_span(span, Some(parent), &identity, from, done);
        CallEnd { status: if is_lost { 504 } else { OK }, ..done }
    }

    /// Simulates a message, and its consumers. Returns when the message is published.
    fn publish(
        &mut self,
        call: Call,
        publication: &'a Publication,
        parent: SpanId,
        from: f64,
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.duration_around(1.5);
        let is_late = self.simulation.is_about(Kind::QueueLag, call);
        self.is_affected |= is_late;
        for consumer in &publication.consumers {
            let waited = self.duration_around(if is_late { LAG } else { QUEUE });
            self.serve(*consumer, Some(span), at + waited);
        }
        let identity = SpanIdentity {
            name: format!("publish {}", publication.topic),
            kind: SpanKind::Producer,
            ..self.leaf(call, "", Target::Topic(publication.topic))
        };
        self.record_span(span, Some(parent), &identity, from, CallEnd { at, status: OK });
        at
    }

    fn leaf(&self, call: Call, name: &str, target: Target<'a>) -> SpanIdentity<'a> {
        let (service, name) = (call.service, name.to_owned());
        SpanIdentity { service, name, kind: SpanKind::Client, target }
    }

    /// Simulates a call whose callee has no spans; returns the end of the call in milliseconds.
    fn wait(
        &mut self,
        identity: &SpanIdentity<'_>,
        parent: SpanId,
        (from, typical): (f64, f64),
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.duration_around(typical);
        self.record_span(span, Some(parent), identity, from, CallEnd { at, status: OK });
        at
    }

    /// The name of a client span: SDKs give it the method only.
    fn client_name(&self, caller: usize, name: String) -> String {
        match self.simulation.topology.services[caller].collector {
            Collector::Ebpf => name,
            Collector::Sdk => name.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}

/// What faults do to a request.
impl Progress<'_> {
    /// The factor by which everything that `service` does for this request takes longer, because of
    /// load, decoy and CPU faults.
    fn slowness(&mut self, service: usize) -> f64 {
        let simulation = self.simulation;
        let load = if simulation.anywhere(Kind::LoadStep) { 1.1 } else { simulation.load };
        let decoy = if simulation.decoy == Some(service) { 1.15 } else { 1.0 };
        let is_starved =
            simulation.is(Kind::HostCpu, service) || self.is_on_host(Kind::SlowHost, service);
        self.is_affected |= is_starved;
        load * decoy * if is_starved { 6.0 } else { 1.0 }
    }

    /// The factor by which the own work of an operation takes longer.
    fn own_slowness(&mut self, call: Call) -> f64 {
        let simulation = self.simulation;
        let runs_bad_version = simulation.faults.iter().any(|fault| {
            fault.kind == Kind::BadVersion
                && fault.service == call.service
                && self.instance(call.service) == fault.instance
        });
        let is_slow = runs_bad_version
            || simulation.is(Kind::SlowNode, call.service)
            || simulation.is_about(Kind::SlowRoute, call);
        self.is_affected |= is_slow;
        if is_slow { 10.0 } else { 1.0 }
    }

    /// The status of an error before anything is called.
    fn early_error(&mut self, service: usize) -> Option<u16> {
        if self.simulation.is(Kind::EarlyError, service) && self.breaks(0.7) {
            return Some(500);
        }
        let is_of_host = self.simulation.is(Kind::ErrorsOnHost, service)
            && self.is_on_host(Kind::ErrorsOnHost, service);
        (is_of_host && self.breaks(0.2)).then_some(503)
    }

    /// The status of an error after everything was called.
    fn late_error(&mut self, service: usize) -> Option<u16> {
        for (kind, share, status) in [
            (Kind::RetryStorm, 0.8, 503),
            (Kind::ErrorsEverywhere, 0.3, 500),
            (Kind::DeepError, 0.25, 500),
        ] {
            if self.simulation.is(kind, service) && self.breaks(share) {
                return Some(status);
            }
        }
        let fails = unit(self.random ^ 51 ^ (service as u64) << 8);
        (fails < self.simulation.topology.error_share).then_some(500)
    }

    /// Whether the instance of `service` runs on the host of a fault of this kind.
    fn is_on_host(&self, kind: Kind, service: usize) -> bool {
        let topology = self.simulation.topology;
        let host = &topology.services[service].hosts[self.instance(service)];
        let faults = self.simulation.faults.iter().filter(|fault| fault.kind == kind);
        faults.into_iter().any(|fault| fault.host(topology) == host)
    }

    /// Whether a fault that concerns a part of the requests concerns this one.
    fn breaks(&mut self, share: f64) -> bool {
        let breaks = self.chance(share);
        self.is_affected |= breaks;
        breaks
    }

    /// Which instance of `service` serves this request.
    fn instance(&self, service: usize) -> usize {
        let instances = self.simulation.topology.services[service].hosts.len();
        (mix(self.random ^ 31 ^ service as u64) % instances as u64) as usize
    }
}

impl Progress<'_> {
    /// Records a span that starts at `from`, in milliseconds since the start of the request.
    fn record_span(
        &mut self,
        span_id: SpanId,
        parent_span_id: Option<SpanId>,
        identity: &SpanIdentity<'_>,
        from: f64,
        done: CallEnd,
    ) {
        let simulation = self.simulation;
        let instant = |millis: f64| UnixNanos(self.begin.0 + (millis * 1e6) as u64);
        let is_refused = identity.kind == SpanKind::Client && done.status >= 400;
        let code = match done.failed() || is_refused {
            true => StatusCode::Error,
            false => StatusCode::Unset,
        };
        self.spans.push(Span {
            trace_id: self.trace_id,
            span_id,
            parent_span_id,
            trace_state: String::new(),
            flags: 0,
            name: identity.name.clone(),
            kind: identity.kind,
            start: instant(from),
            end: instant(done.at),
            attributes: simulation.attributes(&identity.target, done.status, self.random),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status { code, message: String::new() },
            origin: self.simulation.origins[identity.service][self.instance(identity.service)]
                .clone(),
        });
    }

    fn next_id(&mut self) -> SpanId {
        SpanId::try_from(self.draw().max(1)).expect("not zero")
    }

    /// A random duration in the unit of `typical`: log-normal around `typical` with a deviation of
    /// a third, and three times as long in one of fifty cases.
    fn duration_around(&mut self, typical: f64) -> f64 {
        // The sum of twelve uniform values is nearly normal.
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let rare = if self.chance(0.02) { 3.0 } else { 1.0 };
        typical * rare * (0.33 * normal).exp()
    }

    fn chance(&mut self, part: f64) -> bool {
        self.uniform() < part
    }

    fn uniform(&mut self) -> f64 {
        self.draw() as f64 / u64::MAX as f64
    }

    fn draw(&mut self) -> u64 {
        self.draws += 1;
        mix(self.random ^ mix(self.draws))
    }
}

impl CallEnd {
    const fn failed(self) -> bool {
        self.status == 0 || self.status >= 500
    }
}
