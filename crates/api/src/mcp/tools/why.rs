//! The tool `why`.

use coral_query::WhyQuestion;
use coral_query::answer::{Verdict, Why};
use coral_text::beginning;
use coral_text::english::{command, window::words};
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{SCREEN, span_call};
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, DEFAULT_BASELINE, SHORT_WINDOW, length, micros};

/// The arguments of the tool `why`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhyTool {
    /// The service to explain, by its exact name. Without it: all services.
    service: Option<String>,
    /// Only requests of this HTTP route, or whose span has this name: `/pay/{id}`.
    route: Option<String>,
    /// Explain this one trace instead of a window.
    trace_id: Option<String>,
    /// Start of the window: `15m`, `2h ago`, `02:40` (UTC), or RFC 3339. Without it, Coral finds when
    /// the change began.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
    /// Length of the time before the window that it is compared with: `1h`, the default.
    baseline: Option<String>,
}

impl Tool for WhyTool {
    type Question = WhyQuestion;
    const NAME: &'static str = "why";
    const TITLE: &'static str = "Why is it slow or failing";
    const DESCRIPTION: &'static str = "Explains why a service, or one trace, is slow or fails: the suspect, how \
        much of the added time it accounts for, since when, and spans that show it. It says so when the evidence \
        is not enough.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<WhyQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), SHORT_WINDOW)?;
        let baseline = self.baseline.as_deref().map(|text| length("baseline", text)).transpose()?;
        let question = WhyQuestion {
            service: self.service.clone(),
            route: self.route.clone(),
            trace_id: self.trace_id.clone(),
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: micros(baseline.unwrap_or(DEFAULT_BASELINE)),
            // Windows that were given stay as they are.
            find_beginning: self.since.is_none()
                && self.baseline.is_none()
                && self.trace_id.is_none(),
        };
        Ok(Asked { question, window })
    }

    fn page(&self, Asked { question, window }: &Asked<WhyQuestion>, answer: &Why) -> Page {
        let until = UnixNanos::from_micros(question.until_unix_us);
        let before = window::against(question.baseline_us);
        let windows = match (&self.trace_id, answer.began) {
            (Some(_), _) => before,
            (None, Some(began)) => {
                let named = (answer.verdict == Verdict::Cause).into();
                let baseline = window::words(question.baseline_us);
                beginning::windows(began, until, &baseline, named)
            }
            (None, None) => format!("{}, {before}", words(window)),
        };
        let suspect = answer.ranking.first().and_then(|suspect| suspect.evidence.first());
        let next = match suspect {
            Some(seen) => vec![span_call(seen.trace_id, seen.span_id)],
            None => vec!["completeness {} says whether traces are whole.".to_owned()],
        };
        Page {
            data: coral_text::why::why(answer, &windows, until, SCREEN),
            narrower: "\"service\" or \"route\"",
            next,
            command: command::why(question, window),
            ..Page::default()
        }
    }
}
