//! The tool `completeness`.

use coral_query::TraceHealthQuestion;
use coral_query::answer::TraceHealth;
use coral_text::english::{command::quoted, window::flags, window::words};
use coral_text::trace_health::trace_health;
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, LONG_WINDOW};

/// The arguments of the tool `completeness`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompletenessTool {
    /// Only problems of this service, and of calls from or to it.
    service: Option<String>,
    /// Start of the window: `1h` (the default), `2h ago`, `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
}

impl Tool for CompletenessTool {
    type Question = TraceHealthQuestion;
    const NAME: &'static str = "completeness";
    const TITLE: &'static str = "Are traces complete";
    const DESCRIPTION: &'static str = "Says whether the stored traces are whole: which spans are missing or not \
        linked, why, and what to do. Call it before you conclude from something that is absent.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<TraceHealthQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let question = TraceHealthQuestion {
            service: self.service.clone(),
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
        };
        Ok(Asked { question, window })
    }

    fn page(
        &self,
        Asked { window, .. }: &Asked<TraceHealthQuestion>,
        answer: &TraceHealth,
    ) -> Page {
        let until = UnixNanos::from_micros(window.until_unix_us);
        let service = self.service.as_deref();
        let service = service.map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        Page {
            data: trace_health(answer, &words(window), until, SCREEN),
            narrower: "\"service\" or a shorter \"since\"",
            command: format!("coral doctor traces{service} {}", flags(window)),
            ..Page::default()
        }
    }
}
