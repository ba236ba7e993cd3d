//! New and vanished edges of the service map, with calls as evidence.

use std::collections::BTreeMap;

use coral_engine::{Columns, EngineError, TraceQuery};
use coral_trace::dependency::{CallSpan, Dependencies, Edge, NodeId, NodeKind, Topology};
use coral_trace::explain::change_weight;
use coral_trace::{Span, TimeRange, TraceId, side_by_side};

use crate::answer::{self, AnomalyKind};
use crate::cohort::Cohort;
use crate::coverage::{Coverage, MissingNodes};
use crate::reader::Reader;
use crate::sample::{OVERSIZED_IN_COHORT, fitting};

/// An edge with fewer calls than this is no anomaly.
const MIN_CALLS: u64 = 10;
/// An edge with a lower score than this is no anomaly. Changes within traces have the same limit.
const MIN_SCORE: f64 = 0.25;
/// The largest number of calls that are cited as evidence for one edge.
const MAX_EVIDENCE: usize = 3;
/// The largest number of edges for which evidence is searched beyond the traces of the cohort; and
/// the largest number of traces and spans read for one such edge.
const MAX_SEARCHED: usize = 10;
const MAX_CANDIDATES: u32 = 200;
const MAX_SPANS: u64 = 20_000;

/// A window or a baseline, with the traces that were read of it.
pub(super) struct ComparedWindow<'a> {
    pub range: TimeRange,
    /// The traces of the window that were read.
    pub cohort: &'a Cohort,
}

/// The calls in some traces, with examples of each edge.
struct Calls {
    map: Dependencies,
    examples: BTreeMap<(NodeId, NodeId, &'static str), Vec<answer::WhyEvidence>>,
}

impl Reader<'_> {
    /// The edges that are in only one of two service maps: the map of all traces of the window, and
    /// the map of all traces of the baseline. Edges of services that agents did not cover are left
    /// out.
    pub(super) fn edges(
        &self,
        now: &ComparedWindow<'_>,
        before: &ComparedWindow<'_>,
        coverage: &[Coverage],
    ) -> Result<Vec<answer::Anomaly>, EngineError> {
        let map = |side: &ComparedWindow<'_>| {
            self.from.traces.dependencies(side.range, None, self.budget)
        };
        let (current, earlier) = side_by_side(|| map(now), || map(before));
        let (mut current, mut earlier) = (current?, earlier?);
        current.learn_addresses(&earlier);
        earlier.learn_addresses(&current);
        self.name_loopback(&mut [&mut current, &mut earlier], now.range)?;
        let (current, earlier) = (current.topology(), earlier.topology());
        let mut changes = current.changes_since(&earlier);
        let missing = MissingNodes::of(coverage, [&current, &earlier]);
        changes.added.retain(|at| missing.are_apart_from(&current.edges[*at], &current));
        changes.removed.retain(|at| missing.are_apart_from(&earlier.edges[*at], &earlier));
        let mut found =
            self.edge_anomalies(AnomalyKind::NewEdge, &changes.added, &current, &earlier, now)?;
        found.extend(self.edge_anomalies(
            AnomalyKind::VanishedEdge,
            &changes.removed,
            &earlier,
            &current,
            before,
        )?);
        Ok(found)
    }

    /// Anomalies for the edges of `map` at the indices `at`. `map` is the service map of `side`;
    /// the `other` map does not have these edges.
    fn edge_anomalies(
        &self,
        kind: AnomalyKind,
        at: &[usize],
        map: &Topology,
        other: &Topology,
        side: &ComparedWindow<'_>,
    ) -> Result<Vec<answer::Anomaly>, EngineError> {
        let score = |edge: &Edge| {
            let there = edge.calls.min(map.counts.traces);
            change_weight((0, other.counts.traces), (there, map.counts.traces))
        };
        let edges = at.iter().map(|at| &map.edges[*at]);
        let mut edges: Vec<(f64, &Edge)> = edges
            .map(|edge| (score(edge), edge))
            .filter(|(score, edge)| *score >= MIN_SCORE && edge.calls >= MIN_CALLS)
            .collect();
        if edges.is_empty() {
            return Ok(Vec::new());
        }
        edges.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let read = Calls::from_traces(side.cohort.traces.iter().map(Vec::as_slice));
        let (mut found, mut searched) = (Vec::with_capacity(edges.len()), 0);
        for (score, edge) in edges {
            let mut evidence = read.examples(map, edge);
            if evidence.is_empty() && side.cohort.cut && searched < MAX_SEARCHED {
                searched += 1;
                evidence = self.searched(map, edge, side.range)?.examples(map, edge);
            }
            found.push(anomaly(kind, map, edge, score, evidence));
        }
        Ok(found)
    }

    /// The calls of traces that are likely to contain `edge`: the newest traces with a span of the
    /// called service. When the callee has no spans, the newest with a span of the caller, and of
    /// an external host only those that name the host.
    fn searched(
        &self,
        map: &Topology,
        edge: &Edge,
        started: TimeRange,
    ) -> Result<Calls, EngineError> {
        let ends = [edge.to, edge.from].map(|at| &map.nodes[at]);
        let service = ends.iter().find(|node| node.kind == NodeKind::Service);
        let host = ends[0].name.split(':').next().unwrap_or_default().to_owned();
        let is_host = ends[0].kind == NodeKind::External;
        let found = self.search(&TraceQuery {
            started,
            services: service.map(|node| node.name.clone()).into_iter().collect(),
            attributes: is_host.then(|| ("server.address".to_owned(), host)).into_iter().collect(),
            ..TraceQuery::newest(MAX_CANDIDATES)
        })?;
        let few = fitting(found, MAX_SPANS, OVERSIZED_IN_COHORT).traces;
        let ids: Vec<TraceId> = few.iter().map(|summary| summary.trace_id).collect();
        let spans = self.spans(&ids, None, Columns::ATTRIBUTES, MAX_SPANS as u32)?;
        Ok(Calls::from_traces(spans.chunk_by(|one, next| one.trace_id == next.trace_id)))
    }
}

