//! Finds the calls of one trace.

use std::collections::HashMap;

use super::node::{NodeId, NodeKind, StandIn};
use super::peer_hints::{Peer, PeerHintsId, PeerHintsTable, UNKNOWN};
use crate::ids::SpanId;
use crate::span::SpanKind;

/// The data of a span that a service map needs. `service` and `peer_hints` are ids of one map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSpan {
    /// The id of the span.
    pub span_id: SpanId,
    /// The parent span; `None` for a root.
    pub parent: Option<SpanId>,
    /// The service of the span.
    pub service: NodeId,
    /// The attributes that describe the peer, if there are any. Ignored for internal spans, which
    /// have no peer.
    pub peer_hints: Option<PeerHintsId>,
    /// The start in microseconds since the Unix epoch. Only that of producer and consumer spans is
    /// needed; `None` if it is not known.
    pub start_us: Option<i64>,
    /// The duration in microseconds.
    pub duration_us: u64,
    /// The span's role in a call.
    pub kind: SpanKind,
    /// Whether the status of the span is `error`.
    pub failed: bool,
}

/// One call, from one node to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// The client or producer span of the call; if there is none, the callee's span.
    pub span: SpanId,
    /// The callee's span, if there is one.
    pub callee: Option<SpanId>,
    pub from: NodeId,
    pub to: NodeId,
    pub protocol: &'static str,
    pub failed: bool,
    pub duration_us: u64,
    /// The address that the client span names, if the callee is known by its server span.
    pub address: Option<NodeId>,
}

/// Finds the calls of one trace after another, reusing its memory.
#[derive(Clone, Default)]
pub(super) struct Join {
    /// By span: the index of the parent, where internal spans are skipped.
    parents: Vec<Option<u32>>,
    /// By span: the index of the span that calls it; `None` for work within a service, and when no
    /// caller is known.
    callers: Vec<Option<u32>>,
    /// By span: which spans below it answer its call.
    answers: Vec<Answers>,
    stand_ins: Vec<StandIn>,
    calls: Vec<Call>,
    path: Vec<u32>,
}

/// The calls of one trace, and for each span whether it is a stand-in.
pub(super) struct TraceCalls<'a> {
    pub calls: &'a [Call],
    /// By span: whether the span is a client span that bears the name of the callee.
    pub stand_ins: &'a [StandIn],
    pub orphans: u64,
    pub unnamed: u64,
}

/// Which spans directly below a client span answer its call: server and consumer spans, and any
/// span of another service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    /// No span below answers, and no client span of the same service is below.
    None,
    /// There is only a client span of the same service, as when a library wraps another. That inner
    /// span is the actual call.
    Inner,
    One,
    Several,
}

/// The largest trace, in spans, whose parents are found by linear search. Larger traces get a hash
/// index.
const MAX_LINEAR_SEARCH: usize = 32;

