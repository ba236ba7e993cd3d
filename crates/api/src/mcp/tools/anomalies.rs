//! The tool `anomalies`.

use std::time::Duration;

use coral_query::AnomaliesQuestion;
use coral_query::answer::Anomalies;
use coral_text::beginning;
use coral_text::english::{command, window::words};
use coral_trace::UnixNanos;
use coral_trace::units::counted;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{SCREEN, span_call};
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, DEFAULT_BASELINE, LONG_WINDOW, length, micros};

/// The arguments of the tool `anomalies`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnomaliesTool {
    /// Start of the window: `1h` (the default), `2h ago`, `02:40` (UTC), or RFC 3339. Without it,
    /// Coral finds when the change began.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
    /// Length of the time before the window that it is compared with. Default: as long as the window,
    /// at least `1h`.
    baseline: Option<String>,
}

impl Tool for AnomaliesTool {
    type Question = AnomaliesQuestion;
    const NAME: &'static str = "anomalies";
    const TITLE: &'static str = "What changed";
    const DESCRIPTION: &'static str = "Lists what changed in all services, most significant first: calls that \
        became slower, fail, repeat, are new or disappeared.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<AnomaliesQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let baseline = self.baseline.as_deref().map(|text| length("baseline", text)).transpose()?;
        let own = window.until_unix_us.saturating_sub(window.since_unix_us) / 1_000_000;
        let own = Duration::from_secs(own.unsigned_abs()).max(DEFAULT_BASELINE);
        let question = AnomaliesQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: micros(baseline.unwrap_or(own)),
            // Windows that were given stay as they are.
            find_beginning: self.since.is_none() && self.baseline.is_none(),
        };
        Ok(Asked { question, window })
    }

    fn page(
        &self,
        Asked { question, window }: &Asked<AnomaliesQuestion>,
        answer: &Anomalies,
    ) -> Page {
        let until = UnixNanos::from_micros(question.until_unix_us);
        let windows = match answer.began {
            Some(began) => {
                let named = (!answer.anomalies.is_empty()).into();
                let baseline = window::words(question.baseline_us);
                beginning::windows(began, until, &baseline, named)
            }
            None => format!("{}, {}", words(window), window::against(question.baseline_us)),
        };
        let left_out = (answer.left_out > 0)
            .then(|| format!("{} with lower scores.", counted(answer.left_out, "change")));
        let seen = answer.anomalies.first().and_then(|change| change.evidence.first());
        Page {
            data: coral_text::anomalies::anomalies(answer, &windows, until, SCREEN),
            left_out: left_out.into_iter().collect(),
            narrower: "a shorter \"since\"",
            next: seen.map(|seen| span_call(seen.trace_id, seen.span_id)).into_iter().collect(),
            command: command::anomalies(question, window),
        }
    }
}