impl Calls {
    /// Collects the calls of whole traces.
    fn from_traces<'a>(traces: impl Iterator<Item = &'a [Span]>) -> Self {
        let mut calls = Self { map: Dependencies::default(), examples: BTreeMap::new() };
        for trace in traces.filter(|trace| !trace.is_empty()) {
            let spans: Vec<CallSpan> = trace.iter().map(|span| calls.map.span(span)).collect();
            let trace_id = trace[0].trace_id;
            for call in calls.map.calls(&spans) {
                let seen = calls.examples.entry((call.from, call.to, call.protocol)).or_default();
                let is_known = seen.last().is_some_and(|last| last.trace_id == trace_id);
                if seen.len() < MAX_EVIDENCE && !is_known {
                    seen.push(answer::WhyEvidence { trace_id, span_id: call.span });
                }
            }
        }
        calls
    }

    /// Example calls over `edge` of `map`.
    fn examples(&self, map: &Topology, edge: &Edge) -> Vec<answer::WhyEvidence> {
        let [from, to] = [edge.from, edge.to].map(|at| map.nodes[at].name.as_str());
        let is_it = |(one, other, protocol): &(NodeId, NodeId, &str)| {
            *protocol == edge.protocol
                && self.map.is_called(*one, from)
                && self.map.is_called(*other, to)
        };
        let seen = self.examples.iter().filter(|(key, _)| is_it(key));
        seen.flat_map(|(_, seen)| seen).take(MAX_EVIDENCE).copied().collect()
    }
}

fn anomaly(
    kind: AnomalyKind,
    map: &Topology,
    edge: &Edge,
    score: f64,
    evidence: Vec<answer::WhyEvidence>,
) -> answer::Anomaly {
    let [from, to] = [edge.from, edge.to].map(|at| map.nodes[at].name.as_str());
    let calls = edge.calls as f64;
    let (before, now) = if kind == AnomalyKind::NewEdge { (0.0, calls) } else { (calls, 0.0) };
    answer::Anomaly {
        kind,
        service: from.to_owned(),
        component: format!("{from} → {to} over {}", edge.protocol),
        score,
        before,
        now,
        evidence,
    }
}
