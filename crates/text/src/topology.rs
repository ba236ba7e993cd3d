//! A service map: as a table, for Graphviz, for Mermaid.

mod graph;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use self::graph::{dot, mermaid};
use crate::beginning::coverage_line;
use crate::duration::percentile;
use crate::percent::rate;
use crate::sampling;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name as name_column, whole};
use crate::wrap::folded;
use coral_query::answer::{NodeKind, Topology, TopologyDiff, TopologyEdge};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

/// The service map as text: edges, nodes without edges, call cycles and changes. `window` is the
/// window in words: `last 1 hour`. `before` is the length of the time before it that changes are
/// compared with: `1 hour`.
pub fn text(map: &Topology, window: &str, before: &str, screen: Screen) -> String {
    let nodes = counted(map.nodes.len() as u64, "node");
    let edges = counted(map.edges.len() as u64, "edge");
    let mut text = format!("Service Map ({window}): {nodes}, {edges}\n");
    if map.nodes.is_empty() && map.traces > 0 {
        text.push_str(
            "\nNo service, database, queue or external host has this name in this window.\n",
        );
        text.push_str("Hint: `coral query topology` without --focus lists the names.\n");
    } else if map.nodes.is_empty() {
        text.push_str("\nNo trace started in this window.\n");
        text.push_str(
            "Hint: `coral query beyla traces` lists stored traces; try a longer --since.\n",
        );
    } else {
        text.push_str(&edge_table(map, screen));
        text.push_str(&lonely(map));
        text.push_str(&cycles(map));
        let _ = writeln!(text, "\n{}", basis(map));
    }
    if let Some(diff) = &map.diff {
        let changes = changes(diff, screen);
        let _ = write!(text, "\nChanges since the {before} before:\n{changes}");
    }
    let until = UnixNanos::from_micros(map.until_unix_us);
    if let Some(missing) = coverage_line(&map.coverage, until) {
        let _ = writeln!(text, "\n{missing}");
    }
    for sentence in sampling::estimates(&map.sampled) {
        let _ = writeln!(text, "\n{sentence}");
    }
    folded(&text, screen)
}

fn edge_table(map: &Topology, screen: Screen) -> String {
    if map.edges.is_empty() {
        return String::new();
    }
    let kinds: BTreeMap<&str, NodeKind> =
        map.nodes.iter().map(|node| (node.name.as_str(), node.kind)).collect();
    let named = |node: &str| match kinds.get(node) {
        Some(kind) if *kind != NodeKind::Service => format!("{} [{}]", name(node), kind.as_str()),
        _ => name(node),
    };
    let row = |edge: &TopologyEdge| {
        let failed = if edge.errors > 0 { Emphasis::Error } else { Emphasis::None };
        vec![
            named(&edge.from).into(),
            named(&edge.to).into(),
            line(&edge.protocol).into(),
            sampling::calls(edge.calls, edge.estimate).into(),
            Cell::emphasised(sampling::errors(edge.errors, edge.estimate), failed),
            edge_percentile(edge, edge.p50_us).into(),
            edge_percentile(edge, edge.p95_us).into(),
            edge_percentile(edge, edge.p99_us).into(),
        ]
    };
    let rows: Vec<_> = map.edges.iter().map(row).collect();
    let counts = [
        whole("Protocol").optional(2),
        whole("Calls").optional(3),
        whole("Errors").optional(5),
        whole("P50").optional(1),
        whole("P95").optional(4),
        whole("P99").optional(0),
    ];
    let columns = [name_column("From"), name_column("To")].into_iter().chain(counts);
    format!("\n{}", Table::new(columns, rows).text(screen))
}

/// A percentile of `edge`, in microseconds, as text: `98ms`; `≈98ms` if it is not exact.
pub(crate) fn edge_percentile(edge: &TopologyEdge, micros: u64) -> String {
    percentile(Some(i64::try_from(micros).unwrap_or(i64::MAX)), edge.exact, None, "")
}

