//! The service map, from stored spans.

pub(crate) mod answer;
mod focus;
mod layout;
pub(crate) mod question;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use coral_trace::dependency::{Dependencies, Edge, Node, NodeKind, Topology};
use coral_trace::{Collector, TimeRange};

use coral_engine::Budget;

use crate::ask::{Ask, QueryError, Sources};
use crate::coverage::{Coverage, MissingNodes, TracesOf};
use crate::reader::Reader;
use crate::sampling::ServiceShares;
use crate::sampling::answer::Estimate;

pub use self::question::{LayoutDirection, TopologyQuestion};

/// How many calls away from the focus the nodes of a map are, unless the question says so.
const DEFAULT_DEPTH: u32 = 1;
/// The largest distance from the focus that can be asked for.
const MAX_DEPTH: u32 = 20;

impl Ask for TopologyQuestion {
    const PATH: &'static str = "/api/v1/topology";
    const NAME: &'static str = "topology";
    const SUMMARY: &'static str = "Which service calls which, and what changed.";
    const PERMISSION: &'static str = "topology.read";
    type Answer = answer::Topology;

    fn rows(answer: &Self::Answer) -> usize {
        answer.edges.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).topology(self)
    }
}

impl Reader<'_> {
    /// Answers `question`: the service map of the window, and what changed if `diff_us` is set.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; [`QueryError::Unavailable`].
    pub(crate) fn topology(
        &self,
        question: &TopologyQuestion,
    ) -> Result<answer::Topology, QueryError> {
        if question.until_unix_us <= question.since_unix_us {
            return Err(QueryError::invalid(
                "until",
                "the range is empty: its end is not after its start",
            ));
        }
        if question.diff_us.is_some_and(|length| length <= 0) {
            return Err(QueryError::invalid("diff", "must be greater than 0"));
        }
        if question.depth.is_some_and(|depth| depth > MAX_DEPTH) {
            return Err(QueryError::invalid("depth", "must be at most 20"));
        }
        if question.top.is_some_and(|top| !(1..=layout::MAX_TOP).contains(&top)) {
            return Err(QueryError::invalid("top", "must be from 1 to 300"));
        }
        let collector = question.source.collector();
        let (now, before) = self.maps(collector, question.window(), question.before())?;
        let coverage = match question.before() {
            Some(before) => self.gaps_of_maps(before, question.window())?,
            None => self.missing_in(TracesOf { range: question.window(), traces: &[] })?,
        };
        let shares = self.recorded_shares(question.whole())?;
        let in_window = shares.of_services(question.window(), collector);
        let of_before = question.before().map(|before| shares.of_services(before, collector));
        let named: BTreeSet<&str> = now.nodes.iter().map(|node| node.name.as_str()).collect();
        let mut answer = answer::Topology {
            sampled: in_window.sampled(|service| named.contains(service)),
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            diff: before.map(|before| answer::TopologyDiff {
                since_unix_us: question.since_unix_us.saturating_sub(question.diff_us.unwrap_or(0)),
                until_unix_us: question.since_unix_us,
                ..diff([&before, &now], [&of_before.unwrap_or_default(), &in_window], &coverage)
            }),
            coverage,
            ..topology(&now, &in_window)
        };
        if let Some(focus) = &question.focus {
            focus::reduce(&mut answer, focus, question.depth.unwrap_or(DEFAULT_DEPTH));
        }
        answer.layout = question.layout.map(|LayoutDirection::Lr| {
            layout::of(&answer, question.focus.as_deref(), question.top)
        });
        Ok(answer)
    }

    /// The service map of `window`, and that of `before`. A name that one of them has for an address
    /// is used in both.
    pub(crate) fn maps(
        &self,
        collector: Option<Collector>,
        window: TimeRange,
        before: Option<TimeRange>,
    ) -> Result<(Topology, Option<Topology>), QueryError> {
        let map = |range| self.from.traces.dependencies(range, collector, self.budget);
        let mut now = map(window)?;
        let mut before = before.map(map).transpose()?;
        if let Some(before) = &mut before {
            now.learn_addresses(before);
            before.learn_addresses(&now);
        }
        let maps = &mut [Some(&mut now), before.as_mut()].into_iter().flatten().collect::<Vec<_>>();
        self.name_loopback(maps, window)?;
        Ok((now.topology(), before.map(Dependencies::topology)))
    }
}

