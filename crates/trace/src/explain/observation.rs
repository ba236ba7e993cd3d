//! What is remembered of a trace: where its time went, and what called what.

use super::names::{CauseKind, Identity, Names};
use super::role::NodeRole;
use crate::clock;
use crate::critical_path::{Extents, PathSegment};
use crate::ids::{SpanId, TraceId};
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;
use crate::tree::{Hop, Place, Tree};
use crate::work;

/// One trace, or the part of it below the spans that were asked about.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    pub trace_id: TraceId,
    /// Nanoseconds, of the entries together.
    pub duration: f64,
    /// In one piece. What lies above the topmost span may be missing: a proxy that nobody observes.
    pub whole: bool,
    /// Clocks disagreed, and were adjusted.
    pub adjusted: bool,
    /// Its critical path.
    pub path_shares: Vec<PathShare>,
    /// What nobody waited for, as if somebody had: the critical paths beside the critical path.
    pub off_path: Vec<PathShare>,
    /// Parents before their children.
    pub calls: Vec<Call>,
}

/// Time of the critical path that one component took at one span.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathShare {
    pub component: u32,
    pub nanos: f64,
    pub span: SpanId,
}

/// One node of the tree, for comparing what operations call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The component that it is to its children.
    pub operation: u32,
    /// The component that it is to its parent.
    pub called_as: u32,
    /// Index of the call above it.
    pub parent: Option<u32>,
    /// What it calls: different components with how often each, in order of their numbers.
    pub children: Vec<(u32, u32)>,
    /// Nodes below it, and itself.
    pub size: u32,
    /// Nanoseconds of the critical path at it, and at what lies below it.
    pub path_nanos: f64,
    /// The component that failed here, if nothing below it failed.
    pub failed: Option<u32>,
    /// It or anything below it failed.
    pub fails: bool,
    pub span: SpanId,
}

/// Which spans of a trace are asked about.
#[derive(Clone, Copy, Default, Debug)]
pub struct Entry<'a> {
    /// The topmost spans of this service; of any, when there is none: without an operation the trace's roots.
    pub service: Option<&'a str>,
    /// Of those, the ones of this name or route.
    pub operation: Option<&'a str>,
}

/// A trace whose times were moved to one clock, as a tree.
pub(super) struct AlignedTrace<'a> {
    pub spans: &'a [Span],
    /// Its spans, by one clock.
    pub hops: Vec<Hop>,
    pub tree: Tree,
    pub extents: Extents,
    adjusted: bool,
}

/// The nanoseconds of a path that one node took, by kind: own work, the call to it, its queue.
#[derive(Clone, Copy, Default)]
pub(super) struct LostTime {
    own: u64,
    call: u64,
    queue: u64,
}

/// Clocks that differ by less, in nanoseconds, do so between any two threads.
const MIN_CLOCK_DIFFERENCE: u64 = 1_000_000;

impl Observation {
    /// Of the spans of one trace; `None` when `entry` is not among them.
    pub fn from_spans(spans: &[Span], entry: Entry<'_>, names: &mut Names) -> Option<Self> {
        let aligned = AlignedTrace::from_spans(spans);
        let entries = aligned.entries(entry);
        let trace_id = spans[aligned.tree.nodes[*entries.first()?].span].trace_id;
        let durations = entries.iter().map(|at| aligned.extents.nodes[*at].duration());
        let lost_times = aligned.lost_times(&entries);
        Some(Self {
            trace_id,
            duration: durations.map(|duration| duration.as_nanos() as f64).sum(),
            whole: aligned.is_whole(),
            adjusted: aligned.adjusted,
            path_shares: aligned.path_shares(&lost_times.on_path, names),
            off_path: aligned.path_shares(&lost_times.beside, names),
            calls: aligned.calls(&entries, &lost_times.on_path, names),
        })
    }
}

/// Which nodes the critical paths so far have come through.
struct Walk {
    bystanders: Vec<bool>,
    parents: Vec<Option<usize>>,
    walked: Vec<bool>,
}

/// The time that each node took on the critical path, and on the paths beside it; by node.
pub(super) struct LostTimes {
    pub on_path: Vec<LostTime>,
    beside: Vec<LostTime>,
}

