//! One trace for a reader with little room, such as a model: first what is incomplete, then the spans
//! that failed and those that the request waited for, then the tree. Each span has its id.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coral_query::answer::Trace;
use coral_trace::units::{TimeZone, counted};

use super::picture::Picture;
use super::redacted::with_redacted_hops;
use super::tree::{MAX_HOPS, header};
use crate::duration::duration;
use crate::screen::Screen;

/// Largest number of spans in each of the lists before the tree.
const MAX_LISTED: usize = 10;
/// Largest depth that is shown by indentation.
const MAX_DEPTH: usize = 16;

/// The page of a stored trace, most important line first, without colours. The tree has at most 500
/// hops.
pub fn brief(trace: &Trace, zone: &TimeZone) -> String {
    let trace = &*with_redacted_hops(trace);
    let picture = Picture::of(trace);
    let mut page = header(trace, picture.tree.nodes.len(), zone, Screen::PLAIN);
    for remark in picture.remarks() {
        let _ = writeln!(page, "{remark}");
    }
    page.push_str(&picture.failed());
    page.push_str(&picture.awaited());
    page.push_str("\nTree, callers first:\n");
    let critical = picture.critical();
    for (node, depth) in picture.tree.preorder().take(MAX_HOPS) {
        let indent = "  ".repeat(depth.min(MAX_DEPTH));
        let _ = writeln!(page, "{indent}{}", picture.hop_with_id(node, critical[node]));
    }
    let hidden = picture.tree.nodes.len().saturating_sub(MAX_HOPS) as u64;
    if hidden > 0 {
        let _ = writeln!(page, "… {} not shown", counted(hidden, "more hop"));
    }
    page
}

impl Picture<'_> {
    /// The spans that failed without a failing call below them.
    fn failed(&self) -> String {
        let failed = |node: &usize| self.span(*node).is_error();
        let is_deepest =
            |node: &usize| failed(node) && !self.tree.nodes[*node].children.iter().any(failed);
        let nodes = self.tree.preorder().map(|(node, _)| node).filter(is_deepest).collect();
        self.list("Failed, deepest spans:", nodes)
    }

    /// The hops of the critical path, the longest first.
    fn awaited(&self) -> String {
        let Some(root) = self.longest_root() else { return String::new() };
        let mut sums: BTreeMap<usize, u128> = BTreeMap::new();
        for segment in self.extents.critical_path(&self.tree, root) {
            *sums.entry(segment.node).or_default() += segment.duration().as_micros();
        }
        let mut sums: Vec<(usize, u128)> = sums.into_iter().collect();
        sums.sort_by_key(|(node, took)| (std::cmp::Reverse(*took), *node));
        let mut text = "\nWaited for, longest first (critical path):\n".to_owned();
        for (node, took) in sums.iter().take(MAX_LISTED) {
            let took = duration(i64::try_from(*took).unwrap_or(i64::MAX));
            let _ = writeln!(text, "  {took} in {}", self.hop_with_id(*node, false));
        }
        text + &more(sums.len())
    }

    fn list(&self, title: &str, nodes: Vec<usize>) -> String {
        if nodes.is_empty() {
            return String::new();
        }
        let mut text = format!("\n{title}\n");
        for node in nodes.iter().take(MAX_LISTED) {
            let _ = writeln!(text, "  {}", self.hop_with_id(*node, false));
        }
        text + &more(nodes.len())
    }

    /// `payments-api (450ms, POST /pay) [span 00f067aa0ba902b7]`; with `*` on the critical path.
    fn hop_with_id(&self, node: usize, is_critical: bool) -> String {
        let pieces = self.hop(node, false);
        let hop: String = pieces.into_iter().map(|(text, _)| text).collect();
        let star = if is_critical { " *" } else { "" };
        if self.is_redacted(node) {
            return format!("{hop}{star}");
        }
        format!("{hop} [span {}]{star}", self.span(node).span_id)
    }
}

fn more(all: usize) -> String {
    match all.saturating_sub(MAX_LISTED) as u64 {
        0 => String::new(),
        hidden => format!("  … {} in the tree\n", counted(hidden, "more span")),
    }
}
