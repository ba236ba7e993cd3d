//! One request on its way through an application.

use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, StatusCode,
    TraceId, UnixNanos, Value,
};

use super::fault::{CACHE, DATABASE, Fault, Kind};
use super::topology::Topology;
use super::weather::Weather;
use crate::traffic::trace::mix;

/// An application with faults.
pub struct Simulation<'a> {
    pub topology: &'a Topology,
    pub faults: &'a [Fault],
    /// A service that is a little slower, which is nobody's cause.
    pub decoy: Option<usize>,
}

/// A request that is under way.
struct Request<'a> {
    simulation: &'a Simulation<'a>,
    random: u64,
    draws: u64,
    trace_id: TraceId,
    spans: Vec<Span>,
}

/// When the server's answer is there, and whether it is one. Times are milliseconds since the request.
#[derive(Clone, Copy)]
struct Done {
    at: f64,
    failed: bool,
}

/// Whom a span belongs to, and what it is.
struct Said<'a> {
    service: usize,
    name: &'a str,
    kind: SpanKind,
    /// A database or a cache.
    peer: Option<&'a str>,
}

const BEGIN: u64 = 1_790_000_000_000_000_000;
/// A hop of the network, milliseconds.
const HOP: f64 = 0.3;
/// A caller waits no longer, milliseconds.
const PATIENCE: f64 = 1_000.0;

impl Simulation<'_> {
    /// The request with that random number, as it arrives; `None` when it is not sampled.
    pub fn trace(&self, random: u64, weather: Weather) -> Option<Vec<Span>> {
        let id = u128::from(mix(random ^ 21)) << 64 | u128::from(mix(random ^ 22));
        let trace_id = TraceId::try_from(id).ok().filter(|_| weather.keeps(random))?;
        let mut request =
            Request { simulation: self, random, draws: 0, trace_id, spans: Vec::new() };
        request.serve(0, None, 0.0);
        // Spans end before those that caused them; the root comes first here.
        request.spans.reverse();
        Some(weather.spoil(request.spans, random))
    }

    fn is(&self, kind: Kind, at: usize) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind && fault.at == at)
    }

    fn anywhere(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    /// How many times as long as usual everything that `service` does takes.
    fn slowness(&self, service: usize) -> f64 {
        let load = if self.anywhere(Kind::LoadStep) { 1.1 } else { 1.0 };
        let decoy = if self.decoy == Some(service) { 1.15 } else { 1.0 };
        load * decoy * if self.is(Kind::HostCpu, service) { 6.0 } else { 1.0 }
    }
}

