//! What is kept of a trace for a comparison: where its time went, and what called what.

use super::names::Names;
use super::node_names::NodeNames;
use crate::clock;
use crate::critical_path::{Extents, PathSegment};
use crate::ids::{SpanId, TraceId};
use crate::span::{Span, SpanKind};
use crate::time::UnixNanos;
use crate::tree::{Hop, Tree};
use crate::work;

/// One trace, or the part of the trace below the spans that match the entry.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    pub trace_id: TraceId,
    /// When the first span of the trace started.
    pub start: UnixNanos,
    /// The duration of all entries together, in nanoseconds.
    pub duration: f64,
    /// Whether the trace is complete. The parent of the topmost span may be missing, as with a
    /// proxy that nobody observes.
    pub whole: bool,
    /// Whether clocks disagreed and were adjusted.
    pub adjusted: bool,
    /// The critical path, and the times that messages waited for their consumers.
    pub path_shares: Vec<PathShare>,
    /// Which of `path_shares` are the times that messages waited.
    pub waits: Vec<Wait>,
    /// Critical paths of the subtrees that the request did not wait for.
    pub off_path: Vec<PathShare>,
    /// The calls, parents before their children.
    pub calls: Vec<Call>,
}

/// The time of the critical path that one component took at one span.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathShare {
    pub component: u32,
    pub nanos: f64,
    pub span: SpanId,
}

/// The time that a message waited: from the clock of the producer's host to that of the consumer's.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    /// The index of the path share.
    pub share: usize,
    /// The host of the consumer, or its service if the host is unknown.
    pub host: String,
}

/// One node of the tree, for comparing what operations call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The component that the node is to its children.
    pub operation: u32,
    /// The component that the node is to its parent.
    pub called_as: u32,
    /// Index of the parent call.
    pub parent: Option<u32>,
    /// The components that the node calls, and how often each, sorted by number.
    pub children: Vec<(u32, u32)>,
    /// The number of nodes below this one, including itself.
    pub size: u32,
    /// Nanoseconds of the critical path at the node, and at everything below it.
    pub path_nanos: f64,
    /// The component that failed at this node, unless a node below it failed.
    pub failed: Option<u32>,
    /// Whether the node or any node below it failed.
    pub fails: bool,
    pub span: SpanId,
}

impl Call {
    /// Whether a call below this one failed.
    pub fn fails_below(&self) -> bool {
        // Of failures above each other, only the lowest is kept.
        self.fails && self.failed.is_none()
    }
}

/// Selects the spans of a trace that a question is about.
#[derive(Clone, Copy, Default, Debug)]
pub struct Entry<'a> {
    /// The topmost spans of this service. `None` matches spans of any service; without an
    /// operation, the roots.
    pub service: Option<&'a str>,
    /// Only spans with this name or HTTP route.
    pub operation: Option<&'a str>,
}

/// A trace as a tree, with all times moved to one clock.
pub(super) struct AlignedTrace<'a> {
    pub spans: &'a [Span],
    /// The hops of the spans, with times by one clock.
    pub hops: Vec<Hop>,
    pub tree: Tree,
    pub extents: Extents,
    adjusted: bool,
}

/// The nanoseconds of a critical path at one node: own work, the call to the node, and its queue.
#[derive(Clone, Copy, Default)]
pub(super) struct LostTime {
    own: u64,
    call: u64,
    queue: u64,
}

/// The smallest clock difference, in nanoseconds, that counts as adjusted; smaller ones occur
/// between any two threads.
const MIN_CLOCK_DIFFERENCE: u64 = 1_000_000;

impl Entry<'_> {
    /// Whether `span` has the service and the operation that are asked about.
    pub fn matches(&self, span: &Span) -> bool {
        self.operation.is_none_or(|name| is_called(span, name))
            && self.service.is_none_or(|service| span.origin.service_name() == service)
    }
}

impl Observation {
    /// The observation of one trace; `None` when no span matches `entry`.
    pub fn from_spans(spans: &[Span], entry: Entry<'_>, names: &mut Names) -> Option<Self> {
        let aligned = AlignedTrace::from_spans(spans);
        let entries = aligned.entries(entry);
        let trace_id = spans[aligned.tree.nodes[*entries.first()?].span].trace_id;
        let durations = entries.iter().map(|at| aligned.extents.nodes[*at].duration());
        let lost_times = aligned.lost_times(&entries);
        let mut names = NodeNames::new(names, aligned.tree.nodes.len());
        let names = &mut names;
        let mut path_shares = aligned.path_shares(&lost_times.on_path, names);
        let waits = aligned.message_waits(&entries, &lost_times.on_path, names);
        let (waits, shares): (Vec<Wait>, Vec<PathShare>) = waits
            .into_iter()
            .zip(path_shares.len()..)
            .map(|((share, host), at)| (Wait { share: at, host }, share))
            .unzip();
        path_shares.extend(shares);
        Some(Self {
            trace_id,
            start: spans.iter().map(|span| span.start).min().unwrap_or_default(),
            duration: durations.map(|duration| duration.as_nanos() as f64).sum(),
            whole: aligned.tree.has_every_parent(),
            adjusted: aligned.adjusted,
            path_shares,
            waits,
            off_path: aligned.path_shares(&lost_times.beside, names),
            calls: aligned.calls(&entries, &lost_times.on_path, names),
        })
    }

