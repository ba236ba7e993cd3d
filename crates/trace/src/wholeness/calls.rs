//! The calls of all traces, each judged: linked, unlinked or missing.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use super::callee::{Callee, Directory, Server, Unclaimed};
use super::links::{Answer, Parent, Spans};
use super::request::Request;
use crate::ids::{SpanId, TraceId};
use crate::span::{Span, SpanKind};
use crate::time::{TimeRange, UnixNanos};
use crate::work;

/// A client span that a server must have seen.
pub(super) struct Client {
    pub span: usize,
    pub request: Request,
}

/// One call with a known callee.
pub(super) struct Call<'c> {
    pub client: &'c Client,
    pub callee: To,
    pub outcome: Outcome,
}

/// The other side of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum To {
    /// A service, as an id of [`Spans::services`].
    Service { service: usize, is_behind_proxy: bool },
    /// The port of a loopback address at which no service is known.
    Loopback { host: usize, port: u16 },
}

/// What is stored of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// The server span is below the client span.
    Linked(usize),
    /// A server span of the callee started during the call, and names no stored parent.
    Unlinked(Pair),
    /// There is no server span.
    Missing,
}

/// The two sides of a call, joined by time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pair {
    pub server: usize,
    /// Whether there is no other possibility: during the call, no other server span of the
    /// operation started; when the server span started, no other call of the operation was going
    /// on; and the server span lies within the call. Only server spans without a known caller and
    /// calls without an answer count.
    pub is_only: bool,
}

/// How far the clocks of one host may disagree.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(1);
/// How long a server span may go on after its call ended: a server ends its span after it sent the
/// response.
const END_TOLERANCE: Duration = Duration::from_millis(5);

/// The client spans of `spans` that a server must have seen.
pub(super) fn clients(spans: &Spans<'_>) -> Vec<Client> {
    let is_call = |at: &usize| {
        let seen = &spans.list[*at];
        seen.span.kind == SpanKind::Client && seen.answer != Answer::Inner
    };
    let indices = (0..spans.list.len()).filter(is_call);
    let found = indices.filter_map(|at| {
        let seen = &spans.list[at];
        let request = Request::of_client(seen.span);
        Some(Client { span: at, request: request? })
    });
    found.collect()
}

/// The server spans without a stored parent, by operation.
pub(super) fn unclaimed(spans: &Spans<'_>) -> Unclaimed {
    let mut found: Unclaimed = HashMap::new();
    for (at, seen) in spans.list.iter().enumerate() {
        if seen.span.kind == SpanKind::Server && !matches!(seen.parent, Parent::Stored(_)) {
            let server = Server { span: at, service: seen.service, start: seen.span.start };
            found.entry(Request::of_server(seen.span).operation).or_default().push(server);
        }
    }
    for servers in found.values_mut() {
        servers.sort_by_key(|server| {
            let span = spans.list[server.span].span;
            (span.start, span.trace_id, span.span_id)
        });
    }
    found
}

/// Judges the calls of `clients`. A call without an answer is left out if its callee is not known
/// at all, or if not all traces of its time were read: `covered` are the times of which they were.
pub(super) fn calls<'c>(
    spans: &Spans<'_>,
    clients: &'c [Client],
    unclaimed: &Unclaimed,
    covered: &[TimeRange],
) -> Vec<Call<'c>> {
    let known = Directory::learn(spans, clients, unclaimed);
    let possible = Possible::by_operation(spans, clients, unclaimed);
    let mut calls = Vec::with_capacity(clients.len());
    // By callee and operation: the unanswered calls, as indices into `calls`.
    let mut open: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for client in clients {
        let seen = &spans.list[client.span];
        if let Answer::By(server) = seen.answer {
            let service = spans.list[server].service;
            let callee = To::Service { service, is_behind_proxy: false };
            calls.push(Call { client, callee, outcome: Outcome::Linked(server) });
            continue;
        }
        let is_covered =
            |range: &TimeRange| range.contains(seen.span.start) && range.contains(seen.span.end);
        if !covered.iter().any(is_covered) {
            continue;
        }
        let callee = match known.callee(spans, client) {
            Some(Callee { service, is_behind_proxy }) => {
                let key = (service, client.request.operation.as_str());
                open.entry(key).or_default().push(calls.len());
                To::Service { service, is_behind_proxy }
            }
            None => match &client.request.address {
                Some((_, port)) if client.request.is_loopback() => {
                    To::Loopback { host: seen.host, port: *port }
                }
                _ => continue,
            },
        };
        calls.push(Call { client, callee, outcome: Outcome::Missing });
    }
    for ((service, operation), open) in open {
        let servers = unclaimed.get(operation).into_iter().flatten();
        let servers: Vec<Server> =
            servers.filter(|server| server.service == service).copied().collect();
        for (call, mut pair) in pairs(spans, &calls, open, &servers, &possible[operation]) {
            pair.is_only &= is_direct(spans, &calls[call], pair.server);
            calls[call].outcome = Outcome::Unlinked(pair);
        }
    }
    calls
}

