//! Simulates one request to an application.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos, Value,
};

use super::data_quality::DataQuality;
use super::fault::{CACHE, DATABASE, Fault, Kind};
use super::topology::Topology;
use crate::traffic::trace::mix;

/// An application with faults.
pub struct Simulation<'a> {
    pub topology: &'a Topology,
    pub faults: &'a [Fault],
    /// The index of a service that is a little slower, but is not a culprit.
    pub decoy: Option<usize>,
}

/// A request under construction.
struct Request<'a> {
    simulation: &'a Simulation<'a>,
    random: u64,
    draws: u64,
    trace_id: TraceId,
    spans: Vec<Span>,
}

/// The end of a call, in milliseconds since the start of the request, and whether the call failed.
#[derive(Clone, Copy)]
struct CallEnd {
    at: f64,
    failed: bool,
}

/// The identity of a span.
struct SpanIdentity<'a> {
    service: usize,
    name: &'a str,
    kind: SpanKind,
    /// The name of a database or a cache.
    peer: Option<&'a str>,
}

const BEGIN: u64 = 1_790_000_000_000_000_000;
/// The latency of one network hop, in milliseconds.
const HOP: f64 = 0.3;
/// The timeout of a call, in milliseconds.
const CALL_TIMEOUT: f64 = 1_000.0;

impl Simulation<'_> {
    /// The trace of the request with the random number `random`, as it is received; `None` when it
    /// is not sampled.
    pub fn trace(&self, random: u64, quality: DataQuality) -> Option<Vec<Span>> {
        let id = u128::from(mix(random ^ 21)) << 64 | u128::from(mix(random ^ 22));
        let trace_id = TraceId::try_from(id).ok().filter(|_| quality.keeps(random))?;
        let mut request =
            Request { simulation: self, random, draws: 0, trace_id, spans: Vec::new() };
        request.serve(0, None, 0.0);
        // Spans are recorded when they end, so the root is last. `degrade` expects the root first.
        request.spans.reverse();
        Some(quality.degrade(request.spans, random))
    }

    fn is(&self, kind: Kind, at: usize) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind && fault.at == at)
    }

    fn anywhere(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    /// The factor by which everything that `service` does takes longer, because of load, decoy and
    /// CPU faults.
    fn slowness(&self, service: usize) -> f64 {
        let load = if self.anywhere(Kind::LoadStep) { 1.1 } else { 1.0 };
        let decoy = if self.decoy == Some(service) { 1.15 } else { 1.0 };
        load * decoy * if self.is(Kind::HostCpu, service) { 6.0 } else { 1.0 }
    }
}

