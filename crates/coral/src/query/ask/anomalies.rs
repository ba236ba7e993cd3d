//! What is otherwise than it was, from the colony's spans.

use coral_store::{StoreError, TraceQuery};
use coral_trace::TimeRange;
use coral_trace::dependency::{Edge, NodeKind, Topology};
use coral_trace::explain::{Anomaly, AnomalyKind, anomalies, weight};

use super::why::{invalid, range, side_by_side};
use super::{QueryError, Sources, answer};
use crate::query::question::AnomaliesFilter;

/// What is told; more are counted nowhere: the rest scores less.
const MOST: usize = 50;
/// An edge of fewer calls, before or now, is no news.
const FEWEST_CALLS: u64 = 10;
/// Traces that show an edge.
const MOST_TRACES: u32 = 3;

impl Sources {
    /// What is otherwise in the window of `filter` than in the time before.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that makes no sense; [`QueryError::Store`].
    pub fn anomalies(&self, filter: &AnomaliesFilter) -> Result<answer::Anomalies, QueryError> {
        let (since, until) = (filter.since_unix_us, filter.until_unix_us);
        if until <= since {
            return Err(invalid("until", "the range is empty: its end is not after its start"));
        }
        if filter.baseline_us <= 0 {
            return Err(invalid("baseline", "it is not longer than nothing"));
        }
        let (now, before) =
            (range(since, until), range(since.saturating_sub(filter.baseline_us), since));
        let (window, baseline) = self.cohorts(None, now, before)?;
        let found = anomalies(
            baseline.traces.iter().map(Vec::as_slice),
            window.traces.iter().map(Vec::as_slice),
        );
        let mut told: Vec<answer::Anomaly> = found.found.into_iter().map(of_spans).collect();
        if found.baseline_traces > 0 && found.traces > 0 {
            told.extend(self.edges(now, before)?);
        }
        told.sort_by(|one, other| other.score.total_cmp(&one.score));
        told.truncate(MOST);
        Ok(answer::Anomalies {
            anomalies: told,
            traces: found.traces as u64,
            baseline_traces: found.baseline_traces as u64,
            cut: window.cut || baseline.cut,
        })
    }

    /// Edges of the service map that are new, or not there any more.
    fn edges(&self, now: TimeRange, before: TimeRange) -> Result<Vec<answer::Anomaly>, StoreError> {
        let map = |range| Ok::<_, StoreError>(self.store.dependencies(range, None)?.topology());
        let (current, earlier) = side_by_side(|| map(now), || map(before));
        let (current, earlier) = (current?, earlier?);
        let changes = current.changes_since(&earlier);
        let mut found = Vec::new();
        let added = changes.added.iter().map(|at| (&current, *at, "new_edge", now));
        let removed = changes.removed.iter().map(|at| (&earlier, *at, "vanished_edge", before));
        for (map, at, kind, range) in added.chain(removed) {
            let edge = &map.edges[at];
            let there = edge.calls.min(map.counts.traces);
            let other = if kind == "new_edge" { &earlier } else { &current };
            let score = weight((0, other.counts.traces), (there, map.counts.traces));
            if edge.calls < FEWEST_CALLS || score <= 0.0 {
                continue;
            }
            let calls = edge.calls as f64;
            let (before, now) = if kind == "new_edge" { (0.0, calls) } else { (calls, 0.0) };
            found.push(answer::Anomaly {
                kind: kind.to_owned(),
                service: map.nodes[edge.from].name.clone(),
                component: format!(
                    "{} → {} over {}",
                    map.nodes[edge.from].name, map.nodes[edge.to].name, edge.protocol
                ),
                score,
                before,
                now,
                evidence: self.with_edge(map, edge, range)?,
            });
        }
        Ok(found)
    }

    /// Traces that have both ends of an edge, or the only one that has spans.
    fn with_edge(
        &self,
        map: &Topology,
        edge: &Edge,
        started: TimeRange,
    ) -> Result<Vec<answer::WhyEvidence>, StoreError> {
        let ends = [edge.from, edge.to].map(|at| &map.nodes[at]);
        let services = ends.iter().filter(|node| node.kind == NodeKind::Service);
        let found = self.store.search(&TraceQuery {
            started,
            services: services.map(|node| node.name.clone()).collect(),
            ..TraceQuery::newest(MOST_TRACES)
        })?;
        let evidence = found.into_iter().map(|summary| answer::WhyEvidence {
            trace_id: summary.trace_id.to_string(),
            span_id: String::new(),
        });
        Ok(evidence.collect())
    }
}

fn of_spans(found: Anomaly) -> answer::Anomaly {
    // Nanoseconds, or a part of the calls.
    let unit = if found.kind == AnomalyKind::Slower { 1e3 } else { 1.0 };
    answer::Anomaly {
        kind: found.kind.as_str().to_owned(),
        service: found.service,
        component: found.component,
        score: found.score,
        before: found.before / unit,
        now: found.now / unit,
        evidence: found.evidence.iter().map(super::why::evidence).collect(),
    }
}