impl<'a> AlignedTrace<'a> {
    pub fn from_spans(spans: &'a [Span]) -> Self {
        let mut hops: Vec<Hop> = spans.iter().map(Hop::from).collect();
        let tree = Tree::build(&hops);
        let deltas = clock::deltas(&tree, &hops);
        for (hop, delta) in hops.iter_mut().zip(&deltas) {
            hop.start = UnixNanos(hop.start.0.saturating_add_signed(*delta));
            hop.end = UnixNanos(hop.end.0.saturating_add_signed(*delta));
        }
        let adjusted = deltas.iter().any(|delta| delta.unsigned_abs() >= MIN_CLOCK_DIFFERENCE);
        let extents = Extents::of(&tree, &hops);
        Self { spans, hops, tree, extents, adjusted }
    }

    fn is_whole(&self) -> bool {
        let top = |root: &usize| self.tree.nodes[*root].place;
        self.tree.roots.len() == 1 && self.tree.roots.iter().all(|root| top(root) != Place::Cycle)
    }

    /// The topmost nodes that `entry` means.
    pub fn entries(&self, entry: Entry<'_>) -> Vec<usize> {
        if entry.service.is_none() && entry.operation.is_none() {
            return self.tree.roots.clone();
        }
        let mut found = Vec::new();
        let mut waiting: Vec<usize> = self.tree.roots.iter().rev().copied().collect();
        while let Some(at) = waiting.pop() {
            let node = &self.tree.nodes[at];
            let matches_entry = |span: &usize| {
                let span = &self.spans[*span];
                entry.operation.is_none_or(|name| is_called(span, name))
                    && entry.service.is_none_or(|service| span.origin.service_name() == service)
            };
            // A caller whose own work nobody observes is known by its calls.
            if [Some(node.span), node.client].iter().flatten().any(matches_entry) {
                found.push(at);
            } else {
                waiting.extend(self.tree.nodes[at].children.iter().rev());
            }
        }
        found
    }

    /// The critical paths below `entries`, and those of everything else below them.
    pub fn lost_times(&self, entries: &[usize]) -> LostTimes {
        let nodes = self.tree.nodes.len();
        let mut walk = Walk {
            bystanders: self.bystanders(),
            parents: vec![None; nodes],
            walked: vec![false; nodes],
        };
        for (at, node) in self.tree.nodes.iter().enumerate() {
            node.children.iter().for_each(|child| walk.parents[*child] = Some(at));
        }
        let (mut on_path, mut beside) =
            (vec![LostTime::default(); nodes], vec![LostTime::default(); nodes]);
        entries.iter().for_each(|entry| self.walk(*entry, &mut walk, &mut on_path));
        let mut waiting = entries.to_vec();
        while let Some(at) = waiting.pop() {
            if !walk.walked[at] && !walk.bystanders[at] {
                self.walk(at, &mut walk, &mut beside);
            }
            waiting.extend(&self.tree.nodes[at].children);
        }
        LostTimes { on_path, beside }
    }

    fn walk(&self, root: usize, walk: &mut Walk, lost_times: &mut [LostTime]) {
        walk.walked[root] = true;
        for step in self.extents.critical_path_without(&self.tree, root, &walk.bystanders) {
            self.split_time(&step, &mut lost_times[step.node]);
            // What the path only passed through has no time of its own on it.
            let mut at = Some(step.node);
            while let Some(node) = at.filter(|node| !walk.walked[*node]) {
                work::step();
                walk.walked[node] = true;
                at = walk.parents[node];
            }
        }
    }

    /// What was lost, by component and span.
    fn path_shares(&self, lost_times: &[LostTime], names: &mut Names) -> Vec<PathShare> {
        let mut path_shares = Vec::new();
        for (at, lost_times) in lost_times.iter().enumerate() {
            if lost_times.own + lost_times.call + lost_times.queue == 0 {
                continue;
            }
            let role = NodeRole::for_node(self.spans, &self.tree, at);
            let node = &self.tree.nodes[at];
            let queue = Identity { kind: CauseKind::Queue, ..role.own };
            for (identity, span, nanos) in [
                (role.own, node.span, lost_times.own),
                (role.called_as, node.first(), lost_times.call),
                (queue, node.span, lost_times.queue),
            ] {
                if nanos > 0 {
                    let component = names.component(&identity);
                    let span = self.spans[span].span_id;
                    path_shares.push(PathShare { component, nanos: nanos as f64, span });
                }
            }
        }
        path_shares
    }

    /// Tells apart what a node itself did, what passed between it and its caller, and what it queued.
    fn split_time(&self, step: &PathSegment, lost_times: &mut LostTime) {
        let node = &self.tree.nodes[step.node];
        let within = |at: usize| overlap(step, self.hops[at].start, self.hops[at].end);
        let all = step.end.0 - step.start.0;
        let served = if node.client.is_some() { within(node.span) } else { all };
        let in_queue = |at: &&usize| self.spans[**at].name == "in queue";
        let queued: u64 = node.inside.iter().filter(in_queue).map(|at| within(*at)).sum();
        let queued = queued.min(served);
        lost_times.queue += queued;
        lost_times.own += served - queued;
        lost_times.call += all - served;
    }

