//! One trace as the RFD prints it: a header, and a tree of hops.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use coral_trace::tree::{Completeness, Hop, Place, Tree};
use coral_trace::{SpanId, SpanKind, UnixNanos};

use super::sanitize::line;
use super::units::{count, counted, duration};
use crate::query::answer::{Span, Trace};

/// More hops are counted, not printed.
const MOST_HOPS: usize = 500;
/// Deeper hops are not indented further.
const DEEPEST: usize = 32;
/// A child may leave its parent's time by this many microseconds before it is worth a remark: two
/// processes never read the clock at the same moment (spec/beyla.md §2.5: 0.17 ms was seen).
const SKEW_US: i64 = 1_000;

/// The whole page for a trace that is stored.
pub fn trace_tree(trace: &Trace) -> String {
    let hops = hops(trace);
    let tree = Tree::build(&hops);
    let mut page = header(trace, tree.nodes.len());
    page.push_str("\nSpan Tree:\n");
    let last_children =
        tree.nodes.iter().filter_map(|node| node.children.last().copied()).collect();
    let both = has_both_sources(trace);
    let mut lines = Lines { trace, tree: &tree, last_children, ended: Vec::new(), both };
    for (printed, (node, depth)) in tree.preorder().enumerate() {
        if printed == MOST_HOPS {
            let rest = (tree.nodes.len() - printed) as u64;
            let _ = writeln!(
                page,
                "… {} not shown (--format json has every span)",
                counted(rest, "more hop")
            );
            break;
        }
        let _ = writeln!(page, "{}", lines.line(node, depth));
    }
    for remark in remarks(trace, &tree) {
        let _ = writeln!(page, "\n{remark}");
    }
    page
}

/// The page for a trace that is not stored.
pub fn no_trace(id: &str) -> String {
    format!(
        "No trace {} is stored here.\n\
         Hint: a span is visible some seconds after it ended: Beyla sends every 15 s, a colony polls every 5 s.\n",
        line(id)
    )
}

fn header(trace: &Trace, hops: usize) -> String {
    let services: Vec<String> = trace.services.iter().map(|service| line(service)).collect();
    let spans = count(trace.span_count);
    let spans = if hops as u64 == trace.span_count {
        spans
    } else {
        format!("{spans} ({} hops)", count(hops as u64))
    };
    let mut header = format!(
        "Trace ID: {}\nDuration: {}\nSpans: {spans}\nServices: {}\n",
        trace.trace_id,
        duration(trace.duration_us),
        services.join(", ")
    );
    if trace.error_count > 0 {
        let _ = writeln!(header, "Errors: {}", count(trace.error_count));
    }
    header
}

struct Lines<'a> {
    trace: &'a Trace,
    tree: &'a Tree,
    /// Nodes below which no sibling follows.
    last_children: HashSet<usize>,
    /// For each depth, whether the hop printed last there was its parent's last.
    ended: Vec<bool>,
    /// The trace has spans of eBPF and of SDKs.
    both: bool,
}

impl Lines<'_> {
    fn line(&mut self, node: usize, depth: usize) -> String {
        let is_last = self.last_children.contains(&node);
        self.ended.truncate(depth);
        self.ended.push(is_last);
        let mut text = String::new();
        if depth > DEEPEST {
            let _ = write!(text, "{}… (depth {depth}) ", "│  ".repeat(DEEPEST));
        } else if depth > 0 {
            for ended in &self.ended[1..depth] {
                text.push_str(if *ended { "   " } else { "│  " });
            }
            text.push_str(if is_last { "└─ " } else { "├─ " });
        }
        text.push_str(&self.hop(node));
        text
    }

    fn hop(&self, node: usize) -> String {
        let node = &self.tree.nodes[node];
        let span = &self.trace.spans[node.span];
        let dashed =
            if node.place == Place::Child || node.place == Place::Root { "" } else { "┄ " };
        let peer = node.client.is_none().then(|| peer(span)).flatten();
        let peer = if node.children.is_empty() { peer } else { None };
        let peer = peer.map(|peer| format!(" → {}", line(&peer))).unwrap_or_default();
        let mut text = format!(
            "{dashed}{}{peer} ({}, {})",
            line(&span.service_name),
            duration(span.duration_us),
            line(&span.span_name)
        );
        if span.span_status == "error" {
            text.push_str(
                &span.status_code.map_or(" ERROR".to_owned(), |code| format!(" ERROR {code}")),
            );
        }
        if self.both && span.source == "sdk" {
            text.push_str(" [sdk]");
        }
        match node.place {
            Place::Orphan(parent) => {
                let _ = write!(text, " (parent {parent} not received)");
            }
            Place::Cycle => text.push_str(" (is its own ancestor; cut here)"),
            Place::Root | Place::Child => {}
        }
        text
    }
}