    /// Replaces the number of each component by `numbers[number]`.
    pub fn renumber(&mut self, numbers: &[u32]) {
        let renumber = |component: &mut u32| *component = numbers[*component as usize];
        let shares = self.path_shares.iter_mut().chain(&mut self.off_path);
        shares.for_each(|share| renumber(&mut share.component));
        for call in &mut self.calls {
            renumber(&mut call.operation);
            renumber(&mut call.called_as);
            call.failed.iter_mut().for_each(renumber);
            call.children.iter_mut().for_each(|(component, _)| renumber(component));
            call.children.sort_unstable();
        }
    }
}

/// The state of walking critical paths through a tree.
struct Walk {
    bystanders: Vec<bool>,
    parents: Vec<Option<usize>>,
    walked: Vec<bool>,
}

/// By node: the time on the critical path, and on the critical paths of other subtrees.
pub(super) struct LostTimes {
    pub on_path: Vec<LostTime>,
    beside: Vec<LostTime>,
}

impl<'a> AlignedTrace<'a> {
    pub fn from_spans(spans: &'a [Span]) -> Self {
        let mut hops: Vec<Hop> = spans.iter().map(Hop::from).collect();
        let tree = Tree::build(&hops);
        let deltas = clock::deltas(&tree, &hops, |one, other| {
            clock::is_one_clock(&spans[one], &spans[other])
        });
        for (hop, delta) in hops.iter_mut().zip(&deltas) {
            hop.start = UnixNanos(hop.start.0.saturating_add_signed(*delta));
            hop.end = UnixNanos(hop.end.0.saturating_add_signed(*delta));
        }
        let adjusted = deltas.iter().any(|delta| delta.unsigned_abs() >= MIN_CLOCK_DIFFERENCE);
        let extents = Extents::new(&tree, &hops);
        Self { spans, hops, tree, extents, adjusted }
    }

    /// The topmost nodes that match `entry`.
    pub fn entries(&self, entry: Entry<'_>) -> Vec<usize> {
        if entry.service.is_none() && entry.operation.is_none() {
            return self.tree.roots.clone();
        }
        let mut found = Vec::new();
        let mut waiting: Vec<usize> = self.tree.roots.iter().rev().copied().collect();
        while let Some(at) = waiting.pop() {
            let node = &self.tree.nodes[at];
            let matches_entry = |span: &usize| entry.matches(&self.spans[*span]);
            // A caller without a server span is recognised by its client spans.
            if [Some(node.span), node.client].iter().flatten().any(matches_entry) {
                found.push(at);
            } else {
                waiting.extend(self.tree.nodes[at].children.iter().rev());
            }
        }
        found
    }

    /// The critical paths below `entries`, and those of all other subtrees below them.
    pub fn lost_times(&self, entries: &[usize]) -> LostTimes {
        let nodes = self.tree.nodes.len();
        let mut walk = Walk {
            bystanders: self.bystanders(),
            parents: self.parents(),
            walked: vec![false; nodes],
        };
        let (mut on_path, mut beside) =
            (vec![LostTime::default(); nodes], vec![LostTime::default(); nodes]);
        entries.iter().for_each(|entry| self.walk(*entry, &mut walk, &mut on_path));
        for at in self.below(entries) {
            if !walk.walked[at] && !walk.bystanders[at] {
                self.walk(at, &mut walk, &mut beside);
            }
        }
        LostTimes { on_path, beside }
    }

    fn walk(&self, root: usize, walk: &mut Walk, lost_times: &mut [LostTime]) {
        walk.walked[root] = true;
        for step in self.extents.critical_path_without(&self.tree, root, &walk.bystanders) {
            self.split_time(&step, &mut lost_times[step.node]);
            // A node that the path only passes through has no time of its own on the path.
            let mut at = Some(step.node);
            while let Some(node) = at.filter(|node| !walk.walked[*node]) {
                work::step();
                walk.walked[node] = true;
                at = walk.parents[node];
            }
        }
    }