/// The nodes, edges and counts of `map`; `shares` of the spans of its services are recorded.
pub(crate) fn topology(map: &Topology, shares: &ServiceShares) -> answer::Topology {
    let name = |at: &usize| map.nodes[*at].name.clone();
    answer::Topology {
        nodes: map.nodes.iter().map(node).collect(),
        edges: map.edges.iter().map(|of| edge(map, of, shares)).collect(),
        cycles: map.cycles.iter().map(|cycle| cycle.iter().map(name).collect()).collect(),
        traces: map.counts.traces,
        spans: map.counts.spans,
        orphan_spans: map.counts.orphans,
        unnamed_calls: map.counts.unnamed,
        calls_left_out: map.counts.left_out,
        ..answer::Topology::default()
    }
}

/// What changed between two maps, except for edges that agents did not cover in both.
fn diff(
    [before, now]: [&Topology; 2],
    [of_before, of_now]: [&ServiceShares; 2],
    coverage: &[Coverage],
) -> answer::TopologyDiff {
    let mut changes = now.changes_since(before);
    let missing = MissingNodes::of(coverage, [now, before]);
    changes.added.retain(|at| missing.are_apart_from(&now.edges[*at], now));
    changes.removed.retain(|at| missing.are_apart_from(&before.edges[*at], before));
    changes.slower.retain(|(_, at)| missing.are_apart_from(&now.edges[*at], now));
    changes.failing.retain(|(_, at)| missing.are_apart_from(&now.edges[*at], now));
    let slower = changes.slower.iter().map(|(was, at)| {
        let was = edge(before, &before.edges[*was], of_before);
        answer::SlowerEdge {
            edge: edge(now, &now.edges[*at], of_now),
            p50_us_before: was.p50_us,
            p95_us_before: was.p95_us,
        }
    });
    let failing = changes.failing.iter().map(|(was, at)| answer::FailingEdge {
        edge: edge(now, &now.edges[*at], of_now),
        calls_before: before.edges[*was].calls,
        errors_before: before.edges[*was].errors,
    });
    let here: BTreeSet<&str> = now.nodes.iter().map(|node| node.name.as_str()).collect();
    let ends = changes.removed.iter().map(|at| &before.edges[*at]);
    let ends: BTreeSet<usize> = ends.flat_map(|edge| [edge.from, edge.to]).collect();
    let gone = ends.into_iter().map(|at| &before.nodes[at]);
    answer::TopologyDiff {
        removed_nodes: gone.filter(|node| !here.contains(node.name.as_str())).map(node).collect(),
        traces: before.counts.traces,
        added: changes.added.iter().map(|at| edge(now, &now.edges[*at], of_now)).collect(),
        removed: (changes.removed.iter())
            .map(|at| edge(before, &before.edges[*at], of_before))
            .collect(),
        slower: slower.collect(),
        failing: failing.collect(),
        ..answer::TopologyDiff::default()
    }
}

fn node(node: &Node) -> answer::TopologyNode {
    answer::TopologyNode { name: node.name.clone(), kind: node.kind }
}

fn edge(map: &Topology, edge: &Edge, shares: &ServiceShares) -> answer::TopologyEdge {
    let service = |at: usize| {
        let node = &map.nodes[at];
        (node.kind == NodeKind::Service).then_some(node.name.as_str())
    };
    let share = shares.of_calls(service(edge.from), service(edge.to));
    // An edge has at least one call, so it has percentiles.
    let percentile = |percent| edge.latencies.percentile(percent).unwrap_or(0);
    answer::TopologyEdge {
        from: map.nodes[edge.from].name.clone(),
        to: map.nodes[edge.to].name.clone(),
        protocol: edge.protocol.to_owned(),
        calls: edge.calls,
        errors: edge.errors,
        p50_us: percentile(50),
        p95_us: percentile(95),
        p99_us: percentile(99),
        exact: edge.latencies.is_exact(),
        estimate: Estimate::of(share, edge.calls, edge.errors),
    }
}
