//! The tool `compare`.

use coral_query::CompareQuestion;
use coral_query::answer::Comparison;
use coral_text::comparison::comparison;
use coral_text::english::{command::quoted, window::flags};
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, LONG_WINDOW};

/// The arguments of the tool `compare`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompareTool {
    /// A trace id, or `q:` and a search: `q:service:pay duration>1s`.
    a: String,
    /// What `a` is compared with, in the same form. Default: healthy traces of the same operation.
    b: Option<String>,
    /// For searches, the start of the window: `1h` (the default), `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// For searches, the end of the window. Default: now.
    until: Option<String>,
}

impl Tool for CompareTool {
    type Question = CompareQuestion;
    const NAME: &'static str = "compare";
    const TITLE: &'static str = "Compare traces";
    const DESCRIPTION: &'static str = "Compares two traces or two sets of traces: how long each operation takes on \
        both sides, and which attribute values differ.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<CompareQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let question = CompareQuestion {
            a: self.a.clone(),
            b: self.b.clone(),
            since_unix_us: Some(window.since_unix_us),
            until_unix_us: Some(window.until_unix_us),
            ..CompareQuestion::default()
        };
        Ok(Asked { question, window })
    }

    fn page(&self, Asked { window, .. }: &Asked<CompareQuestion>, answer: &Comparison) -> Page {
        let b = self.b.as_deref().map(|b| format!(" {}", quoted(b))).unwrap_or_default();
        let now = UnixNanos::from_micros(window.until_unix_us);
        let is_search = |text: &str| text.starts_with("q:");
        let has_search = is_search(&self.a) || self.b.as_deref().is_some_and(is_search);
        let flags = if has_search { format!(" {}", flags(window)) } else { String::new() };
        let example = answer
            .a
            .example_trace_ids
            .first()
            .filter(|id| id.bytes().all(|sign| sign.is_ascii_hexdigit()));
        Page {
            data: comparison(answer, now, SCREEN),
            narrower: "searches with more conditions",
            next: example
                .map(|id| format!("trace {{\"id\":\"{id}\"}} shows a trace of side A."))
                .into_iter()
                .collect(),
            command: format!("coral trace compare {}{b}{flags}", quoted(&self.a)),
            ..Page::default()
        }
    }
}
