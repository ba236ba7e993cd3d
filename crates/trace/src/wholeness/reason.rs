//! The probable cause of each finding.

use std::collections::HashMap;
use std::time::Duration;

use super::calls::{Call, Outcome, To};
use super::links::Spans;
use super::{Cause, LAG, ProblemKind, sampling};
use crate::origin::Collector;
use crate::span::SpanKind;
use crate::time::UnixNanos;

/// A server span that starts this long after its call ended belongs to another request.
const MAX_LATE_START: Duration = Duration::from_millis(100);
/// Clocks of two hosts that differ by less are not reported.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_millis(5);
/// A callee whose sampling ratio is below this part of the caller's ratio is sampled by another
/// sampler. Both ratios are estimates.
const MAX_RATIO_OF_RATIOS: f64 = 0.8;

/// What the causes are derived from.
pub(super) struct Context<'a> {
    spans: &'a Spans<'a>,
    pub services: Vec<ServiceFacts>,
    edges: HashMap<EdgeKey, EdgeFacts>,
    /// By trace: when its last span ended.
    ends: Vec<UnixNanos>,
    now: UnixNanos,
    /// The part of all traces that a sampler kept, if the ids of the traces show one.
    pub sampling_ratio: Option<f64>,
}

/// Caller, callee and protocol.
pub(super) type EdgeKey = (usize, To, &'static str);

/// The spans of one service.
#[derive(Clone, Default)]
pub(super) struct ServiceFacts {
    pub spans: u64,
    pub has_ebpf: bool,
    pub has_sdk: bool,
    /// When the first server span of the service started.
    first_server: Option<UnixNanos>,
    /// Whether another service is known to call the service.
    has_callers: bool,
    /// The part of the traces with spans of the service that a sampler kept, if their ids show one.
    sampling_ratio: Option<f64>,
}

/// The calls of one edge.
#[derive(Clone, Default)]
pub(super) struct EdgeFacts {
    pub calls: u64,
    pub linked: u64,
    pub unlinked: u64,
    /// By how many nanoseconds server spans lie before (negative) or behind their calls.
    outside: Vec<i64>,
}

impl<'a> Context<'a> {
    pub fn new(spans: &'a Spans<'a>, calls: &[Call<'_>], now: UnixNanos) -> Self {
        let mut services = vec![ServiceFacts::default(); spans.services.len()];
        let mut ends = vec![UnixNanos(0); spans.traces];
        for seen in &spans.list {
            let facts = &mut services[seen.service];
            facts.spans += 1;
            match seen.span.origin.collector {
                Collector::Ebpf => facts.has_ebpf = true,
                Collector::Sdk => facts.has_sdk = true,
            }
            if seen.span.kind == SpanKind::Server {
                let first = facts.first_server.get_or_insert(seen.span.start);
                *first = (*first).min(seen.span.start);
            }
            ends[seen.trace] = ends[seen.trace].max(seen.span.end);
        }
        let sampling_ratio = ratios(spans, &mut services);
        let mut edges: HashMap<EdgeKey, EdgeFacts> = HashMap::new();
        for call in calls {
            let facts = edges.entry(edge_key(spans, call)).or_default();
            facts.calls += 1;
            match call.outcome {
                Outcome::Linked(server) => {
                    facts.linked += 1;
                    facts.outside.push(outside(spans, call.client.span, server));
                    services[spans.list[server].service].has_callers = true;
                }
                Outcome::Unlinked(_) => facts.unlinked += 1,
                Outcome::Missing => {}
            }
        }
        Self { spans, services, edges, ends, now, sampling_ratio }
    }

    pub fn edge(&self, call: &Call<'_>) -> &EdgeFacts {
        &self.edges[&edge_key(self.spans, call)]
    }

    /// All edges.
    pub fn edges(&self) -> impl Iterator<Item = (&EdgeKey, &EdgeFacts)> {
        self.edges.iter()
    }

    /// The problem of a server span that lies outside of its call, if it does.
    pub fn outside(&self, client: usize, server: usize) -> Option<ProblemKind> {
        let outside = Duration::from_nanos(outside(self.spans, client, server).unsigned_abs());
        let is_same_host = self.spans.list[client].host == self.spans.list[server].host;
        match is_same_host {
            // One clock: the server span is of another request.
            true if outside > MAX_LATE_START => Some(ProblemKind::CrossStitched),
            false if outside > MAX_CLOCK_DIFFERENCE => Some(ProblemKind::OutsideCall),
            _ => None,
        }
    }

    /// Why the server span of a call is not stored.
    pub fn of_missing(&self, call: &Call<'_>) -> Cause {
        let client = &self.spans.list[call.client.span];
        if self.is_young(client.trace) {
            return Cause::Lag;
        }
        let To::Service { service, .. } = call.callee else { return Cause::NotInstrumented };
        let callee = &self.services[service];
        let is_rpc = call.client.request.protocol != "http";
        match callee.first_server {
            None if callee.has_sdk && !callee.has_ebpf => Cause::SdkExcluded,
            None => Cause::NotInstrumented,
            Some(first) if is_rpc && callee.has_ebpf && client.span.end < first => {
                Cause::OldConnection
            }
            _ if self.is_sampled_apart(call, client.service, service) => Cause::Sampling,
            _ if call.client.request.is_tls && callee.has_ebpf => Cause::Tls,
            _ if is_rpc && callee.has_ebpf => Cause::OldConnection,
            _ => Cause::NotExported,
        }
    }

    /// Why a server span begins a trace of its own, although a client span called it.
    pub fn of_cut(&self, call: &Call<'_>, server: usize) -> Cause {
        let is_ebpf = |at: usize| self.spans.list[at].span.origin.collector == Collector::Ebpf;
        let is_rpc = call.client.request.protocol != "http";
        let To::Service { is_behind_proxy, .. } = call.callee else { return Cause::NotExported };
        match (is_ebpf(call.client.span), is_ebpf(server)) {
            _ if is_behind_proxy => Cause::Proxy,
            // An SDK writes the context itself, so something on the way removed it.
            (false, _) => Cause::Proxy,
            (true, _) if call.client.request.is_tls => Cause::Tls,
            (true, true) if is_rpc && self.edge(call).linked > 0 => Cause::OldConnection,
            _ => Cause::NoPropagation,
        }
    }

    /// Why the parent of a span is not stored, when no client span called it. `is_request` says
    /// that the parent is of a caller, and not of the same service.
    pub fn of_orphan(&self, at: usize, is_request: bool) -> Cause {
        let seen = &self.spans.list[at];
        match () {
            () if self.is_young(seen.trace) => Cause::Lag,
            () if is_request && !self.services[seen.service].has_callers => {
                Cause::CallerNotObserved
            }
            () if self.sampling_ratio.is_some() => Cause::Sampling,
            () => Cause::NotExported,
        }
    }

    /// Whether a sampler drops server spans of the callee in traces that the caller keeps: the
    /// callee keeps a smaller part, or begins traces of its own.
    fn is_sampled_apart(&self, call: &Call<'_>, caller: usize, callee: usize) -> bool {
        let ratio = |service: usize| self.services[service].sampling_ratio.unwrap_or(1.0);
        let begins_own = self.sampling_ratio.is_some() && self.edge(call).linked == 0;
        begins_own || ratio(callee) < MAX_RATIO_OF_RATIOS * ratio(caller)
    }

    fn is_young(&self, trace: usize) -> bool {
        self.ends[trace].later(LAG) > self.now
    }
}

impl EdgeFacts {
    pub fn missing(&self) -> u64 {
        self.calls - self.linked - self.unlinked
    }

    /// By how many nanoseconds the callee's clock is ahead, if that puts at least half of the
    /// server spans outside of their calls.
    pub fn clock_ahead(&self) -> Option<i64> {
        let mut outside = self.outside.clone();
        outside.sort_unstable();
        let median = *outside.get(outside.len() / 2)?;
        let difference = Duration::from_nanos(median.unsigned_abs());
        (difference > MAX_CLOCK_DIFFERENCE).then_some(median)
    }
}

pub(super) fn edge_key(spans: &Spans<'_>, call: &Call<'_>) -> EdgeKey {
    let callee = match call.callee {
        // One edge, whichever way the service was found.
        To::Service { service, .. } => To::Service { service, is_behind_proxy: false },
        loopback @ To::Loopback { .. } => loopback,
    };
    (spans.list[call.client.span].service, callee, call.client.request.protocol)
}

/// Gives each service the sampling ratio of its traces, and returns that of all traces.
fn ratios(spans: &Spans<'_>, services: &mut [ServiceFacts]) -> Option<f64> {
    let mut all = Vec::with_capacity(spans.traces);
    let mut of_services = vec![Vec::new(); services.len()];
    let mut last_trace = vec![usize::MAX; services.len()];
    let mut last = usize::MAX;
    for seen in &spans.list {
        if std::mem::replace(&mut last, seen.trace) != seen.trace {
            all.push(seen.span.trace_id);
        }
        if std::mem::replace(&mut last_trace[seen.service], seen.trace) != seen.trace {
            of_services[seen.service].push(seen.span.trace_id);
        }
    }
    for (service, ids) in services.iter_mut().zip(of_services) {
        service.sampling_ratio = sampling::ratio(ids.into_iter());
    }
    sampling::ratio(all.into_iter())
}

/// By how many nanoseconds the server span starts before its call starts (negative), or after its
/// call ended; 0 if it starts during the call.
fn outside(spans: &Spans<'_>, client: usize, server: usize) -> i64 {
    let (client, server) = (spans.list[client].span, spans.list[server].span);
    let nanos = |late: Duration| i64::try_from(late.as_nanos()).unwrap_or(i64::MAX);
    match () {
        () if server.start < client.start => -nanos(client.start.since(server.start)),
        () if server.start > client.end => nanos(server.start.since(client.end)),
        () => 0,
    }
}
