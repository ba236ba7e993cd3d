//! The spans of all traces in one list: whose parent is stored, and which calls are answered.

use std::collections::HashMap;

use crate::ids::SpanId;
use crate::span::{Span, SpanKind};
use crate::work;

/// The spans of all traces. An index into `list` identifies a span.
pub(super) struct Spans<'a> {
    pub list: Vec<Seen<'a>>,
    pub services: Names<'a>,
    pub hosts: Names<'a>,
    pub traces: usize,
}

/// One span with its place among the others.
pub(super) struct Seen<'a> {
    pub span: &'a Span,
    /// The index of the trace.
    pub trace: usize,
    /// The service, as an id of [`Spans::services`].
    pub service: usize,
    /// The host, as an id of [`Spans::hosts`]; the empty name if the resource names none.
    pub host: usize,
    pub parent: Parent,
    pub answer: Answer,
}

/// Whether the parent of a span is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parent {
    /// The span names no parent.
    None,
    /// The index of the parent.
    Stored(usize),
    /// The parent with this id is not in the trace.
    Missing(SpanId),
}

/// Which span answers a client span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    None,
    /// The index of a server span, or of another span of another service, below the client span.
    By(usize),
    /// The span wraps another client span of the same service, which is the actual call.
    Inner,
}

/// Names, each with an id from 0 on.
#[derive(Default)]
pub(super) struct Names<'a> {
    ids: HashMap<&'a str, usize>,
    names: Vec<&'a str>,
}

/// How many internal spans may lie between a client span and the span that answers it.
const MAX_INTERNAL: usize = 8;

impl<'a> Spans<'a> {
    /// Collects the spans of `traces`, each of which holds all stored spans of one trace.
    pub fn collect(traces: &[Vec<&'a Span>]) -> Self {
        let (services, hosts) = (Names::default(), Names::default());
        let mut all = Self { list: Vec::new(), services, hosts, traces: 0 };
        for spans in traces {
            all.add_trace(spans);
        }
        all
    }

    fn add_trace(&mut self, spans: &[&'a Span]) {
        let first = self.list.len();
        let mut index = HashMap::with_capacity(spans.len());
        for (at, span) in spans.iter().enumerate() {
            index.entry(span.span_id).or_insert(first + at);
        }
        for span in spans.iter().copied() {
            let resource = &span.origin.resource.attributes;
            self.list.push(Seen {
                span,
                trace: self.traces,
                service: self.services.id(span.origin.service_name()),
                host: self.hosts.id(resource.text("host.name").unwrap_or_default()),
                parent: match span.parent_span_id {
                    None => Parent::None,
                    Some(id) => {
                        index.get(&id).map_or(Parent::Missing(id), |at| Parent::Stored(*at))
                    }
                },
                answer: Answer::None,
            });
        }
        for at in first..self.list.len() {
            self.answer(at);
        }
        self.traces += 1;
    }

    /// Marks the client span above the span `at` as answered, if `at` answers it.
    fn answer(&mut self, at: usize) {
        let Some((caller, is_direct)) = self.caller(at) else { return };
        let (answering, client) = (&self.list[at], &self.list[caller]);
        let answers = is_callee(answering.span.kind) || answering.service != client.service;
        let wraps = is_direct && answering.span.kind == SpanKind::Client;
        self.list[caller].answer = match client.answer {
            Answer::By(_) => return,
            _ if answers => Answer::By(at),
            _ if wraps => Answer::Inner,
            _ => return,
        };
    }

    /// The nearest client or producer span above the span `at`, across internal spans, and whether
    /// it is the parent.
    fn caller(&self, at: usize) -> Option<(usize, bool)> {
        let mut above = at;
        for depth in 0..=MAX_INTERNAL {
            work::step();
            let Parent::Stored(parent) = self.list[above].parent else { return None };
            match self.list[parent].span.kind {
                SpanKind::Client | SpanKind::Producer => return Some((parent, depth == 0)),
                SpanKind::Internal | SpanKind::Unspecified => above = parent,
                SpanKind::Server | SpanKind::Consumer => return None,
            }
        }
        None
    }
}

impl Seen<'_> {
    /// Whether the span handles requests of others.
    pub fn is_callee(&self) -> bool {
        is_callee(self.span.kind)
    }
}

impl<'a> Names<'a> {
    pub fn id(&mut self, name: &'a str) -> usize {
        let next = self.names.len();
        *self.ids.entry(name).or_insert_with(|| {
            self.names.push(name);
            next
        })
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.ids.get(name).copied()
    }

    pub fn name(&self, id: usize) -> &'a str {
        self.names[id]
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}

fn is_callee(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Server | SpanKind::Consumer)
}
