//! Whether traces are whole: which spans must exist and are not stored, which spans are stored but
//! not linked, why, and how many.
//!
//! [`examine`] looks at many traces at once, because a call whose context was lost leaves its two
//! sides in two traces. Everything here is derived from the spans alone.

mod callee;
mod calls;
mod detached;
mod findings;
mod links;
mod loopback;
mod reason;
mod request;
mod reuse;
mod sampling;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use self::findings::Finding;
pub use self::loopback::{LoopbackService, loopback_services};
use crate::ids::{SpanId, TraceId};
use crate::span::Span;
use crate::time::{TimeRange, UnixNanos};

/// A trace with a span that ended this recently may still receive spans: Beyla exports every 15 s
/// unless it is told otherwise, an SDK every 5 s, and an older agent is polled every 5 s.
pub const LAG: Duration = Duration::from_secs(60);
/// The largest number of examples of a [`Problem`].
pub const MAX_EXAMPLES: usize = 3;

/// Which spans were read.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The time of the question. Spans that a trace lacks less than [`LAG`] after its last span are
    /// explained by [`Cause::Lag`].
    pub now: UnixNanos,
    /// The times of which all traces were read. A call outside of them is not judged, because its
    /// other side may not have been read.
    pub covered: &'a [TimeRange],
}

/// What [`examine`] found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Wholeness {
    /// How many traces were examined.
    pub traces: u64,
    /// How many traces have no problem.
    pub whole: u64,
    /// How many spans were examined.
    pub seen: u64,
    /// How many spans are known to be missing: parents that spans name, and server spans of calls.
    pub missing: u64,
    /// The part of all traces that a sampler kept, if the trace ids show one: 0 to 1.
    pub sampling_ratio: Option<f64>,
    /// By service, sorted by name.
    pub services: Vec<ServiceWholeness>,
    /// By caller, callee and protocol, sorted.
    pub edges: Vec<EdgeWholeness>,
    findings: Vec<Finding>,
}

/// The spans of one service.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ServiceWholeness {
    /// The name of the service.
    pub service: String,
    /// Whether eBPF made spans of the service.
    pub has_ebpf: bool,
    /// Whether an SDK made spans of the service.
    pub has_sdk: bool,
    /// How many spans are stored.
    pub seen: u64,
    /// How many spans are known to be missing. `seen + missing` were expected.
    pub missing: u64,
    /// How many spans name a parent that is not stored.
    pub orphans: u64,
    /// How many server spans without a parent have a caller that is known.
    pub cut_roots: u64,
}

/// The calls from one service to another over one protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EdgeWholeness {
    /// The calling service.
    pub caller: String,
    /// The called service, or a loopback address at which no service is known.
    pub callee: String,
    /// The protocol, such as `http` or `grpc`.
    pub protocol: String,
    /// How many calls were made: client spans. The sum of the three counts below.
    pub expected: u64,
    /// How many calls have a server span below their client span.
    pub linked: u64,
    /// How many calls have both sides stored, but not linked.
    pub unlinked: u64,
    /// How many calls have no server span.
    pub missing: u64,
    /// By how many nanoseconds the callee's clock is ahead of the caller's, if that puts server
    /// spans outside of their calls.
    pub clock_ahead_nanos: Option<i64>,
}

/// One kind of problem of one service or edge, with its probable cause.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The service: for a call, the callee, or the loopback address of the callee.
    pub service: String,
    /// The calling service, if it is known.
    pub caller: Option<String>,
    /// The protocol of the call; `None` if the problem is not about a call.
    pub protocol: Option<&'static str>,
    /// The probable cause.
    pub cause: Cause,
    /// How many calls, spans or traces have the problem.
    pub count: u64,
    /// Of how many: the calls of the edge, the spans of the service, or the traces.
    pub of: u64,
    /// Spans that show the problem, the latest first.
    pub examples: Vec<Example>,
}

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProblemKind {
    /// A server span begins a trace of its own, although a client span called it.
    CutRoot,
    /// A client span has no server span.
    MissingServer,
    /// A span names a parent that is not stored.
    Orphan,
    /// A client span without a parent was made during a request of its own service.
    DetachedCall,
    /// Requests that have nothing to do with each other have one trace id.
    CrossStitched,
    /// A trace lives much longer than any of its requests.
    Endless,
    /// A server span lies outside of its call in time.
    OutsideCall,
}

