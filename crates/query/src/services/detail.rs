//! More about one service: operations, callers, callees, statements, hosts and versions.

use std::cmp::Reverse;

use coral_trace::TimeRange;

use super::answer::{ServiceCall, ServiceDetail, ServiceStatement};
use super::assess::Seen;
use crate::answer::{Groups, NodeKind, Topology, TopologyEdge};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::source::Source;
use crate::topology::TopologyQuestion;
use crate::traces::TracesQuestion;

/// The largest number of operations and of statements in an answer.
const MAX_ROWS: usize = 100;
/// The spans that serve requests, in the search language.
const SERVED: &str = "(kind:server OR kind:consumer)";

impl Reader<'_> {
    pub(super) fn service_detail(
        &self,
        service: &str,
        seen: &Seen,
        window: TimeRange,
        baseline: TimeRange,
    ) -> Result<ServiceDetail, QueryError> {
        let mut operations = seen.operations(service);
        let operations_left_out = operations.len().saturating_sub(MAX_ROWS) as u64;
        operations.truncate(MAX_ROWS);
        let [now, before] = [self.map(window)?, self.map(baseline)?];
        let (statements_source, statements) = self.statements(service, window, baseline)?;
        let mut statements: Vec<ServiceStatement> = statements
            .into_iter()
            .map(|(row, total_us)| ServiceStatement { row, total_us })
            .collect();
        statements.sort_by_key(|of| Reverse((of.total_us, of.row.numbers.requests)));
        statements.truncate(MAX_ROWS);
        Ok(ServiceDetail {
            operations,
            operations_left_out,
            callers: calls(&now, &before, |edge| edge.to == service, |edge| &edge.from),
            callees: calls(&now, &before, |edge| edge.from == service, |edge| &edge.to),
            statements_source: (!statements.is_empty()).then_some(statements_source),
            statements,
            hosts: self.served_by(service, "host.name", window)?,
            versions: self.served_by(service, "service.version", window)?,
        })
    }

    fn map(&self, range: TimeRange) -> Result<Topology, QueryError> {
        self.topology(&TopologyQuestion {
            since_unix_us: range.start.as_micros(),
            until_unix_us: range.end.as_micros(),
            source: Source::All,
            diff_us: None,
        })
    }

    /// The server and consumer spans of `service` by the attribute `key`.
    fn served_by(
        &self,
        service: &str,
        key: &str,
        window: TimeRange,
    ) -> Result<Option<Groups>, QueryError> {
        let question = TracesQuestion {
            q: SERVED.to_owned(),
            by: key.to_owned(),
            service: Some(service.to_owned()),
            since_unix_us: Some(window.start.as_micros()),
            until_unix_us: Some(window.end.as_micros()),
            limit: 1,
            ..TracesQuestion::default()
        };
        Ok(self.list_with_groups(&question, MAX_ROWS as u32)?.groups)
    }
}

/// The edges of `now` that are wanted, with the same edges of `before`; most calls first. `other`
/// is the end of an edge that is not the service.
fn calls(
    now: &Topology,
    before: &Topology,
    is_wanted: impl Fn(&TopologyEdge) -> bool,
    other: impl Fn(&TopologyEdge) -> &String,
) -> Vec<ServiceCall> {
    let kind = |edge: &TopologyEdge| {
        let node = now.nodes.iter().find(|node| node.name == *other(edge));
        node.map_or(NodeKind::Service, |node| node.kind)
    };
    let is_same = |one: &TopologyEdge, edge: &TopologyEdge| {
        (&one.from, &one.to, &one.protocol) == (&edge.from, &edge.to, &edge.protocol)
    };
    let edges = now.edges.iter().filter(|edge| is_wanted(edge));
    let mut calls: Vec<ServiceCall> = edges
        .map(|edge| ServiceCall {
            edge: edge.clone(),
            kind: kind(edge),
            before: before.edges.iter().find(|one| is_same(one, edge)).cloned(),
        })
        .collect();
    calls.sort_by_key(|call| Reverse(call.edge.calls));
    calls
}
