//! The slowest routes or those with the most errors, in answer to a question in plain English.

use std::cmp::Reverse;

use super::MAX_FINDINGS;
use super::answer::{CallFindings, Findings, RequestFindings};
use super::understanding::{By, Understanding, Window};
use crate::answer::{RedNumbers, RedRow, RedTable};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::red::{RedProtocol, RedQuestion, RedSide, RedSource};

impl Reader<'_> {
    /// The slowest routes of the service that the question names, or those with the most errors if
    /// `failed` is set. Calls between services if the question names no service, or if no requests
    /// of the service were counted.
    pub(super) fn request_findings(
        &self,
        understanding: &Understanding,
        failed: bool,
    ) -> Result<Findings, QueryError> {
        if understanding.is_of_groups() {
            return Ok(Findings::Groups(self.group_findings(understanding, failed)?));
        }
        let found = match &understanding.service {
            Some(service) if understanding.by != Some(By::Call) => {
                self.requests(service, understanding.route.as_deref(), &understanding.window)?
            }
            _ => None,
        };
        let Some((query, table)) = found else {
            return Ok(Findings::Calls(self.slow_or_failing_edges(understanding, failed)?));
        };
        let method = understanding.method.as_deref();
        let mut rows = rows_of_route(&table, method, understanding.route.as_deref());
        rows.retain(|row| !failed || row.numbers.errors > 0);
        rows.sort_by_key(|row| {
            let slowest = percentile(&row.numbers, understanding.quantile).unwrap_or(i64::MAX);
            Reverse(if failed { row.numbers.errors as i64 } else { slowest })
        });
        rows.truncate(MAX_FINDINGS);
        Ok(Findings::Requests(RequestFindings::new(query, table, rows)))
    }

    /// The requests that `service` served over HTTP or gRPC, counted from metrics, or from stored
    /// spans if metrics have none: of the protocol with rows of `route`; if both or
    /// neither have such rows, of the protocol with more requests. `None` when there are no
    /// requests.
    pub(super) fn requests(
        &self,
        service: &str,
        route: Option<&str>,
        window: &Window,
    ) -> Result<Option<(RedQuestion, RedTable)>, QueryError> {
        Ok(match self.requests_of(RedSource::Metrics, (service, route), window)? {
            None => self.requests_of(RedSource::Spans, (service, route), window)?,
            found => found,
        })
    }

    fn requests_of(
        &self,
        source: RedSource,
        (service, route): (&str, Option<&str>),
        window: &Window,
    ) -> Result<Option<(RedQuestion, RedTable)>, QueryError> {
        let answered = |protocol| {
            let question = RedQuestion {
                protocol,
                service: service.to_owned(),
                side: RedSide::Server,
                source: Some(source),
                since_unix_us: window.since_unix_us,
                until_unix_us: window.until_unix_us,
                // Spans are not compared with a baseline, because every span of the baseline would
                // have to be read.
                compare_us: (source == RedSource::Metrics).then(|| window.baseline_us()),
                slow: false,
                over_us: None,
            };
            let table = self.red(&question)?;
            Ok::<_, QueryError>((question, table))
        };
        let tables = [answered(RedProtocol::Http)?, answered(RedProtocol::Grpc)?];
        let most = tables.into_iter().max_by_key(|(_, table)| {
            let rows = rows_of_route(table, None, route);
            (!rows.is_empty(), table.overall.requests)
        });
        Ok(most.filter(|(_, table)| table.overall.requests > 0))
    }

    fn slow_or_failing_edges(
        &self,
        understanding: &Understanding,
        failed: bool,
    ) -> Result<CallFindings, QueryError> {
        let (query, map) = self.map_of_window(&understanding.window)?;
        let (mut edges, coverage) = (map.edges, map.coverage);
        edges.retain(|edge| {
            understanding.service.as_ref().is_none_or(|service| {
                edge.to == *service || edge.from == *service && understanding.by == Some(By::Call)
            }) && (understanding.peers.is_empty() || understanding.peers.contains(&edge.to))
                && (!failed || edge.errors > 0)
        });
        edges.sort_by_key(|edge| {
            let slowest = match understanding.quantile {
                Some(50) => edge.p50_us,
                Some(99) => edge.p99_us,
                _ => edge.p95_us,
            };
            Reverse(if failed { edge.errors } else { slowest })
        });
        edges.truncate(MAX_FINDINGS);
        Ok(CallFindings { query, edges, coverage })
    }
}

/// The percentile that the question asks for, or P95.
fn percentile(numbers: &RedNumbers, quantile: Option<u8>) -> Option<i64> {
    match quantile {
        Some(50) => numbers.p50_us,
        Some(99) => numbers.p99_us,
        _ => numbers.p95_us,
    }
}

impl RequestFindings {
    /// `rows` of `table`, which answers `query`.
    pub(super) fn new(query: RedQuestion, table: RedTable, rows: Vec<RedRow>) -> Self {
        let RedTable { covered_since_unix_us, overall, overall_before, .. } = table;
        Self { query, covered_since_unix_us, rows, overall, overall_before }
    }
}

/// The rows of `method` and `route`, which may be a gRPC method; all rows when both are `None`.
pub(super) fn rows_of_route(
    table: &RedTable,
    method: Option<&str>,
    route: Option<&str>,
) -> Vec<RedRow> {
    let is_of_route = |row: &&RedRow| {
        let names = [&row.route, &row.method];
        let is_of_method = method.is_none_or(|method| row.method.as_deref() == Some(method));
        let is_named = |route| names.into_iter().flatten().any(|name| name == route);
        is_of_method && route.is_none_or(is_named)
    };
    table.rows.iter().filter(is_of_route).cloned().collect()
}
