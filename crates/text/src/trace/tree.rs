//! One trace as text: a header, and a tree of hops.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::picture::Picture;
use super::redacted::with_redacted_hops;
use crate::duration::duration;
use crate::screen::{Emphasis, Screen};
use crate::wrap::{prose, wrapped};
use coral_query::answer::{InferredLink, Trace};
use coral_trace::SpanId;
use coral_trace::sanitize::line;
use coral_trace::units::{TimeZone, count, counted, instant_in};

/// Largest number of hops that are printed; further hops are only counted.
pub(super) const MAX_HOPS: usize = 500;
/// Largest number of services that are named; further services are only counted.
const MAX_SERVICES: usize = 100;
/// Largest depth that is shown by indentation. Deeper hops have their depth as a number.
const MAX_DEPTH: usize = 32;

/// The page with the tree of a stored trace. It has at most 500 hops; names are cut at 200
/// characters. Lines wider than the screen are broken between words.
pub fn trace_tree(trace: &Trace, zone: &TimeZone, screen: Screen) -> String {
    let trace = &*with_redacted_hops(trace);
    let picture = Picture::of(trace);
    let mut page = header(trace, picture.tree.nodes.len(), zone, screen);
    page.push_str("\nSpan Tree:\n");
    let critical = picture.critical();
    let mut branches = Branches::of(screen);
    let own = |link: &&InferredLink| trace.trace_id.exact() == Some(link.client_trace_id);
    let links: HashMap<SpanId, &InferredLink> =
        trace.inferred_links.iter().filter(own).map(|link| (link.client_span_id, link)).collect();
    for (node, depth) in picture.tree.preorder().take(MAX_HOPS) {
        let has_children = !picture.tree.nodes[node].children.is_empty();
        let link = links.get(&picture.span(node).span_id);
        let [first, rest] =
            branches.branch(depth, picture.is_last_child(node), has_children || link.is_some());
        let hop = wrapped(&picture.hop(node, critical[node]), &first, &rest, screen);
        let _ = writeln!(page, "{hop}");
        if let Some(link) = link {
            let [first, rest] = branches.branch(depth + 1, !has_children, false);
            let text = [(inferred(link), Emphasis::None)];
            let _ = writeln!(page, "{}", wrapped(&text, &first, &rest, screen));
        }
    }
    let hidden = picture.tree.nodes.len().saturating_sub(MAX_HOPS) as u64;
    if hidden > 0 {
        let hidden = counted(hidden, "more hop");
        let note = format!("… {hidden} not shown; --format spans has every span");
        let _ = writeln!(page, "{}", prose(&note, screen));
    }
    if screen.colour {
        let note = "Bold: the critical path, which the request waited for.".to_owned();
        let note = wrapped(&[(note, Emphasis::Faint)], "", "", screen);
        let _ = writeln!(page, "\n{note}");
    }
    for remark in picture.remarks() {
        let _ = writeln!(page, "\n{}", prose(&remark, screen));
    }
    page
}

/// The page for a trace that is not stored.
pub fn no_trace(id: &str) -> String {
    let id = line(id);
    format!(
        "No trace {id} is stored here.\n\
         Hint: a span is visible 2 s after its end, or up to 20 s if no agent runs its Beyla.\n"
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

/// The first lines of a page: id, start, duration, spans and services of `trace`, where the services
/// ran, and errors. The tree of the trace has `hops` hops.
pub(super) fn header(trace: &Trace, hops: usize, zone: &TimeZone, screen: Screen) -> String {
    let id = [
        ("Trace ID:".to_owned(), Emphasis::None),
        (format!(" {}", trace.trace_id), Emphasis::Faint),
    ];
    let mut header = wrapped(&id, "", "  ", screen);
    let mut add = |text: &str, indent: &str| {
        let pieces = [(text.to_owned(), Emphasis::None)];
        let further = format!("{indent}  ");
        let _ = write!(header, "\n{}", wrapped(&pieces, indent, &further, screen));
    };
    add(&format!("Started: {}", instant_in(trace.start.as_micros(), zone)), "");
    add(&format!("Duration: {}", duration(trace.duration_us)), "");
    let spans = match hops as u64 == trace.span_count {
        _ if trace.redacted > 0 => {
            format!("{}, and {} redacted", count(trace.span_count), count(trace.redacted))
        }
        true => count(trace.span_count),
        false => format!("{} ({})", count(trace.span_count), counted(hops as u64, "hop")),
    };
    add(&format!("Spans: {spans}"), "");
    add(&format!("Services: {}", services(trace)), "");
    instances(trace).iter().for_each(|instance| add(instance, "  "));
    header.push('\n');
    if trace.error_count > 0 {
        let errors = screen.error(&count(trace.error_count));
        let _ = writeln!(header, "Errors: {errors}");
    }
    header
}

/// One line for each place where services ran, if anything is known of it:
/// `payments: host pay-2, version 2.4.0, pod payments-7f9`.
fn instances(trace: &Trace) -> Vec<String> {
    let mut places: Vec<(String, Vec<String>)> = Vec::new();
    for one in &trace.instances {
        let named = [("host", &one.host), ("version", &one.version), ("pod", &one.pod)];
        let parts = named
            .into_iter()
            .filter_map(|(what, name)| name.as_ref().map(|name| format!("{what} {}", line(name))));
        let place = parts.collect::<Vec<_>>().join(", ");
        let service = line(&one.service);
        match places.iter_mut().find(|(known, _)| *known == place) {
            _ if place.is_empty() => {}
            Some((_, services)) => services.push(service),
            None => places.push((place, vec![service])),
        }
    }
    let rest = places.len().saturating_sub(MAX_SERVICES) as u64;
    let more = (rest > 0).then(|| format!("… {} more", count(rest)));
    let lines = places.into_iter().take(MAX_SERVICES);
    lines.map(|(place, services)| format!("{}: {place}", services.join(", "))).chain(more).collect()
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
struct Branches {
    /// For each depth, whether the hop that was printed last at that depth is the last child of its
    /// parent.
    ended: Vec<bool>,
    /// Largest depth that is shown by indentation.
    max_depth: usize,
}

impl Branches {
    /// Branches that take at most a third of the screen.
    fn of(screen: Screen) -> Self {
        let fitting = screen.width.map_or(MAX_DEPTH, |columns| columns / 3 / BRANCH.len());
        Self { ended: Vec::new(), max_depth: MAX_DEPTH.min(fitting) }
    }

    /// What stands before the first line of a hop, and before its further lines.
    fn branch(&mut self, depth: usize, is_last: bool, has_children: bool) -> [String; 2] {
        self.ended.truncate(depth);
        self.ended.push(is_last);
        let below = if has_children { "│  " } else { BRANCH };
        if depth == 0 {
            return [String::new(), below.to_owned()];
        }
        let above = &self.ended[1..depth.min(self.max_depth + 1)];
        let text: String = above.iter().map(|ended| if *ended { BRANCH } else { "│  " }).collect();
        if depth > self.max_depth {
            return [format!("{text}… (depth {depth}) "), format!("{text}  ")];
        }
        let (first, rest) = if is_last { ("└─ ", BRANCH) } else { ("├─ ", "│  ") };
        [format!("{text}{first}"), format!("{text}{rest}{below}")]
    }
}

/// What stands below a hop that has no further siblings.
const BRANCH: &str = "   ";