/// Nodes that neither call nor are called.
fn lonely(map: &Topology) -> String {
    let calls = |name: &str| map.edges.iter().any(|edge| edge.from == name || edge.to == name);
    let alone = map.nodes.iter().filter(|node| !calls(&node.name));
    let names: Vec<String> = alone.map(|node| name(&node.name)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("\nServices with spans, but without known callers or calls: {}\n", names.join(", "))
}

fn cycles(map: &Topology) -> String {
    if map.cycles.is_empty() {
        return String::new();
    }
    let mut text = "\nCall cycles:\n".to_owned();
    for cycle in &map.cycles {
        let names: Vec<String> = cycle.iter().map(|node| name(node)).collect();
        let _ = match names.as_slice() {
            [one] => writeln!(text, "  {one} calls itself"),
            _ => writeln!(text, "  {} call each other", names.join(", ")),
        };
    }
    text
}

/// How many traces and spans the map was computed from, and what the map lacks.
fn basis(map: &Topology) -> String {
    let (traces, spans) = (counted(map.traces, "trace"), counted(map.spans, "span"));
    let mut text = format!("{traces}, {spans}.");
    if map.orphan_spans > 0 {
        let orphans = counted(map.orphan_spans, "span");
        let _ = write!(
            text,
            " {orphans} without a stored parent: the calls that led there are unknown, or are listed under an address."
        );
    }
    if map.unnamed_calls > 0 {
        let _ = write!(text, " {} without a known callee.", counted(map.unnamed_calls, "call"));
    }
    if map.calls_left_out > 0 {
        let calls = counted(map.calls_left_out, "call");
        let _ = write!(text, " {calls} left out, because the map has too many edges.");
    }
    text
}

fn changes(diff: &TopologyDiff, screen: Screen) -> String {
    if diff.traces == 0 {
        return "There is nothing to compare with: no trace started in that time.\n\
                Hint: try a shorter --since, or a longer --diff.\n"
            .to_owned();
    }
    let both = |edge: &TopologyEdge| {
        let [p50, p95] = [edge.p50_us, edge.p95_us].map(|micros| edge_percentile(edge, micros));
        format!("P50 {p50}, P95 {p95}")
    };
    let row = |what: &str, edge: &TopologyEdge, was: String, is: String| {
        let words = [what.to_owned(), name(&edge.from), name(&edge.to), line(&edge.protocol)];
        words.into_iter().chain([was, is]).map(Cell::from).collect()
    };
    let calls = |edge: &TopologyEdge| sampling::counted(edge.calls, edge.estimate, "call");
    let added = diff.added.iter().map(|edge| row("added", edge, "–".to_owned(), calls(edge)));
    let removed = diff.removed.iter().map(|edge| row("removed", edge, calls(edge), "–".to_owned()));
    let slower = diff.slower.iter().map(|slower| {
        let (p50_us, p95_us) = (slower.p50_us_before, slower.p95_us_before);
        let was = TopologyEdge { p50_us, p95_us, ..slower.edge.clone() };
        row("slower", &slower.edge, both(&was), both(&slower.edge))
    });
    let failing = diff.failing.iter().map(|failing| {
        let (calls, errors) = (failing.calls_before, failing.errors_before);
        let was = TopologyEdge { calls, errors, ..TopologyEdge::default() };
        row("failing", &failing.edge, failed(&was), failed(&failing.edge))
    });
    let rows: Vec<_> = added.chain(removed).chain(failing).chain(slower).collect();
    let of = counted(diff.traces, "trace");
    if rows.is_empty() {
        return format!("None (no edge is new, gone, failing or slower), compared with {of}.\n");
    }
    let columns = [
        whole("Change"),
        name_column("From"),
        name_column("To"),
        whole("Protocol").optional(0),
        name_column("Before").optional(1),
        name_column("Now"),
    ];
    format!("\n{}\nCompared with {of}.\n", Table::new(columns, rows).text(screen))
}

/// How many of the calls failed: `6.5% of 240 calls failed`.
fn failed(edge: &TopologyEdge) -> String {
    let part = if edge.calls == 0 { 0.0 } else { edge.errors as f64 / edge.calls as f64 };
    let noun = if edge.estimate.is_some() { "recorded call" } else { "call" };
    format!("{} of {} failed", rate(part), counted(edge.calls, noun))
}

fn name(text: &str) -> String {
    line(text)
}