/// The probable cause of a problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// Nothing writes the trace context into the request: Beyla's propagation is off by default.
    NoPropagation,
    /// The HTTP/2 connection was open before Beyla started, and Beyla cannot read its headers.
    OldConnection,
    /// The request is encrypted, so that eBPF cannot write or read headers.
    Tls,
    /// Something between caller and callee starts new traces.
    Proxy,
    /// The work was handed over to another thread, and the context was not.
    ThreadHandOver,
    /// The application passes on span ids of its own, and these spans are not exported to Coral.
    ForeignContext,
    /// Beyla excludes a service that exports OTLP itself, and the service makes no server spans.
    SdkExcluded,
    /// No span names the callee: it is not instrumented.
    NotInstrumented,
    /// The caller passes on a context, and its spans are not exported to Coral.
    CallerNotObserved,
    /// A sampler decided for each service apart.
    Sampling,
    /// The trace is so young that spans may still arrive.
    Lag,
    /// The clocks of two hosts differ.
    Clock,
    /// A context is kept in a thread, a connection or a loop, and used for several requests.
    ContextReuse,
    /// The span was not exported, or it was refused or dropped.
    NotExported,
}

/// Spans that show a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// The trace of the span.
    pub trace_id: TraceId,
    /// The span: of a call, the client span if it is stored.
    pub span_id: SpanId,
    /// The span on the other side of a call, which may be in another trace.
    pub peer: Option<(TraceId, SpanId)>,
    /// Whether no other span can be `peer`. Without a link, the two sides are joined by operation and
    /// time, and calls at the same time may have exchanged sides.
    pub peer_is_certain: bool,
}

/// A client span and a server span of two traces, which are the two sides of one call: protocol,
/// operation, address and time leave no other possibility. For display; counts never use it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InferredLink {
    /// The client span.
    pub client: (TraceId, SpanId),
    /// The server span.
    pub server: (TraceId, SpanId),
}

/// Examines `traces`, each with all stored spans of one trace, in O(n log n).
pub fn examine(traces: &[Vec<&Span>], scope: &Scope<'_>) -> Wholeness {
    let spans = links::Spans::collect(traces);
    let clients = calls::clients(&spans);
    let unclaimed = calls::unclaimed(&spans);
    let calls = calls::calls(&spans, &clients, &unclaimed, scope.covered);
    let context = reason::Context::new(&spans, &calls, scope.now);
    let findings = findings::all(&spans, &calls, &context);
    tally::tally(&spans, &calls, &context, findings)
}

impl Wholeness {
    /// The problems, the most frequent first.
    pub fn problems(&self) -> Vec<Problem> {
        self.grouped(|_| true)
    }

    /// The problems that `trace` has a part in, the most frequent first. Each counts what is in this
    /// trace only.
    pub fn problems_of(&self, trace: TraceId) -> Vec<Problem> {
        self.grouped(|finding| finding.is_in(trace))
    }

    /// The calls between two traces of which one is `trace`, in order of their start.
    pub fn inferred_links_of(&self, trace: TraceId) -> Vec<InferredLink> {
        let findings = self.findings.iter().filter(|finding| finding.is_in(trace));
        findings.filter_map(|finding| finding.example.inferred_link()).collect()
    }

    fn grouped(&self, is_asked: impl Fn(&Finding) -> bool) -> Vec<Problem> {
        let mut groups: BTreeMap<&findings::Key, (u64, u64, Vec<Example>)> = BTreeMap::new();
        for finding in self.findings.iter().rev().filter(|finding| is_asked(finding)) {
            let (count, of, examples) = groups.entry(&finding.key).or_default();
            *count += 1;
            *of = finding.of;
            if examples.len() < MAX_EXAMPLES {
                examples.push(finding.example);
            }
        }
        let mut problems: Vec<Problem> = groups
            .into_iter()
            .map(|(key, (count, of, examples))| Problem {
                kind: key.kind,
                service: key.service.clone(),
                caller: key.caller.clone(),
                protocol: key.protocol,
                cause: key.cause,
                count,
                of,
                examples,
            })
            .collect();
        problems.sort_by_key(|problem| std::cmp::Reverse(problem.count));
        problems
    }
}

impl Example {
    /// The link between the two spans, if they are in two traces, and no other span can be `peer`.
    fn inferred_link(&self) -> Option<InferredLink> {
        let server = self.peer.filter(|(trace, _)| *trace != self.trace_id)?;
        let client = (self.trace_id, self.span_id);
        self.peer_is_certain.then_some(InferredLink { client, server })
    }
}
