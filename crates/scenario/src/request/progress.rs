//! A request under construction: which operation calls which, and when.

use coral_trace::{Span, SpanId, SpanKind, Status, StatusCode, TraceId, UnixNanos};

use super::Simulation;
use super::attributes::Target;
use crate::fault::Kind;
use crate::random::{mix, unit};
use crate::topology::{Call, Endpoint, Operation};

/// A request under construction.
pub(super) struct Progress<'a> {
    pub simulation: &'a Simulation<'a>,
    pub begin: UnixNanos,
    pub random: u64,
    pub draws: u64,
    pub trace_id: TraceId,
    pub spans: Vec<Span>,
    pub is_affected: bool,
}

/// How a call ended.
#[derive(Clone, Copy)]
pub(super) struct CallEnd {
    /// The end, in milliseconds since the start of the request.
    pub at: f64,
    /// The status of the response; 0 when there is none.
    pub status: u16,
}

/// The identity of a span.
pub(super) struct SpanIdentity<'a> {
    pub service: usize,
    pub name: String,
    pub kind: SpanKind,
    pub target: Target<'a>,
}

/// The latency of one network hop, in milliseconds.
const HOP: f64 = 0.3;
/// The timeout of a call, in milliseconds.
pub(super) const CALL_TIMEOUT: f64 = 1_000.0;
/// How much longer a slow network takes, in milliseconds.
const SLOW_NETWORK: f64 = 40.0;
/// How often a failed call is repeated.
const RETRIES: usize = 2;
pub(super) const OK: u16 = 200;

impl<'a> Progress<'a> {
    /// Simulates how an operation serves a request, or processes a message, that arrives at `from`,
    /// in milliseconds. Returns the end of the response.
    pub fn serve(&mut self, call: Call, parent: Option<SpanId>, from: f64) -> CallEnd {
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
            Endpoint::Http(..) | Endpoint::Grpc(_) => SpanKind::Server,
            Endpoint::Message(_) => SpanKind::Consumer,
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
}

impl Progress<'_> {
    /// Records a span that starts at `from`, in milliseconds since the start of the request.
    pub fn record_span(
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
        let (message, exception) = match code {
            StatusCode::Error => simulation.failure(identity, done.status, instant(done.at)),
            _ => (String::new(), None),
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
            events: exception.into_iter().collect(),
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status { code, message },
            origin: self.simulation.origins[identity.service][self.instance(identity.service)]
                .clone(),
        });
    }

    pub fn next_id(&mut self) -> SpanId {
        SpanId::try_from(self.draw().max(1)).expect("not zero")
    }

    /// A random duration in the unit of `typical`: log-normal around `typical` with a deviation of
    /// a third, and three times as long in one of fifty cases.
    pub fn duration_around(&mut self, typical: f64) -> f64 {
        // The sum of twelve uniform values is nearly normal.
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let rare = if self.chance(0.02) { 3.0 } else { 1.0 };
        typical * rare * (0.33 * normal).exp()
    }

    pub fn chance(&mut self, part: f64) -> bool {
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
    pub const fn failed(self) -> bool {
        self.status == 0 || self.status >= 500
    }
}
