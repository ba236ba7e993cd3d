//! The tool `search`.

use coral_query::answer::TraceList;
use coral_query::{Sort, SpanStatus, TracesQuestion};
use coral_text::english::{command, window::words};
use coral_text::group_table::group_table;
use coral_text::trace_table::{Heading, trace_table};
use coral_trace::UnixNanos;
use coral_trace::units::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, LONG_WINDOW, length, micros};

/// The number of traces of a search that names no limit.
const DEFAULT_LIMIT: u32 = 10;
/// The largest number of traces of a search.
const MAX_LIMIT: u32 = 100;

/// The arguments of the tool `search`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchTool {
    /// Conditions that one span of the trace meets, separated by spaces: `status:error duration>500ms
    /// http.response.status_code>=500 name~charge -service:health`. `OR` and parentheses combine
    /// them.
    #[serde(default)]
    q: String,
    /// Only traces with a span of this service.
    service: Option<String>,
    /// Only traces with a failed span (`error`), or without one (`ok`).
    status: Option<SpanStatus>,
    /// Only traces that took at least this long: `500ms`.
    min_duration: Option<String>,
    /// The order: `newest` (the default) or `slowest` first.
    #[serde(default)]
    sort: Sort,
    /// Count the matching spans by the values of this key instead of listing traces: `http.route`.
    #[serde(default)]
    by: String,
    /// Start of the window: `1h` (the default), `2h ago`, `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
    /// The largest number of traces, 1 to 100. Default: 10.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The page after an earlier answer, which names this text.
    #[serde(default)]
    after: String,
}

impl Tool for SearchTool {
    type Question = TracesQuestion;
    const NAME: &'static str = "search";
    const TITLE: &'static str = "Search traces";
    const DESCRIPTION: &'static str = "Finds traces by service, status, duration, span names and attributes. With \
        \"sort\":\"slowest\" it also names the root cause of each slow one.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<TracesQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let reason = format!("{limit} is not a number from 1 to {MAX_LIMIT}");
            return Err(InvalidArgument::new("limit", reason));
        }
        let least =
            self.min_duration.as_deref().map(|text| length("min_duration", text)).transpose()?;
        let question = TracesQuestion {
            q: self.q.clone(),
            by: self.by.clone(),
            service: self.service.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            min_duration_us: least.map(micros),
            status: self.status,
            sort: self.sort,
            limit,
            after: self.after.clone(),
            causes: least.is_some() || self.sort == Sort::Slowest,
            ..TracesQuestion::default()
        };
        Ok(Asked { question, window })
    }

    fn page(&self, Asked { question, window }: &Asked<TracesQuestion>, answer: &TraceList) -> Page {
        let (data, has_traces) = match &answer.groups {
            Some(groups) => {
                let about = [self.service.as_deref().unwrap_or_default(), self.q.as_str()];
                let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
                let about = (words(window), about.join(", "));
                let about = (about.0.as_str(), about.1.as_str());
                (group_table(groups, &answer.unmatched, about, SCREEN), false)
            }
            None => {
                let heading = Heading {
                    filter: question.clone(),
                    window: words(window),
                    until: UnixNanos::from_micros(window.until_unix_us),
                    zone: TimeZone::UTC,
                };
                (trace_table(answer, &heading, SCREEN), !answer.traces.is_empty())
            }
        };
        let more = answer.next.as_ref().map(|next| {
            format!("traces beyond this page. The same call with \"after\":\"{next}\" has the next page.")
        });
        let one = answer.traces.first().filter(|_| has_traces).map(|trace| {
            format!("trace {{\"id\":\"{}\"}} shows the first of them.", trace.trace_id)
        });
        Page {
            data,
            left_out: more.into_iter().collect(),
            narrower: "a smaller \"limit\", a shorter \"since\" or more conditions in \"q\"",
            next: one.into_iter().collect(),
            command: command::traces(question, window),
        }
    }
}