    /// Spans that only wait for a sibling: without children, of their parent's service, and covered by the
    /// longest sibling that has children. Asynchronous code leaves such spans where it lost the context.
    fn bystanders(&self) -> Vec<bool> {
        let mut found = vec![false; self.tree.nodes.len()];
        for node in &self.tree.nodes {
            let works = |at: &&usize| !self.tree.nodes[**at].children.is_empty();
            let longest = node.children.iter().filter(works).copied();
            let length = |at: &usize| self.extents.nodes[*at].duration();
            let Some(longest) = longest.max_by_key(length) else { continue };
            let parent = self.spans[node.span].origin.service_name();
            for child in &node.children {
                work::step();
                let (there, span) =
                    (&self.tree.nodes[*child], &self.spans[self.tree.nodes[*child].span]);
                let idle = there.children.is_empty() && there.client.is_none();
                let extent = &self.extents.nodes[*child];
                let covering = &self.extents.nodes[longest];
                let covered =
                    overlap_of((extent.start, extent.end), (covering.start, covering.end));
                let own = extent.end.0 - extent.start.0;
                found[*child] = idle
                    && span.kind != SpanKind::Client
                    && span.origin.service_name() == parent
                    && covered as f64 > MIN_COVERED * own as f64;
            }
        }
        found
    }

    /// The nodes below `entries`, parents first.
    fn calls(&self, entries: &[usize], lost_times: &[LostTime], names: &mut Names) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        let mut waiting: Vec<(usize, Option<u32>)> =
            entries.iter().rev().map(|entry| (*entry, None)).collect();
        while let Some((at, parent)) = waiting.pop() {
            work::step();
            let this = calls.len() as u32;
            calls.push(Call { path_nanos: lost_times[at].all(), ..self.call(at, parent, names) });
            let children = &self.tree.nodes[at].children;
            waiting.extend(children.iter().rev().map(|child| (*child, Some(this))));
        }
        sum_up(&mut calls);
        calls
    }

    fn call(&self, at: usize, parent: Option<u32>, names: &mut Names) -> Call {
        let role = NodeRole::for_node(self.spans, &self.tree, at);
        let (operation, called_as) = (names.component(&role.own), names.component(&role.called_as));
        let node = &self.tree.nodes[at];
        let failed = if self.spans[node.span].is_error() {
            Some(operation)
        } else {
            node.client.filter(|client| self.spans[*client].is_error()).map(|_| called_as)
        };
        let span = self.spans[node.span].span_id;
        Call {
            operation,
            called_as,
            parent,
            children: vec![],
            size: 1,
            path_nanos: 0.0,
            failed,
            fails: false,
            span,
        }
    }
}

impl LostTime {
    /// However it was lost.
    pub fn all(&self) -> f64 {
        (self.own + self.call + self.queue) as f64
    }
}

/// Whether `span` is of that operation: by its name, or by its route.
fn is_called(span: &Span, operation: &str) -> bool {
    span.name == operation || span.attributes.text("http.route") == Some(operation)
}

/// Tells every call of its children; of failures below failures, the lowest stay.
fn sum_up(calls: &mut [Call]) {
    for at in (0..calls.len()).rev() {
        // What lies below has said by now whether it fails.
        if calls[at].fails {
            calls[at].failed = None;
        }
        calls[at].fails |= calls[at].failed.is_some();
        let Call { called_as, parent, size, path_nanos, fails, .. } = calls[at];
        calls[at].children.sort_unstable();
        calls[at].children.dedup_by(|one, kept| {
            let same = one.0 == kept.0;
            kept.1 += if same { one.1 } else { 0 };
            same
        });
        if let Some(parent) = parent {
            let above = &mut calls[parent as usize];
            above.children.push((called_as, 1));
            above.size += size;
            above.path_nanos += path_nanos;
            above.fails |= fails;
        }
    }
}

/// How much of a span another must cover for it to count as waiting for that one.
const MIN_COVERED: f64 = 0.9;

fn overlap(step: &PathSegment, start: UnixNanos, end: UnixNanos) -> u64 {
    overlap_of((step.start, step.end), (start, end))
}

fn overlap_of(one: (UnixNanos, UnixNanos), other: (UnixNanos, UnixNanos)) -> u64 {
    one.1.min(other.1).0.saturating_sub(one.0.max(other.0).0)
}
