//! A list of traces, in words.

use super::MAX;
use super::page::{Page, quoted, short};
use super::understand::Asked;
use crate::answer::TraceList;
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::{Sort, SpanStatus, TracesQuestion};
use coral_trace::units::{counted, duration};

impl Reader<'_> {
    pub(super) fn tell_traces(
        &self,
        asked: &Asked,
        slow: bool,
        failed: bool,
        page: &mut Page,
    ) -> Result<(), QueryError> {
        let window = &asked.window;
        let filter = TracesQuestion {
            service: asked.service.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            // As the command has it: a list of those of some duration says why they took it.
            min_duration_us: slow.then_some(0),
            status: failed.then_some(SpanStatus::Error),
            sort: if slow { Sort::Slowest } else { Sort::Newest },
            limit: MAX as u32,
            causes: slow,
            ..TracesQuestion::default()
        };
        let (list, route) = self.traces_of_route(asked.route.as_deref(), filter)?;
        let service = asked.service.iter().map(|service| format!(" --service {}", quoted(service)));
        let status = failed.then(|| " --status error".to_owned());
        let sort = slow.then(|| " --sort slowest --min-duration 0s".to_owned());
        let words: String = service.chain(route).chain(status).chain(sort).collect();
        let query =
            page.query(format!("coral query beyla traces{words} {} --limit {MAX}", window.flags));
        page.section(if slow { "Traces, the slowest first" } else { "Traces, the newest first" });
        for trace in &list.traces {
            let cause = trace.root_cause.as_ref().map(|cause| format!(": {cause}"));
            let failed = if trace.error_count > 0 { " (ERROR)" } else { "" };
            page.line(
                query,
                format!(
                    "{} {} {}{failed}, {}{}",
                    trace.trace_id,
                    duration(trace.duration_us),
                    short(&trace.root_operation),
                    counted(trace.span_count, "span"),
                    cause.unwrap_or_default(),
                ),
            );
        }
        page.or_nothing(query, "none");
        Ok(())
    }

    /// The traces of `filter` that have a span of `route`, and the flag that says so.
    fn traces_of_route(
        &self,
        route: Option<&str>,
        filter: TracesQuestion,
    ) -> Result<(TraceList, Option<String>), QueryError> {
        let Some(route) = route else { return Ok((self.list(&filter)?, None)) };
        let by_attribute = |key: &str| {
            let pair = format!("{key}={route}");
            let flag = format!(" --attr {}", quoted(&pair));
            (TracesQuestion { attributes: pair, ..filter.clone() }, flag)
        };
        let by_name = TracesQuestion { name: Some(route.to_owned()), ..filter.clone() };
        let others = [by_attribute("url.path"), (by_name, format!(" --name {}", quoted(route)))];
        let (filter, flag) = by_attribute("http.route");
        let list = self.list(&filter)?;
        if list.traces.is_empty() {
            for (filter, flag) in others {
                let list = self.list(&filter)?;
                if !list.traces.is_empty() {
                    return Ok((list, Some(flag)));
                }
            }
        }
        Ok((list, Some(flag)))
    }
}