/// What a client's span that ended nowhere we know was talking to.
fn peer(span: &Span) -> Option<String> {
    if !matches!(span.span_kind.as_str(), "client" | "producer") {
        return None;
    }
    let attribute = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| span.attributes.get(*key));
        found.filter(|value| !value.is_empty()).cloned()
    };
    attribute(&["db.system.name", "db.system"])
        .or_else(|| attribute(&["messaging.system"]))
        .or_else(|| attribute(&["server.address"]))
}

fn hops(trace: &Trace) -> Vec<Hop> {
    let hop = |span: &Span| {
        let start = UnixNanos::from_micros(span.start_time_unix_us);
        Some(Hop {
            span_id: span.span_id.parse::<SpanId>().ok()?,
            parent: span.parent_span_id.as_ref().and_then(|id| id.parse().ok()),
            start,
            end: UnixNanos::from_micros(span.start_time_unix_us + span.duration_us),
            kind: match span.span_kind.as_str() {
                "server" => SpanKind::Server,
                "client" => SpanKind::Client,
                "producer" => SpanKind::Producer,
                "consumer" => SpanKind::Consumer,
                _ => SpanKind::Internal,
            },
            virtual_hop: span.virtual_hop,
        })
    };
    trace.spans.iter().filter_map(hop).collect()
}

fn has_both_sources(trace: &Trace) -> bool {
    trace.spans.iter().map(|span| &span.source).collect::<BTreeSet<_>>().len() > 1
}

/// What the reader should know before trusting the picture.
fn remarks(trace: &Trace, tree: &Tree) -> Vec<String> {
    let lacks = lacks(&tree.completeness(), trace);
    let skewed = skewed(trace, tree);
    let incomplete = (!lacks.is_empty()).then(|| format!("Incomplete: {}.", lacks.join("; ")));
    let clocks = (skewed > 0).then(|| {
        format!(
            "Clocks: {} outside the time of the hop above by more than {}; times are as reported.",
            counted(skewed as u64, "hop"),
            duration(SKEW_US)
        )
    });
    incomplete.into_iter().chain(clocks).collect()
}

fn lacks(found: &Completeness, trace: &Trace) -> Vec<String> {
    let mut lacks = Vec::new();
    if found.roots == 0 {
        lacks.push("no root was received".to_owned());
    }
    if found.roots > 1 {
        lacks.push(format!("{} roots", found.roots));
    }
    if found.orphans > 0 {
        let hops = counted(found.orphans as u64, "hop");
        lacks.push(format!(
            "{hops} with a parent that was not received (not instrumented, not sampled, or still to come)"
        ));
    }
    if found.cycles > 0 {
        lacks.push(format!("{} of parents", counted(found.cycles as u64, "circle")));
    }
    if trace.spans_left_out > 0 {
        lacks.push(format!(
            "{} beyond the limit of one answer",
            counted(trace.spans_left_out, "span")
        ));
    }
    lacks
}

/// Hops that begin before or end after the hop above them.
fn skewed(trace: &Trace, tree: &Tree) -> usize {
    let time = |node: usize| {
        let node = &tree.nodes[node];
        let span = &trace.spans[node.client.unwrap_or(node.span)];
        (span.start_time_unix_us, span.start_time_unix_us + span.duration_us)
    };
    let outside = |parent: usize, child: &usize| {
        let ((start, end), (child_start, child_end)) = (time(parent), time(*child));
        // An asynchronous child may outlive its parent; one that begins before it cannot be.
        child_start + SKEW_US < start || (child_start < end && child_end > end + SKEW_US)
    };
    let all = tree.nodes.iter().enumerate();
    all.map(|(at, node)| node.children.iter().filter(|child| outside(at, child)).count()).sum()
}
