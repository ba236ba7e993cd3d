//! More about one service: operations, callers, callees, statements, hosts and versions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use coral_trace::TimeRange;

use super::answer::{ServiceCall, ServiceDetail, ServiceStatement};
use super::assess::Seen;
use crate::answer::{Groups, NodeKind, Topology, TopologyEdge};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::source::Source;
use crate::topology::topology;
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
        let (now, before) = self.maps(Source::All.collector(), window, Some(baseline))?;
        let shares = |range| seen.shares.of_services(range, None);
        let now = topology(&now, &shares(window));
        let before = before.map(|before| topology(&before, &shares(baseline)));
        let maps = [now, before.unwrap_or_default()];
        let maps = maps.each_ref();
        let [hosts, versions] =
            self.served_by(service, ["host.name", "service.version"], window)?;
        let (statements_source, statements) =
            self.statements(service, window, baseline, &seen.shares)?;
        let mut statements: Vec<ServiceStatement> = statements
            .into_iter()
            .map(|(row, total_us)| ServiceStatement { row, total_us })
            .collect();
        statements.sort_by_key(|of| Reverse((of.total_us, of.row.numbers.requests)));
        statements.truncate(MAX_ROWS);
        Ok(ServiceDetail {
            operations,
            operations_left_out,
            callers: calls(maps, |edge| edge.to == service, |edge| &edge.from),
            callees: calls(maps, |edge| edge.from == service, |edge| &edge.to),
            statements_source: (!statements.is_empty()).then_some(statements_source),
            statements,
            hosts: Some(hosts),
            versions: Some(versions),
        })
    }

    /// The server and consumer spans of `service` by each of the attributes `keys`.
    fn served_by<const N: usize>(
        &self,
        service: &str,
        keys: [&str; N],
        window: TimeRange,
    ) -> Result<[Groups; N], QueryError> {
        let question = TracesQuestion {
            q: SERVED.to_owned(),
            service: Some(service.to_owned()),
            since_unix_us: Some(window.start.as_micros()),
            until_unix_us: Some(window.end.as_micros()),
            ..TracesQuestion::default()
        };
        self.groups_by(&question, keys, MAX_ROWS as u32)
    }
}

/// The calls that are wanted, in the window and in the baseline; most calls first. `other` is the end
/// of an edge that is not the service.
fn calls(
    [now, before]: [&Topology; 2],
    is_wanted: impl Fn(&TopologyEdge) -> bool,
    other: impl Fn(&TopologyEdge) -> &String,
) -> Vec<ServiceCall> {
    let kind = |edge: &TopologyEdge| {
        let mut nodes = now.nodes.iter().chain(&before.nodes);
        let node = nodes.find(|node| node.name == *other(edge));
        node.map_or(NodeKind::Service, |node| node.kind)
    };
    let key = |edge: &TopologyEdge| [&edge.from, &edge.to, &edge.protocol].map(String::clone);
    let wanted = |map: &Topology| {
        let edges = map.edges.iter().filter(|edge| is_wanted(edge));
        edges.map(|edge| (key(edge), edge.clone())).collect::<BTreeMap<_, _>>()
    };
    let (now, mut earlier) = (wanted(now), wanted(before));
    let mut calls: Vec<ServiceCall> = now
        .into_iter()
        .map(|(key, edge)| ServiceCall { kind: kind(&edge), edge, before: earlier.remove(&key) })
        .collect();
    calls.extend(earlier.into_values().map(|before| ServiceCall {
        kind: kind(&before),
        edge: without_calls(&before),
        before: Some(before),
    }));
    calls.sort_by_key(|call| {
        Reverse((call.edge.calls, call.before.as_ref().map_or(0, |before| before.calls)))
    });
    calls
}

/// The edge `before` in a time range without calls.
fn without_calls(before: &TopologyEdge) -> TopologyEdge {
    TopologyEdge {
        calls: 0,
        errors: 0,
        p50_us: 0,
        p95_us: 0,
        p99_us: 0,
        exact: true,
        estimate: None,
        ..before.clone()
    }
}
