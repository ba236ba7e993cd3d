//! Every single problem of every trace.

use super::calls::{Call, Outcome, Pair, To};
use super::links::{Parent, Spans};
use super::reason::Context;
use super::{Cause, Example, ProblemKind, detached, reuse};
use crate::ids::TraceId;
use crate::span::SpanKind;

/// One problem of one trace, or of one call between two.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Finding {
    /// Findings with the same key are one problem.
    pub key: Key,
    /// How many calls, spans or traces could have had the problem.
    pub of: u64,
    pub example: Example,
    /// The indices of the traces that have a part in the problem.
    pub traces: [usize; 2],
}

/// What findings of one problem have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub kind: ProblemKind,
    pub cause: Cause,
    pub service: String,
    pub caller: Option<String>,
    pub protocol: Option<&'static str>,
}

impl Finding {
    pub fn is_in(&self, trace: TraceId) -> bool {
        self.example.trace_id == trace || self.example.peer.is_some_and(|(peer, _)| peer == trace)
    }
}

/// All findings, ordered by the start of their spans.
pub(super) fn all(spans: &Spans<'_>, calls: &[Call<'_>], context: &Context<'_>) -> Vec<Finding> {
    let mut found: Vec<(usize, Finding)> = Vec::new();
    let mut is_claimed = vec![false; spans.list.len()];
    for call in calls {
        if let Outcome::Unlinked(pair) = call.outcome {
            is_claimed[pair.server] = true;
        }
        if let Some(finding) = of_call(spans, call, context) {
            found.push((call.client.span, finding));
        }
    }
    let is_orphan =
        |at: &usize| matches!(spans.list[*at].parent, Parent::Missing(_)) && !is_claimed[*at];
    for at in (0..spans.list.len()).filter(is_orphan) {
        found.push((at, orphan(spans, at, context)));
    }
    for at in detached::detached(spans) {
        let key = key(spans, at, ProblemKind::DetachedCall, Cause::ThreadHandOver);
        let of = context.services[spans.list[at].service].spans;
        found.push((at, Finding { key, of, ..alone(spans, at) }));
    }
    for reused in reuse::reused(spans) {
        let key = key(spans, reused.span, reused.kind, Cause::ContextReuse);
        let of = spans.traces as u64;
        found.push((reused.span, Finding { key, of, ..alone(spans, reused.span) }));
    }
    found.sort_by_key(|(at, _)| spans.list[*at].span.start);
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn of_call(spans: &Spans<'_>, call: &Call<'_>, context: &Context<'_>) -> Option<Finding> {
    let client = call.client.span;
    let (kind, cause, server) = match call.outcome {
        Outcome::Linked(server) => {
            let kind = context.outside(client, server)?;
            let cause = match kind {
                ProblemKind::OutsideCall => Cause::Clock,
                _ => Cause::ContextReuse,
            };
            (kind, cause, Some(server))
        }
        Outcome::Unlinked(Pair { server, .. }) => match spans.list[server].parent {
            Parent::Missing(_) => (ProblemKind::Orphan, Cause::ForeignContext, Some(server)),
            _ => (ProblemKind::CutRoot, context.of_cut(call, server), Some(server)),
        },
        Outcome::Missing => (ProblemKind::MissingServer, context.of_missing(call), None),
    };
    let key = Key {
        kind,
        cause,
        service: name(spans, call.callee),
        caller: Some(spans.services.name(spans.list[client].service).to_owned()),
        protocol: Some(call.client.request.protocol),
    };
    let traces = [client, server.unwrap_or(client)].map(|at| spans.list[at].trace);
    let id = |at: usize| (spans.list[at].span.trace_id, spans.list[at].span.span_id);
    let (trace_id, span_id) = id(client);
    let peer_is_certain = match call.outcome {
        Outcome::Unlinked(pair) => pair.is_only,
        Outcome::Linked(_) => true,
        Outcome::Missing => false,
    };
    let example = Example { trace_id, span_id, peer: server.map(id), peer_is_certain };
    Some(Finding { key, of: context.edge(call).calls, example, traces })
}

fn orphan(spans: &Spans<'_>, at: usize, context: &Context<'_>) -> Finding {
    let seen = &spans.list[at];
    let is_request = matches!(seen.span.kind, SpanKind::Server | SpanKind::Consumer);
    let cause = context.of_orphan(at, is_request);
    let key = key(spans, at, ProblemKind::Orphan, cause);
    Finding { key, of: context.services[seen.service].spans, ..alone(spans, at) }
}

/// The name of the callee: the service, or the loopback address.
pub(super) fn name(spans: &Spans<'_>, callee: To) -> String {
    match callee {
        To::Service { service, .. } => spans.services.name(service).to_owned(),
        To::Loopback { host, port } => match spans.hosts.name(host) {
            "" => format!("127.0.0.1:{port}"),
            host => format!("port {port} of {host}"),
        },
    }
}

fn key(spans: &Spans<'_>, at: usize, kind: ProblemKind, cause: Cause) -> Key {
    let service = spans.services.name(spans.list[at].service).to_owned();
    Key { kind, cause, service, caller: None, protocol: None }
}

/// A finding of the span `at` alone, whose key and `of` are still to be given.
fn alone(spans: &Spans<'_>, at: usize) -> Finding {
    let seen = &spans.list[at];
    let (trace_id, span_id) = (seen.span.trace_id, seen.span.span_id);
    Finding {
        key: key(spans, at, ProblemKind::Orphan, Cause::NotExported),
        of: 0,
        example: Example { trace_id, span_id, peer: None, peer_is_certain: false },
        traces: [seen.trace; 2],
    }
}
