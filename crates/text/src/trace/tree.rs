//! One trace as text: a header, and a tree of hops.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::picture::Picture;
use crate::duration::duration;
use crate::screen::Screen;
use coral_query::answer::{InferredLink, Trace};
use coral_trace::SpanId;
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

/// Largest number of hops that are printed; further hops are only counted.
pub(super) const MAX_HOPS: usize = 500;
/// Largest number of services that are named; further services are only counted.
const MAX_SERVICES: usize = 100;
/// Largest depth that is shown by indentation. Deeper hops have their depth as a number.
const MAX_DEPTH: usize = 32;

/// The page with the tree of a stored trace. It has at most 500 hops; names are cut at 200
/// characters.
pub fn trace_tree(trace: &Trace, screen: Screen) -> String {
    let picture = Picture::of(trace);
    let mut page = header(trace, picture.tree.nodes.len(), screen);
    page.push_str("\nSpan Tree:\n");
    let critical = picture.critical();
    let mut branches = Branches::default();
    let own = |link: &&InferredLink| trace.trace_id.exact() == Some(link.client_trace_id);
    let links: HashMap<SpanId, &InferredLink> =
        trace.inferred_links.iter().filter(own).map(|link| (link.client_span_id, link)).collect();
    for (node, depth) in picture.tree.preorder().take(MAX_HOPS) {
        let branch = branches.branch(depth, picture.is_last_child(node));
        let _ = writeln!(page, "{branch}{}", picture.hop(node, critical[node], screen));
        if let Some(link) = links.get(&picture.span(node).span_id) {
            let is_last = picture.tree.nodes[node].children.is_empty();
            let branch = branches.branch(depth + 1, is_last);
            let _ = writeln!(page, "{branch}{}", inferred(link));
        }
    }
    let hidden = picture.tree.nodes.len().saturating_sub(MAX_HOPS) as u64;
    if hidden > 0 {
        let hidden = counted(hidden, "more hop");
        let _ = writeln!(page, "… {hidden} not shown; --format json has every span");
    }
    if screen.colour {
        let _ = writeln!(
            page,
            "\n{}",
            screen.faint("Bold: the critical path, which the request waited for.")
        );
    }
    for remark in picture.remarks() {
        let _ = writeln!(page, "\n{remark}");
    }
    page
}

/// The page for a trace that is not stored.
pub fn no_trace(id: &str) -> String {
    let id = line(id);
    format!(
        "No trace {id} is stored here.\n\
         Hint: a span is visible up to 20 s after its end: Beyla exports every 15 s, a colony polls every 5 s.\n"
    )
}

/// The server span of another trace that answered a call of this trace.
fn inferred(link: &InferredLink) -> String {
    format!(
        "{} ({}, {}) (inferred: span {} of trace {})",
        line(&link.server_service),
        duration(link.server_duration_us),
        line(&link.server_operation),
        link.server_span_id,
        link.server_trace_id,
    )
}

/// The first lines of a page: id, duration, spans, services and errors of `trace`, whose tree has
/// `hops` hops.
pub(super) fn header(trace: &Trace, hops: usize, screen: Screen) -> String {
    let mut header = format!(
        "Trace ID: {}\nDuration: {}\nSpans: {}",
        screen.faint(&trace.trace_id.to_string()),
        duration(trace.duration_us),
        count(trace.span_count),
    );
    if hops as u64 != trace.span_count {
        let _ = write!(header, " ({})", counted(hops as u64, "hop"));
    }
    let _ = writeln!(header, "\nServices: {}", services(trace));
    if trace.error_count > 0 {
        let errors = screen.error(&count(trace.error_count));
        let _ = writeln!(header, "Errors: {errors}");
    }
    header
}

fn services(trace: &Trace) -> String {
    let named = trace.services.iter().take(MAX_SERVICES).map(|service| line(service));
    let mut names: Vec<String> = named.collect();
    let rest = trace.services.len().saturating_sub(MAX_SERVICES) as u64;
    if rest > 0 {
        names.push(format!("… {} more", count(rest)));
    }
    names.join(", ")
}

/// The branches left of each hop, such as `│  └─ `. They must be made line by line, from top to
/// bottom.
#[derive(Default)]
struct Branches {
    /// For each depth, whether the hop that was printed last at that depth is the last child of its
    /// parent.
    ended: Vec<bool>,
}

impl Branches {
    fn branch(&mut self, depth: usize, is_last: bool) -> String {
        self.ended.truncate(depth);
        self.ended.push(is_last);
        if depth == 0 {
            return String::new();
        }
        let above = &self.ended[1..depth.min(MAX_DEPTH + 1)];
        let mut text: String =
            above.iter().map(|ended| if *ended { "   " } else { "│  " }).collect();
        if depth > MAX_DEPTH {
            let _ = write!(text, "… (depth {depth}) ");
        } else {
            text.push_str(if is_last { "└─ " } else { "├─ " });
        }
        text
    }
}
