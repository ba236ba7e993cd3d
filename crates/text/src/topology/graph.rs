//! A service map as a graph in the languages of Graphviz and Mermaid. Names are escaped for each
//! language, so that span data can only be a label.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{edge_percentile, line};
use crate::sampling;
use coral_query::answer::{NodeKind, Topology, TopologyEdge, TopologyNode};

/// The map in the language of Graphviz.
pub fn dot(map: &Topology) -> String {
    let graph = Graph::from_map(map);
    let mut text = "digraph topology {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let shape = match node.kind {
            NodeKind::Database => " shape=cylinder",
            NodeKind::Queue => " shape=cds",
            NodeKind::External => " style=dashed",
            NodeKind::Service => "",
        };
        let _ = writeln!(text, "  n{at} [label={}{shape}];", dot_quoted(&line(&node.name)));
    }
    for link in &graph.links {
        let style = match link.change {
            Some(Change::Added) => " penwidth=3",
            Some(Change::Removed) => " style=dashed",
            Some(Change::Failing) => " color=red",
            Some(Change::Slower) => " color=orange",
            None if link.edge.errors > 0 => " color=red",
            None => "",
        };
        let (from, to, label) = (link.from, link.to, dot_quoted(&link.label()));
        let _ = writeln!(text, "  n{from} -> n{to} [label={label}{style}];");
    }
    text + "}\n"
}

/// The map in the language of Mermaid.
pub fn mermaid(map: &Topology) -> String {
    let graph = Graph::from_map(map);
    let mut text = "flowchart LR\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::Database => ("[(", ")]"),
            NodeKind::Queue => ("[[", "]]"),
            NodeKind::External => ("([", "])"),
            NodeKind::Service => ("[", "]"),
        };
        let _ = writeln!(text, "  n{at}{open}{}{close}", mermaid_quoted(&line(&node.name)));
    }
    for link in &graph.links {
        let arrow = match link.change {
            Some(Change::Added) => "==>",
            Some(Change::Removed) => "-.->",
            _ => "-->",
        };
        let (from, to, label) = (link.from, link.to, mermaid_quoted(&link.label()));
        let _ = writeln!(text, "  n{from} {arrow}|{label}| n{to}");
    }
    text
}

/// The nodes and edges of a map, and those that were removed since the time before.
struct Graph<'a> {
    nodes: Vec<TopologyNode>,
    links: Vec<Link<'a>>,
}

struct Link<'a> {
    from: usize,
    to: usize,
    edge: &'a TopologyEdge,
    change: Option<Change>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Added,
    Removed,
    Slower,
    Failing,
}

impl<'a> Graph<'a> {
    fn from_map(map: &'a Topology) -> Self {
        let mut nodes = map.nodes.clone();
        let removed: &[TopologyEdge] = map.diff.as_ref().map_or(&[], |diff| &diff.removed);
        nodes.extend(map.diff.iter().flat_map(|diff| diff.removed_nodes.clone()));
        let places: BTreeMap<&str, usize> =
            nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        let link = |edge: &'a TopologyEdge, change| {
            let (from, to) = (places.get(edge.from.as_str())?, places.get(edge.to.as_str())?);
            Some(Link { from: *from, to: *to, edge, change })
        };
        let removed = removed.iter().filter_map(|edge| link(edge, Some(Change::Removed)));
        let present = map.edges.iter().filter_map(|edge| link(edge, change(map, edge)));
        let links = present.chain(removed).collect();
        Self { nodes, links }
    }
}

fn change(map: &Topology, edge: &TopologyEdge) -> Option<Change> {
    let diff = map.diff.as_ref()?;
    if diff.added.contains(edge) {
        return Some(Change::Added);
    }
    if diff.failing.iter().any(|failing| failing.edge == *edge) {
        return Some(Change::Failing);
    }
    diff.slower.iter().any(|slower| slower.edge == *edge).then_some(Change::Slower)
}

impl Link<'_> {
    /// The label of a link: `slower: http, 12 calls, 1 failed, P95 35ms`.
    fn label(&self) -> String {
        let change = match self.change {
            Some(Change::Added) => "added: ",
            Some(Change::Removed) => "removed: ",
            Some(Change::Slower) => "slower: ",
            Some(Change::Failing) => "failing: ",
            None => "",
        };
        let edge = self.edge;
        let failed = match edge.errors {
            0 => String::new(),
            errors => format!(", {} failed", sampling::errors(errors, edge.estimate)),
        };
        let calls = sampling::counted(edge.calls, edge.estimate, "call");
        format!(
            "{change}{}, {calls}{failed}, P95 {}",
            line(&edge.protocol),
            edge_percentile(edge, edge.p95_us)
        )
    }
}

fn dot_quoted(label: &str) -> String {
    format!("\"{}\"", label.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `label` in quotes for Mermaid. Characters that Mermaid, Markdown or HTML might interpret are
/// written as `#`, the code point in decimal, and `;`.
fn mermaid_quoted(label: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in label.chars() {
        if character.is_alphanumeric() || " -_.,:/()[]–…µ".contains(character) {
            quoted.push(character);
        } else {
            let _ = write!(quoted, "#{};", character as u32);
        }
    }
    quoted + "\""
}