impl Request<'_> {
    /// A service answers; returns when.
    fn serve(&mut self, service: usize, parent: Option<SpanId>, from: f64) -> Done {
        let simulation = self.simulation;
        let this = &simulation.topology.services[service];
        let slow_instance = simulation.is(Kind::BadVersion, service) && self.instance(service) == 1;
        let slow = if simulation.is(Kind::SlowNode, service) || slow_instance { 10.0 } else { 1.0 };
        let span = self.next_id();
        let work = this.work * slow * simulation.slowness(service);
        let mut done = Done { at: from + self.noisy(work / 2.0), failed: false };
        if simulation.is(Kind::EarlyError, service) && self.chance(0.7) {
            done.failed = true;
        } else {
            if this.has_database {
                done.at = self.ask_database(service, span, done.at);
            }
            done = self.call_all(service, span, done);
            done.at += self.noisy(work / 2.0);
        }
        if simulation.is(Kind::Timeout, service) && self.chance(0.6) {
            done.at += 2.0 * PATIENCE;
        }
        done.failed |= simulation.is(Kind::RetryStorm, service) && self.chance(0.8);
        let said = Said { service, name: "POST /work", kind: SpanKind::Server, peer: None };
        self.end(span, parent, &said, (from, done.at), done.failed);
        done
    }

    /// All that `service` calls; a failure ends a sequence.
    fn call_all(&mut self, service: usize, span: SpanId, begun: Done) -> Done {
        let this = &self.simulation.topology.services[service];
        let mut done = begun;
        for callee in &this.calls {
            let from = if this.at_once { begun.at } else { done.at };
            let answer = self.call(service, *callee, span, from);
            done.at = done.at.max(answer.at);
            done.failed |= answer.failed;
            if done.failed && !this.at_once {
                break;
            }
        }
        done
    }

    /// One call, with up to two repetitions while it fails.
    fn call(&mut self, caller: usize, callee: usize, parent: SpanId, from: f64) -> Done {
        let mut done = self.try_call(caller, callee, parent, from);
        for _ in 0..2 {
            if done.failed && self.simulation.is(Kind::RetryStorm, callee) {
                done = self.try_call(caller, callee, parent, done.at);
            }
        }
        done
    }

    fn try_call(&mut self, caller: usize, callee: usize, parent: SpanId, from: f64) -> Done {
        let simulation = self.simulation;
        let slow_edge = simulation.faults.iter().any(|fault| {
            fault.kind == Kind::SlowEdge
                && fault.at == callee
                && fault.caller(simulation.topology) == Some(caller)
        });
        let network = if slow_edge { 40.0 } else { 0.0 };
        let starved = (simulation.slowness(caller) * simulation.slowness(callee)).max(1.0);
        let there = self.noisy(HOP * starved) + network / 2.0;
        let back = self.noisy(HOP * starved) + network / 2.0;
        let span = self.next_id();
        let answer = self.serve(callee, Some(span), from + there);
        let waited = answer.at + back - from;
        let gave_up = waited > PATIENCE && simulation.anywhere(Kind::Timeout);
        let at = from + if gave_up { PATIENCE } else { waited };
        let failed = answer.failed || gave_up;
        let said = Said { service: caller, name: "POST /work", kind: SpanKind::Client, peer: None };
        self.end(span, Some(parent), &said, (from, at), failed);
        Done { at, failed }
    }

    /// The cache, and then the database if that had nothing; returns when the answer is there.
    fn ask_database(&mut self, service: usize, parent: SpanId, from: f64) -> f64 {
        let simulation = self.simulation;
        let slowness = simulation.slowness(service);
        let mut at = self.leaf(service, parent, ("GET", CACHE), (from, 0.4 * slowness));
        let misses = if simulation.is(Kind::CacheMiss, service) { 0.95 } else { 0.15 };
        if simulation.is(Kind::PoolWait, service) {
            at += self.noisy(30.0);
        }
        if simulation.is(Kind::NPlusOne, service) {
            for _ in 0..20 {
                at = self.leaf(service, parent, ("SELECT items", DATABASE), (at, 1.5 * slowness));
            }
        } else if self.chance(misses) {
            at = self.leaf(service, parent, ("SELECT items", DATABASE), (at, 5.0 * slowness));
        }
        // Every request writes down that it was there.
        let slow = if simulation.is(Kind::SlowQuery, service) { 30.0 } else { 1.0 };
        self.leaf(service, parent, ("INSERT audit", DATABASE), (at, slow * slowness))
    }

    /// A call that nobody observes the other side of; returns its end.
    fn leaf(
        &mut self,
        service: usize,
        parent: SpanId,
        (name, peer): (&str, &str),
        (from, usual): (f64, f64),
    ) -> f64 {
        let span = self.next_id();
        let at = from + self.noisy(usual);
        let said = Said { service, name, kind: SpanKind::Client, peer: Some(peer) };
        self.end(span, Some(parent), &said, (from, at), false);
        at
    }

    /// Remembers a span that lasted from and until these milliseconds.
    fn end(
        &mut self,
        span_id: SpanId,
        parent_span_id: Option<SpanId>,
        said: &Said<'_>,
        (from, until): (f64, f64),
        failed: bool,
    ) {
        let begin = BEGIN + (self.random % 900) * 1_000_000_000;
        let instant = |millis: f64| UnixNanos(begin + (millis * 1e6) as u64);
        let code = if failed { StatusCode::Error } else { StatusCode::Unset };
        let peer = said.peer.into_iter().map(|peer| ("db.system.name", Value::from(peer)));
        self.spans.push(Span {
            trace_id: self.trace_id,
            span_id,
            parent_span_id,
            trace_state: String::new(),
            flags: 0,
            name: said.name.to_owned(),
            kind: said.kind,
            start: instant(from),
            end: instant(until),
            attributes: peer.collect(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status { code, message: String::new() },
            origin: Arc::new(self.origin(said.service)),
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

    /// Which of two instances of `service` answers this request.
    fn instance(&self, service: usize) -> u64 {
        mix(self.random ^ 31 ^ service as u64) % 2
    }

    fn next_id(&mut self) -> SpanId {
        SpanId::try_from(self.draw().max(1)).expect("not zero")
    }

    /// About as long as usual: a log-normal with a deviation of a third, and one in fifty three times that.
    fn noisy(&mut self, usual: f64) -> f64 {
        // The sum of twelve uniform draws is nearly normal.
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let rare = if self.chance(0.02) { 3.0 } else { 1.0 };
        usual * rare * (0.33 * normal).exp()
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
