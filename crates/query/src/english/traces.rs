//! Lists of traces, in answer to a question in plain English.

use super::MAX_FINDINGS;
use super::answer::TraceFindings;
use super::understanding::Understanding;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::traces::{Sort, SpanStatus, TracesQuestion};

impl Reader<'_> {
    /// The traces of the service and the route that the question names: the slowest ones if `slow`
    /// is set, otherwise the newest; only failed ones if `failed` is set.
    pub(super) fn trace_findings(
        &self,
        understanding: &Understanding,
        slow: bool,
        failed: bool,
    ) -> Result<TraceFindings, QueryError> {
        let window = &understanding.window;
        let query = TracesQuestion {
            q: understanding.search(""),
            service: understanding.service.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            // As in `coral query beyla traces`, a list of slow traces has a minimum duration and
            // root causes.
            min_duration_us: understanding.min_duration_us.or(slow.then_some(0)),
            status: failed.then_some(SpanStatus::Error),
            sort: if slow { Sort::Slowest } else { Sort::Newest },
            limit: MAX_FINDINGS as u32,
            causes: slow,
            ..TracesQuestion::default()
        };
        match understanding.route.as_deref() {
            Some(route) => self.traces_of_route(understanding.method.as_deref(), route, &query),
            None => Ok(TraceFindings { list: self.list(&query)?, query }),
        }
    }

    /// The traces of `query` that have a span of `route`. The route is searched for as
    /// `http.route`, then as `url.path`, then as the name of a span; the first search that finds
    /// traces counts.
    fn traces_of_route(
        &self,
        method: Option<&str>,
        route: &str,
        query: &TracesQuestion,
    ) -> Result<TraceFindings, QueryError> {
        let of_method = method.map(|method| format!("\nhttp.request.method={method}"));
        let of_method = of_method.unwrap_or_default();
        let by_attribute = |key: &str| {
            let attributes = format!("{key}={route}{of_method}");
            let query = TracesQuestion { attributes, ..query.clone() };
            Ok::<_, QueryError>(TraceFindings { list: self.list(&query)?, query })
        };
        let by_route = by_attribute("http.route")?;
        if !by_route.list.traces.is_empty() {
            return Ok(by_route);
        }
        let by_path = by_attribute("url.path")?;
        if !by_path.list.traces.is_empty() {
            return Ok(by_path);
        }
        let name = method.map_or(route.to_owned(), |method| format!("{method} {route}"));
        let query = TracesQuestion { name: Some(name), ..query.clone() };
        let list = self.list(&query)?;
        Ok(if list.traces.is_empty() { by_route } else { TraceFindings { query, list } })
    }
}
