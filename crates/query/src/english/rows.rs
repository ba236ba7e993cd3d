//! The slowest of something, or what fails most, in words.

use super::MAX;
use super::calls::NO_ROUTES;
use super::page::{Page, baseline, micros, p95, percent, red_query, short};
use super::understand::Asked;
use crate::answer::{RedRow, RedTable};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::{RedProtocol, RedQuestion, RedSide, RedSource};
use coral_trace::units::{count, counted};

impl Reader<'_> {
    /// The slowest routes of a service, or those that fail most; without one, calls between services.
    pub(super) fn tell_rows(
        &self,
        asked: &Asked,
        failed: bool,
        page: &mut Page,
    ) -> Result<(), QueryError> {
        let title =
            if failed { "What fails, most often first" } else { "The slowest first, by P95" };
        let table = self.counted_requests(asked)?;
        let query = match &table {
            Some(table) => {
                let query = page.query(red_query(table, &asked.window));
                page.section(title);
                tell_requests(asked, failed, table, query, page);
                query
            }
            None => self.tell_edges(asked, failed, title, page)?,
        };
        page.or_nothing(query, "nothing in this window");
        Ok(())
    }

    /// What the service that was asked about served: by metrics, or else by the spans that are stored.
    fn counted_requests(&self, asked: &Asked) -> Result<Option<RedTable>, QueryError> {
        let Some(service) = &asked.service else { return Ok(None) };
        Ok(match self.requests(service, asked, RedSource::Metrics)? {
            None => self.requests(service, asked, RedSource::Spans)?,
            found => found,
        })
    }

    /// What `service` served over HTTP, or over gRPC if that is more; `None` when nothing is known.
    pub(super) fn requests(
        &self,
        service: &str,
        asked: &Asked,
        source: RedSource,
    ) -> Result<Option<RedTable>, QueryError> {
        let window = &asked.window;
        let question = |protocol| RedQuestion {
            protocol,
            service: service.to_owned(),
            side: RedSide::Server,
            source,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            // Every span is read for it, and rows are told without what was before.
            compare_us: (source == RedSource::Metrics).then(|| baseline(window)),
            slow: false,
            over_us: None,
        };
        let tables =
            [self.red(&question(RedProtocol::Http))?, self.red(&question(RedProtocol::Grpc))?];
        let most = tables.into_iter().max_by_key(|table| {
            (rows_of(table, asked.route.as_deref()).count() > 0, table.overall.requests)
        });
        Ok(most.filter(|table| table.overall.requests > 0))
    }

    fn tell_edges(
        &self,
        asked: &Asked,
        failed: bool,
        title: &str,
        page: &mut Page,
    ) -> Result<usize, QueryError> {
        let (map, query) = self.map(asked, page)?;
        page.section(title);
        page.not_narrowed(asked, NO_ROUTES);
        let mut edges = map.edges;
        edges.retain(|edge| {
            asked.service.as_ref().is_none_or(|service| edge.to == *service)
                && (!failed || edge.errors > 0)
        });
        edges.sort_by_key(|edge| std::cmp::Reverse(if failed { edge.errors } else { edge.p95_us }));
        for edge in edges.iter().take(MAX) {
            let (from, to) = (short(&edge.from), short(&edge.to));
            let (p95, calls) = (micros(edge.p95_us), counted(edge.calls, "call"));
            let errors = count(edge.errors);
            page.line(query, format!("{from} → {to}: P95 {p95}, {calls}, {errors} failed"));
        }
        Ok(query)
    }
}

fn tell_requests(asked: &Asked, failed: bool, table: &RedTable, query: usize, page: &mut Page) {
    let mut rows: Vec<&RedRow> = rows_of(table, asked.route.as_deref()).collect();
    rows.retain(|row| !failed || row.numbers.errors > 0);
    rows.sort_by_key(|row| {
        let slowest = row.numbers.p95_us.unwrap_or(i64::MAX);
        std::cmp::Reverse(if failed { row.numbers.errors as i64 } else { slowest })
    });
    for row in rows.into_iter().take(MAX) {
        let numbers = &row.numbers;
        let (requests, rate) = (counted(numbers.requests, "request"), percent(numbers.error_rate));
        let (name, p95) = (short(&row_name(row)), p95(numbers));
        page.line(query, format!("{name}: P95 {p95}, {requests}, {rate} failed"));
    }
}

/// The rows of `route`, which may be a method of gRPC; all without one.
pub(super) fn rows_of<'a>(
    table: &'a RedTable,
    route: Option<&'a str>,
) -> impl Iterator<Item = &'a RedRow> {
    table.rows.iter().filter(move |row| {
        let names = [&row.route, &row.method];
        route.is_none_or(|route| names.into_iter().flatten().any(|name| name == route))
    })
}

/// `POST /validate`
pub(super) fn row_name(row: &RedRow) -> String {
    let name = [&row.method, &row.route].into_iter().flatten().cloned();
    name.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