impl Join {
    /// Finds the calls of a trace. `spans` must be all its spans.
    pub fn calls(&mut self, spans: &[CallSpan], hints: &PeerHintsTable) -> TraceCalls<'_> {
        let orphans = self.find_parents(spans);
        self.skip_internal_spans(spans);
        self.find_callers(spans);
        self.calls.clear();
        self.stand_ins.clear();
        let mut unnamed = 0;
        for (at, span) in spans.iter().enumerate() {
            self.stand_ins.push(self.stand_in(at, span, hints));
            match self.callers[at].map(|caller| caller as usize) {
                Some(caller) => {
                    self.calls.push(call_between(
                        &spans[caller],
                        self.answers[caller],
                        span,
                        hints,
                    ));
                }
                None => match self.one_sided(at, span, hints) {
                    OneSided::Call(call) => self.calls.push(call),
                    OneSided::Unnamed => unnamed += 1,
                    OneSided::None => {}
                },
            }
        }
        TraceCalls { calls: &self.calls, stand_ins: &self.stand_ins, orphans, unnamed }
    }

    /// Finds the index of each span's parent, and returns how many spans name a parent that is
    /// missing.
    fn find_parents(&mut self, spans: &[CallSpan]) -> u64 {
        self.parents.clear();
        if spans.len() <= MAX_LINEAR_SEARCH {
            let find = |id: SpanId| spans.iter().position(|span| span.span_id == id);
            let parents = spans.iter().map(|span| Some(find(span.parent?)? as u32));
            self.parents.extend(parents);
        } else {
            let mut index = HashMap::with_capacity(spans.len());
            for (at, span) in spans.iter().enumerate() {
                index.entry(span.span_id).or_insert(at as u32);
            }
            let parents = spans.iter().map(|span| index.get(&span.parent?).copied());
            self.parents.extend(parents);
        }
        let named = spans.iter().filter(|span| span.parent.is_some()).count();
        (named - self.parents.iter().flatten().count()) as u64
    }

    /// Attaches the children of an internal span to the parent of the internal span, if the
    /// internal span and its parent are of one service. Internal spans are Beyla's `in queue` and
    /// `processing`, and the spans that an SDK makes of work within a process. Cycles are left
    /// unchanged.
    fn skip_internal_spans(&mut self, spans: &[CallSpan]) {
        for at in 0..spans.len() {
            self.path.clear();
            let mut above = self.parents[at];
            while let Some(inner) = above.filter(|above| self.is_inside(spans, *above)) {
                if self.path.len() > spans.len() {
                    break;
                }
                self.path.push(inner);
                above = self.parents[inner as usize];
            }
            self.parents[at] = above;
            // Path compression: each internal span is walked once, so that a long chain takes
            // linear time.
            for inner in self.path.iter().take(spans.len()) {
                self.parents[*inner as usize] = above;
            }
        }
    }

    fn is_inside(&self, spans: &[CallSpan], at: u32) -> bool {
        let span = &spans[at as usize];
        let above = self.parents[at as usize].filter(|above| *above != at);
        is_internal(span.kind)
            && above.is_some_and(|above| spans[above as usize].service == span.service)
    }

    fn find_callers(&mut self, spans: &[CallSpan]) {
        self.callers.clear();
        self.answers.clear();
        self.answers.resize(spans.len(), Answers::None);
        for (at, span) in spans.iter().enumerate() {
            let above = self.parents[at].filter(|above| *above as usize != at);
            let Some(above) = above else {
                self.callers.push(None);
                continue;
            };
            let caller = &spans[above as usize];
            let answers = &mut self.answers[above as usize];
            if is_callee(span.kind) || caller.service != span.service {
                self.callers.push(Some(above));
                *answers = match answers {
                    Answers::None | Answers::Inner => Answers::One,
                    Answers::One | Answers::Several => Answers::Several,
                };
            } else {
                self.callers.push(None);
                if is_caller(span.kind) && *answers == Answers::None {
                    *answers = Answers::Inner;
                }
            }
        }
    }

    /// Whether a span is a stand-in: a client or producer span below a span of another service,
    /// whose call no span below answers. The service that such a span names is the callee.
    fn stand_in(&self, at: usize, span: &CallSpan, hints: &PeerHintsTable) -> StandIn {
        let is_bare = is_caller(span.kind) && self.answers[at] == Answers::None;
        if self.callers[at].is_none() || !is_bare {
            return StandIn::No;
        }
        StandIn::For(peer(span, hints).target.map(|(kind, _)| kind))
    }

    /// The call of a client, producer or consumer span whose other side is missing.
    fn one_sided(&self, at: usize, span: &CallSpan, hints: &PeerHintsTable) -> OneSided {
        let calls = is_caller(span.kind);
        if (calls && self.answers[at] != Answers::None)
            || !(calls || span.kind == SpanKind::Consumer)
        {
            return OneSided::None;
        }
        let Peer { protocol, target } = peer(span, hints);
        let (from, to) = match target {
            Some((_, target)) if calls => (span.service, target),
            // A consumer receives the message from the queue.
            Some((NodeKind::Queue, queue)) => (queue, span.service),
            _ if calls => return OneSided::Unnamed,
            _ => return OneSided::None,
        };
        let (failed, duration_us) = (span.failed, span.duration_us);
        let callee = (!calls).then_some(span.span_id);
        let (span, address) = (span.span_id, None);
        OneSided::Call(Call { span, callee, from, to, protocol, failed, duration_us, address })
    }
}

enum OneSided {
    Call(Call),
    Unnamed,
    None,
}

/// The call from `caller` to `span`. The latency is that of the client span if `span` is its only
/// server span, else that of `span`. That of a message is the time until its consumer begins.
fn call_between(
    caller: &CallSpan,
    answers: Answers,
    span: &CallSpan,
    hints: &PeerHintsTable,
) -> Call {
    let is_pair = is_caller(caller.kind) && answers == Answers::One;
    let protocols = [caller, span].map(|side| peer(side, hints).protocol);
    // If `span` is the only server span of a client span, the client span names the protocol,
    // unless its protocol is unknown. Otherwise `span` names the protocol.
    let protocol = if is_pair && protocols[0] != UNKNOWN { protocols[0] } else { protocols[1] };
    let address = peer(caller, hints).address().filter(|_| is_pair);
    Call {
        address,
        span: if is_caller(caller.kind) { caller.span_id } else { span.span_id },
        callee: Some(span.span_id),
        from: caller.service,
        to: span.service,
        protocol,
        failed: span.failed || (is_pair && caller.failed),
        duration_us: match delivery_us(caller, span) {
            Some(delivery_us) => delivery_us,
            None if is_pair => caller.duration_us,
            None => span.duration_us,
        },
    }
}

/// How long a message takes from the start of its producer's span to the start of its consumer's, in
/// microseconds; at least as long as the producer's span, because clocks of hosts differ. `None` for
/// other calls.
fn delivery_us(producer: &CallSpan, consumer: &CallSpan) -> Option<u64> {
    if [producer.kind, consumer.kind] != [SpanKind::Producer, SpanKind::Consumer] {
        return None;
    }
    let until_consumer = consumer.start_us?.saturating_sub(producer.start_us?);
    Some(producer.duration_us.max(u64::try_from(until_consumer).unwrap_or(0)))
}

pub(super) fn peer(span: &CallSpan, hints: &PeerHintsTable) -> Peer {
    let nothing = Peer { protocol: UNKNOWN, target: None };
    let id = span.peer_hints.filter(|_| !is_internal(span.kind));
    id.map_or(nothing, |id| hints.peer(id))
}

fn is_caller(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Client | SpanKind::Producer)
}

fn is_callee(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}

fn is_internal(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Internal | SpanKind::Unspecified)
}