    /// The lost times as path shares: by component and span.
    fn path_shares(&self, lost_times: &[LostTime], names: &mut NodeNames<'_>) -> Vec<PathShare> {
        let mut path_shares = Vec::new();
        for (at, lost_times) in lost_times.iter().enumerate() {
            if lost_times.own + lost_times.call + lost_times.queue == 0 {
                continue;
            }
            let node = &self.tree.nodes[at];
            let (spans, tree) = (self.spans, &self.tree);
            let mut add = |component: u32, span: usize, nanos: u64| {
                let span = spans[span].span_id;
                path_shares.push(PathShare { component, nanos: nanos as f64, span });
            };
            if lost_times.own > 0 {
                add(names.own(spans, tree, at), node.span, lost_times.own);
            }
            if lost_times.call > 0 {
                add(names.called_as(spans, tree, at), node.first(), lost_times.call);
            }
            if lost_times.queue > 0 {
                add(names.queue(spans, tree, at), node.span, lost_times.queue);
            }
        }
        path_shares
    }

    /// How long each message to a consumer at or below `entries` waited in its queue, from the end of
    /// the producer's span to the start of the consumer's, as time of the consumer's queue. The
    /// request does not wait for a consumer, so that this time is on no critical path. With each the
    /// host of the consumer, or its service.
    fn message_waits(
        &self,
        entries: &[usize],
        on_path: &[LostTime],
        names: &mut NodeNames<'_>,
    ) -> Vec<(PathShare, String)> {
        let parents = self.parents();
        let mut waits = Vec::new();
        for consumer in self.below(entries) {
            work::step();
            let Some(producer) = parents[consumer].map(|parent| self.tree.nodes[parent].span)
            else {
                continue;
            };
            let span = self.tree.nodes[consumer].span;
            let kinds = [producer, span].map(|span| self.spans[span].kind);
            let is_awaited = on_path[consumer].all() > 0.0;
            if kinds == [SpanKind::Producer, SpanKind::Consumer] && !is_awaited {
                let wait = self.hops[span].start.since(self.hops[producer].end);
                let share = PathShare {
                    component: names.queue(self.spans, &self.tree, consumer),
                    nanos: wait.as_nanos() as f64,
                    span: self.spans[span].span_id,
                };
                let origin = &self.spans[span].origin;
                let host = origin.resource.attributes.text("host.name");
                waits.push((share, host.unwrap_or(origin.service_name()).to_owned()));
            }
        }
        waits
    }

    /// The nodes of `entries` and all nodes below them.
    fn below(&self, entries: &[usize]) -> impl Iterator<Item = usize> + use<'_, 'a> {
        let mut waiting = entries.to_vec();
        std::iter::from_fn(move || {
            let at = waiting.pop()?;
            waiting.extend(&self.tree.nodes[at].children);
            Some(at)
        })
    }

    /// By node: its parent.
    fn parents(&self) -> Vec<Option<usize>> {
        let mut parents = vec![None; self.tree.nodes.len()];
        for (at, node) in self.tree.nodes.iter().enumerate() {
            node.children.iter().for_each(|child| parents[*child] = Some(at));
        }
        parents
    }

    /// Divides a path segment of a node into its own work, its queue, and the time between node and
    /// caller.
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

    /// Spans that only wait for a sibling: without children, of the same service as their parent,
    /// and covered by the longest sibling that has children. Asynchronous code makes such spans
    /// where the trace context was lost.
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
    fn calls(
        &self,
        entries: &[usize],
        lost_times: &[LostTime],
        names: &mut NodeNames<'_>,
    ) -> Vec<Call> {
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

    fn call(&self, at: usize, parent: Option<u32>, names: &mut NodeNames<'_>) -> Call {
        let operation = names.own(self.spans, &self.tree, at);
        let called_as = names.called_as(self.spans, &self.tree, at);
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
    /// The sum of all kinds.
    pub fn all(&self) -> f64 {
        (self.own + self.call + self.queue) as f64
    }
}

/// Whether `operation` is the name or the HTTP route of `span`.
fn is_called(span: &Span, operation: &str) -> bool {
    span.name == operation || span.attributes.text("http.route") == Some(operation)
}

/// Adds sizes, times and failures of each call to its parent. Of failures above each other, only
/// the lowest is kept.
fn sum_up(calls: &mut [Call]) {
    for at in (0..calls.len()).rev() {
        // Children come after their parents, so everything below this call is already summed up.
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

/// The part of a span that a sibling must cover for the span to count as waiting for that sibling.
const MIN_COVERED: f64 = 0.9;

fn overlap(step: &PathSegment, start: UnixNanos, end: UnixNanos) -> u64 {
    overlap_of((step.start, step.end), (start, end))
}

fn overlap_of(one: (UnixNanos, UnixNanos), other: (UnixNanos, UnixNanos)) -> u64 {
    one.1.min(other.1).0.saturating_sub(one.0.max(other.0).0)
}
