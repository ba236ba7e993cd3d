//! Whole spans as a trace.

use std::cell::OnceCell;
use std::collections::HashMap;

use coral_trace::{Attributes, Span, SpanId};

use super::Trace;
use crate::attribute::{Attribute, Intrinsic, Scope};
use crate::value::Static;

/// All stored spans of one trace.
pub struct Spans<'a> {
    spans: Vec<&'a Span>,
    parents: Vec<Option<usize>>,
    children: OnceCell<Vec<u32>>,
    nested: OnceCell<Vec<Nested>>,
    whole: OnceCell<Whole>,
}

/// The place of a span in the order of a walk over the tree.
#[derive(Clone, Copy, Default)]
struct Nested {
    left: i64,
    right: i64,
    parent: i64,
}

/// The values of the trace as a whole.
struct Whole {
    duration: i64,
    root_service: String,
    root_name: String,
}

impl<'a> Spans<'a> {
    /// The trace of `spans`, which are sorted by start and span id here.
    pub fn new(spans: impl IntoIterator<Item = &'a Span>) -> Self {
        let mut spans: Vec<&Span> = spans.into_iter().collect();
        spans.sort_by_key(|span| (span.start, span.span_id));
        let places: HashMap<SpanId, usize> =
            spans.iter().enumerate().map(|(at, span)| (span.span_id, at)).collect();
        let parent = |span: &&Span| span.parent_span_id.and_then(|id| places.get(&id).copied());
        let parents = spans.iter().map(parent).collect();
        let (children, nested, whole) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { spans, parents, children, nested, whole }
    }

    /// The span at `at`.
    pub fn span(&self, at: usize) -> &'a Span {
        self.spans[at]
    }

    fn children(&self) -> &[u32] {
        self.children.get_or_init(|| {
            let mut children = vec![0; self.spans.len()];
            self.parents.iter().flatten().for_each(|parent| children[*parent] += 1);
            children
        })
    }

    fn nested(&self) -> &[Nested] {
        self.nested.get_or_init(|| nested(&self.spans, &self.parents))
    }

    fn whole(&self) -> &Whole {
        self.whole.get_or_init(|| whole(&self.spans))
    }

    fn intrinsic(&self, at: usize, intrinsic: Intrinsic) -> Static {
        let span = self.spans[at];
        let text = |text: &str| Static::String(text.to_owned());
        match intrinsic {
            Intrinsic::Duration => Static::Duration(nanos(span.duration().as_nanos())),
            Intrinsic::Name => text(&span.name),
            Intrinsic::Status => Static::Status(span.status.code),
            Intrinsic::StatusMessage => text(&span.status.message),
            Intrinsic::Kind => Static::Kind(span.kind),
            Intrinsic::ChildCount => Static::Int(self.children()[at].into()),
            Intrinsic::SpanId => Static::String(span.span_id.to_string()),
            Intrinsic::ParentId => {
                let parent = span.parent_span_id.map(|id| id.to_string());
                Static::String(parent.unwrap_or_default())
            }
            // Tempo writes trace ids without leading zeros.
            Intrinsic::TraceId => text(span.trace_id.to_string().trim_start_matches('0')),
            Intrinsic::TraceDuration => Static::Duration(self.whole().duration),
            Intrinsic::RootName => text(&self.whole().root_name),
            Intrinsic::RootServiceName => text(&self.whole().root_service),
            Intrinsic::NestedSetLeft => Static::Int(self.nested()[at].left),
            Intrinsic::NestedSetRight => Static::Int(self.nested()[at].right),
            Intrinsic::NestedSetParent => Static::Int(self.nested()[at].parent),
            Intrinsic::EventName => all(span.events.iter().map(|event| text(&event.name))),
            Intrinsic::EventTimeSinceStart => all(span.events.iter().map(|event| {
                let since = i128::from(event.time.0) - i128::from(span.start.0);
                Static::Duration(since.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
            })),
            Intrinsic::LinkTraceId => {
                all(span.links.iter().map(|link| Static::String(link.trace_id.to_string())))
            }
            Intrinsic::LinkSpanId => {
                all(span.links.iter().map(|link| Static::String(link.span_id.to_string())))
            }
            Intrinsic::InstrumentationName => text(&span.origin.scope.name),
            Intrinsic::InstrumentationVersion => text(&span.origin.scope.version),
            Intrinsic::Parent => Static::Nil,
        }
    }

    fn key(&self, at: usize, scope: Scope, key: &str) -> Static {
        let span = self.spans[at];
        let resource = &span.origin.resource.attributes;
        let get =
            |attributes: &Attributes| attributes.get(key).map_or(Static::Nil, Static::of_attribute);
        match scope {
            Scope::None => match get(&span.attributes) {
                Static::Nil => self.key(at, Scope::Resource, key),
                found => found,
            },
            Scope::Span => get(&span.attributes),
            Scope::Resource if key == "service.name" => {
                Static::String(span.origin.service_name().to_owned())
            }
            Scope::Resource => get(resource),
            Scope::Instrumentation => get(&span.origin.scope.attributes),
            Scope::Event => all(span.events.iter().map(|event| get(&event.attributes))),
            Scope::Link => all(span.links.iter().map(|link| get(&link.attributes))),
        }
    }
}