/// Whether a call and a server span have one protocol, and nothing is between them.
fn is_direct(spans: &Spans<'_>, call: &Call<'_>, server: usize) -> bool {
    let protocol = Request::of_server(spans.list[server].span).protocol;
    let is_behind_proxy = matches!(call.callee, To::Service { is_behind_proxy: true, .. });
    protocol == call.client.request.protocol && !is_behind_proxy
}

/// Pairs calls of one callee and operation with server spans that started during them: as many
/// pairs as possible (earliest deadline first). `servers` are sorted by start.
///
/// With several calls at one time, it is not known which server span is of which call. That some
/// server span is of each is.
fn pairs(
    spans: &Spans<'_>,
    calls: &[Call<'_>],
    mut open: Vec<usize>,
    servers: &[Server],
    possible: &Possible,
) -> Vec<(usize, Pair)> {
    let span = |call: usize| spans.list[calls[call].client.span].span;
    open.sort_by_key(|call| span(*call).start);
    let mut open = open.into_iter().peekable();
    let mut running: BinaryHeap<Reverse<(UnixNanos, TraceId, SpanId, usize)>> = BinaryHeap::new();
    let mut found = Vec::new();
    for server in servers {
        let latest_start = server.start.later(CLOCK_TOLERANCE);
        while let Some(call) = open.next_if(|call| span(*call).start <= latest_start) {
            work::step();
            let (client, end) = (span(call), span(call).end.later(CLOCK_TOLERANCE));
            running.push(Reverse((end, client.trace_id, client.span_id, call)));
        }
        while let Some(Reverse((end, .., call))) = running.pop() {
            work::step();
            if end >= server.start {
                let is_only = possible.is_only(span(call), spans.list[server.span].span);
                found.push((call, Pair { server: server.span, is_only }));
                break;
            }
        }
    }
    found
}

/// The unanswered calls of one operation, and the server spans without a known caller.
#[derive(Default)]
struct Possible {
    /// All sorted.
    call_starts: Vec<UnixNanos>,
    call_ends: Vec<UnixNanos>,
    server_starts: Vec<UnixNanos>,
}

impl Possible {
    fn by_operation<'c>(
        spans: &Spans<'_>,
        clients: &'c [Client],
        unclaimed: &Unclaimed,
    ) -> HashMap<&'c str, Self> {
        let mut all: HashMap<&str, Self> = HashMap::new();
        for client in clients {
            let seen = &spans.list[client.span];
            if seen.answer == Answer::None {
                let possible = all.entry(client.request.operation.as_str()).or_default();
                possible.call_starts.push(seen.span.start);
                possible.call_ends.push(seen.span.end.max(seen.span.start));
            }
        }
        for (operation, possible) in &mut all {
            possible.call_starts.sort_unstable();
            possible.call_ends.sort_unstable();
            let servers = unclaimed.get(*operation).into_iter().flatten();
            possible.server_starts = servers.map(|server| server.start).collect();
        }
        all
    }

    /// Whether `server`, which started during `call`, can be of no other call, and `call` can have
    /// no other server span.
    fn is_only(&self, call: &Span, server: &Span) -> bool {
        let until = |times: &[UnixNanos], last: UnixNanos| times.partition_point(|t| *t <= last);
        let before = |times: &[UnixNanos], first: UnixNanos| times.partition_point(|t| *t < first);
        let earlier = |time: UnixNanos| time.earlier(CLOCK_TOLERANCE);
        let servers = until(&self.server_starts, call.end.later(CLOCK_TOLERANCE))
            .saturating_sub(before(&self.server_starts, earlier(call.start)));
        let calls = until(&self.call_starts, server.start.later(CLOCK_TOLERANCE))
            .saturating_sub(before(&self.call_ends, earlier(server.start)));
        (servers, calls) == (1, 1) && server.end <= call.end.later(END_TOLERANCE)
    }
}