impl Request<'_> {
    /// Simulates how `service` serves a request that arrives at `from`, in milliseconds. Returns
    /// the end of the response.
    fn serve(&mut self, service: usize, parent: Option<SpanId>, from: f64) -> CallEnd {
        let simulation = self.simulation;
        let this = &simulation.topology.services[service];
        let slow_instance = simulation.is(Kind::BadVersion, service) && self.instance(service) == 1;
        let slow = if simulation.is(Kind::SlowNode, service) || slow_instance { 10.0 } else { 1.0 };
        let span = self.next_id();
        let work = this.work * slow * simulation.slowness(service);
        let mut done = CallEnd { at: from + self.duration_around(work / 2.0), failed: false };
        if simulation.is(Kind::EarlyError, service) && self.chance(0.7) {
            done.failed = true;
        } else {
            if this.has_database {
                done.at = self.query_database(service, span, done.at);
            }
            done = self.call_all(service, span, done);
            done.at += self.duration_around(work / 2.0);
        }
        if simulation.is(Kind::Timeout, service) && self.chance(0.6) {
            done.at += 2.0 * CALL_TIMEOUT;
        }
        done.failed |= simulation.is(Kind::RetryStorm, service) && self.chance(0.8);
        let identity =
            SpanIdentity { service, name: "POST /work", kind: SpanKind::Server, peer: None };
        self.record_span(span, parent, &identity, (from, done.at), done.failed);
        done
    }

    /// Simulates all calls of `service`. In a sequence of calls, nothing is called after a failure.
    fn call_all(&mut self, service: usize, span: SpanId, begun: CallEnd) -> CallEnd {
        let this = &self.simulation.topology.services[service];
        let mut done = begun;
        for callee in &this.calls {
            let from = if this.in_parallel { begun.at } else { done.at };
            let answer = self.call(service, *callee, span, from);
            done.at = done.at.max(answer.at);
            done.failed |= answer.failed;
            if done.failed && !this.in_parallel {
                break;
            }
        }
        done
    }

    /// Simulates one call. If the callee has the fault `RetryStorm`, the caller retries a failed
    /// call, at most twice.
    fn call(&mut self, caller: usize, callee: usize, parent: SpanId, from: f64) -> CallEnd {
        let mut done = self.try_call(caller, callee, parent, from);
        for _ in 0..2 {
            if done.failed && self.simulation.is(Kind::RetryStorm, callee) {
                done = self.try_call(caller, callee, parent, done.at);
            }
        }
        done
    }

    fn try_call(&mut self, caller: usize, callee: usize, parent: SpanId, from: f64) -> CallEnd {
        let simulation = self.simulation;
        let slow_edge = simulation.faults.iter().any(|fault| {
            fault.kind == Kind::SlowEdge
                && fault.at == callee
                && fault.caller(simulation.topology) == Some(caller)
        });
        let network = if slow_edge { 40.0 } else { 0.0 };
        let starved = (simulation.slowness(caller) * simulation.slowness(callee)).max(1.0);
        let there = self.duration_around(HOP * starved) + network / 2.0;
        let back = self.duration_around(HOP * starved) + network / 2.0;
        let span = self.next_id();
        let answer = self.serve(callee, Some(span), from + there);
        let waited = answer.at + back - from;
        let gave_up = waited > CALL_TIMEOUT && simulation.anywhere(Kind::Timeout);
        let at = from + if gave_up { CALL_TIMEOUT } else { waited };
        let failed = answer.failed || gave_up;
        let identity = SpanIdentity {
            service: caller,
            name: "POST /work",
            kind: SpanKind::Client,
            peer: None,
        };
        self.record_span(span, Some(parent), &identity, (from, at), failed);
        CallEnd { at, failed }
    }

    /// Simulates a lookup in the cache, a query of the database after a cache miss, and a write to
    /// the database. Returns the end in milliseconds.
    fn query_database(&mut self, service: usize, parent: SpanId, from: f64) -> f64 {
        let simulation = self.simulation;
        let slowness = simulation.slowness(service);
        let mut at = self.leaf(service, parent, ("GET", CACHE), (from, 0.4 * slowness));
        let misses = if simulation.is(Kind::CacheMiss, service) { 0.95 } else { 0.15 };
        if simulation.is(Kind::PoolWait, service) {
            at += self.duration_around(30.0);
        }
        if simulation.is(Kind::NPlusOne, service) {
            for _ in 0..20 {
                at = self.leaf(service, parent, ("SELECT items", DATABASE), (at, 1.5 * slowness));
            }
        } else if self.chance(misses) {
            at = self.leaf(service, parent, ("SELECT items", DATABASE), (at, 5.0 * slowness));
        }
        // Every request also writes to the database.
        let slow = if simulation.is(Kind::SlowQuery, service) { 30.0 } else { 1.0 };
        self.leaf(service, parent, ("INSERT audit", DATABASE), (at, slow * slowness))
    }

    /// Simulates a call whose callee has no spans; returns the end of the call in milliseconds.
    fn leaf(
        &mut self,
        service: usize,
        parent: SpanId,
        (name, peer): (&str, &str),
        (from, typical): (f64, f64),
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.duration_around(typical);
        let identity = SpanIdentity { service, name, kind: SpanKind::Client, peer: Some(peer) };
        self.record_span(span, Some(parent), &identity, (from, at), false);
        at
    }

    /// Records a span between two times, in milliseconds since the start of the request.
    fn record_span(
        &mut self,
        span_id: SpanId,
        parent_span_id: Option<SpanId>,
        identity: &SpanIdentity<'_>,
        (from, until): (f64, f64),
        failed: bool,
    ) {
        let begin = BEGIN + (self.random % 900) * 1_000_000_000;
        let instant = |millis: f64| UnixNanos(begin + (millis * 1e6) as u64);
        let code = if failed { StatusCode::Error } else { StatusCode::Unset };
        let peer = identity.peer.into_iter().map(|peer| ("db.system.name", Value::from(peer)));
        self.spans.push(Span {
            trace_id: self.trace_id,
            span_id,
            parent_span_id,
            trace_state: String::new(),
            flags: 0,
            name: identity.name.to_owned(),
            kind: identity.kind,
            start: instant(from),
            end: instant(until),
            attributes: peer.collect(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status { code, message: String::new() },
            origin: Arc::new(self.origin(identity.service)),
        });
    }

    fn origin(&self, service: usize) -> Origin {
        let name = &self.simulation.topology.services[service].name;
        let instance = format!("{name}-{}", self.instance(service));
        let attributes: Attributes =
            [("service.name", name.as_str()), ("service.instance.id", instance.as_str())]
                .into_iter()
                .collect();
        let resource = Resource { attributes, ..Resource::default() };
        Origin { resource, scope: Scope::default(), collector: Collector::Ebpf }
    }

    /// Which of the two instances of `service` serves this request: 0 or 1.
    fn instance(&self, service: usize) -> u64 {
        mix(self.random ^ 31 ^ service as u64) % 2
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
