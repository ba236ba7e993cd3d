//! Which service calls which, in answer to a question in plain English.

use std::cmp::Reverse;

use super::MAX_FINDINGS;
use super::answer::{CallFindings, Findings, ServiceCallFindings};
use super::understanding::{Understanding, Window};
use crate::answer::{Topology, TopologyEdge};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::source::Source;
use crate::topology::TopologyQuestion;

/// The largest number of edges in one list of an answer.
const MAX_EDGES: usize = 2 * MAX_FINDINGS;

impl Reader<'_> {
    /// The calls to and by the service, or the databases, queues and external hosts, that the
    /// question names; without a name, the edges with the most calls.
    pub(super) fn call_findings(
        &self,
        understanding: &Understanding,
    ) -> Result<Findings, QueryError> {
        let (query, map) = self.map_of_window(&understanding.window)?;
        let (mut edges, orphan_spans, coverage) = (map.edges, map.orphan_spans, map.coverage);
        edges.sort_by_key(|edge| Reverse(edge.calls));
        if understanding.service.is_none() && understanding.peers.is_empty() {
            edges.truncate(MAX_EDGES);
            return Ok(Findings::Calls(CallFindings { query, edges, coverage }));
        }
        let is_about = |name: &String| {
            understanding.service.as_ref() == Some(name) || understanding.peers.contains(name)
        };
        let edges_where = |is_of: &dyn Fn(&&TopologyEdge) -> bool| {
            edges.iter().filter(is_of).take(MAX_EDGES).cloned().collect()
        };
        Ok(Findings::ServiceCalls(ServiceCallFindings {
            query,
            callers: edges_where(&|edge| is_about(&edge.to)),
            callees: edges_where(&|edge| is_about(&edge.from)),
            orphan_spans,
            coverage,
        }))
    }

    /// The service map of the window, and the question that returned it.
    pub(super) fn map_of_window(
        &self,
        window: &Window,
    ) -> Result<(TopologyQuestion, Topology), QueryError> {
        let query = TopologyQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            source: Source::All,
            ..TopologyQuestion::default()
        };
        let map = self.topology(&query)?;
        Ok((query, map))
    }
}