impl Trace for Spans<'_> {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn parent(&self, span: usize) -> Option<usize> {
        self.parents[span]
    }

    fn value(&self, span: usize, attribute: &Attribute) -> Static {
        match attribute {
            Attribute::Intrinsic(intrinsic) => self.intrinsic(span, *intrinsic),
            Attribute::Key { scope, key } => self.key(span, *scope, key),
            Attribute::OfParent { .. } => Static::Nil,
        }
    }
}

/// The value of several events or links: a list if there are several values. Values of another type
/// than the first one are left out.
fn all(values: impl Iterator<Item = Static>) -> Static {
    let mut found: Vec<Static> = Vec::new();
    for value in values {
        let parts = if let Static::Array(parts) = value { parts } else { vec![value] };
        for part in parts {
            let fits = found.first().is_none_or(|first| first.type_of() == part.type_of());
            if !part.is_nil() && fits {
                found.push(part);
            }
        }
    }
    match found.len() {
        0 => Static::Nil,
        1 => found.swap_remove(0),
        _ => Static::Array(found),
    }
}

fn nanos(nanos: u128) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

fn whole(spans: &[&Span]) -> Whole {
    let start = spans.iter().map(|span| span.start.0).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.end.max(span.start).0).max().unwrap_or(start);
    let rank = |span: &&&Span| (span.start.as_micros(), span.is_virtual_hop(), span.span_id);
    let root = spans.iter().filter(|span| span.parent_span_id.is_none()).min_by_key(rank);
    let named = root.or_else(|| spans.iter().min_by_key(rank));
    Whole {
        duration: nanos((end - start).into()),
        root_service: root.map_or(String::new(), |root| root.origin.service_name().to_owned()),
        root_name: named.map_or(String::new(), |named| named.name.clone()),
    }
}

/// The numbers of a walk over the trees of all roots. Spans that no root is above have zeros.
fn nested(spans: &[&Span], parents: &[Option<usize>]) -> Vec<Nested> {
    let mut children = vec![Vec::new(); spans.len()];
    for (span, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(span);
        }
    }
    let mut nested = vec![Nested::default(); spans.len()];
    let mut next = 1;
    let is_root = |span: &usize| spans[*span].parent_span_id.is_none();
    for root in (0..spans.len()).filter(is_root) {
        // Spans to enter and, with `true`, to leave.
        let mut walk = vec![(root, -1, false)];
        while let Some((span, parent, leaves)) = walk.pop() {
            if leaves {
                nested[span].right = next;
            } else {
                nested[span] = Nested { left: next, right: 0, parent };
                walk.push((span, parent, true));
                walk.extend(children[span].iter().rev().map(|child| (*child, next, false)));
            }
            next += 1;
        }
    }
    nested
}
