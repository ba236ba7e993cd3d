//! The tool `trace`.

use coral_query::answer::{Period, ServiceInstance, Trace, TraceSpan, Window};
use coral_query::{Source, TraceQuestion};
use coral_text::english::command;
use coral_text::trace;
use coral_trace::units::{TimeZone, counted};
use coral_trace::{TraceIdPrefix, UnixNanos};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};

/// The arguments of the tool `trace`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct TraceTool {
    /// The trace id: 32 hex digits, or the first digits of an id that only one stored trace has.
    pub id: String,
    /// Show all that is stored of this span, instead of the whole trace: its id, 16 hex digits, or the
    /// first digits.
    pub span: Option<String>,
    /// What to show: `summary` (the default: problems, failed spans, the critical path, the tree),
    /// `critical_path` (what the request waited for, in order of time), `spans` (every attribute).
    #[serde(default)]
    pub view: View,
}

/// What is shown of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::mcp) enum View {
    /// Problems, failed spans, the critical path, and the tree.
    #[default]
    Summary,
    /// What the request waited for, in order of time.
    CriticalPath,
    /// Every attribute of every span.
    Spans,
}

impl Tool for TraceTool {
    type Question = TraceQuestion;
    const NAME: &'static str = "trace";
    const TITLE: &'static str = "One trace";
    const DESCRIPTION: &'static str = "Shows one trace by its id: what is missing from it, the spans that failed, \
        what the request waited for, and the tree of calls with span ids. With \"span\": one span with all \
        attributes and events.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<TraceQuestion>, InvalidArgument> {
        let id: TraceIdPrefix = self.id.trim().to_ascii_lowercase().parse().map_err(|reason| {
            InvalidArgument::new("id", format!("trace id `{}`: {reason}", self.id))
        })?;
        let window = Window {
            since_unix_us: now.as_micros(),
            until_unix_us: now.as_micros(),
            period: Period::Since,
            unread: Vec::new(),
            is_default: true,
        };
        Ok(Asked { question: TraceQuestion { id, source: Source::All, examine: true }, window })
    }

    fn page(&self, _: &Asked<TraceQuestion>, answer: &Trace) -> Page {
        let id = answer.trace_id.to_string();
        let page = Page { command: command::trace(&id), ..Page::default() };
        if answer.span_count == 0 {
            let next = "search {} lists stored traces.".to_owned();
            return Page { data: trace::no_trace(&id), next: vec![next], ..page };
        }
        if let Some(span) = &self.span {
            return Page {
                command: format!("{} --span {}", page.command, command::quoted(span)),
                ..one(answer, span)
            };
        }
        let left_out = (answer.spans_left_out > 0)
            .then(|| format!("{}, the latest ones.", counted(answer.spans_left_out, "span")));
        let (data, option) = match self.view {
            View::Summary => (trace::brief(answer, &TimeZone::UTC), ""),
            View::CriticalPath => {
                (trace::critical_path(answer, &TimeZone::UTC, SCREEN), " --format critical-path")
            }
            View::Spans => (trace::spans(answer, &TimeZone::UTC, SCREEN), " --format spans"),
        };
        let next = [
            format!(
                "trace {{\"id\":\"{id}\",\"span\":\"…\"}} shows all that is stored of one span."
            ),
            format!("compare {{\"a\":\"{id}\"}} shows how it differs from healthy traces."),
        ];
        Page {
            data,
            left_out: left_out.into_iter().collect(),
            narrower: "\"view\":\"critical_path\", or one \"span\"",
            next: next.to_vec(),
            command: page.command + option,
        }
    }
}

/// The page of the spans whose id begins with `prefix`.
fn one(answer: &Trace, prefix: &str) -> Page {
    let prefix = prefix.trim().to_ascii_lowercase();
    let is_it = |one: &&TraceSpan| one.span.span_id.to_string().starts_with(&prefix);
    let spans: Vec<TraceSpan> = answer.spans.iter().filter(is_it).cloned().collect();
    let id = answer.trace_id;
    if prefix.is_empty() || spans.is_empty() {
        return Page {
            data: format!("Trace {id} is stored, and no span of it has such an id.\n"),
            next: vec![format!("trace {{\"id\":\"{id}\"}} lists its spans.")],
            ..Page::default()
        };
    }
    let instances = ServiceInstance::of_spans(spans.iter().map(|one| &one.span));
    let found = Trace { spans, instances, redacted: 0, spans_left_out: 0, ..answer.clone() };
    Page {
        data: trace::spans(&found, &TimeZone::UTC, SCREEN),
        next: vec![format!("trace {{\"id\":\"{id}\"}} shows the whole trace.")],
        ..Page::default()
    }
}
