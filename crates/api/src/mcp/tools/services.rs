//! The tool `services`.

use coral_query::ServicesQuestion;
use coral_query::answer::Services;
use coral_text::english::{command, window::flags, window::words};
use coral_text::{beginning, services};
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, DEFAULT_BASELINE, SHORT_WINDOW, length, micros};

/// The arguments of the tool `services`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServicesTool {
    /// Only this service, with its operations, callers, callees, hosts and versions. Without it: a
    /// table of all services.
    service: Option<String>,
    /// Start of the window: `15m` (the default), `2h ago`, `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
    /// Length of the time before the window that it is compared with: `1h`, the default.
    baseline: Option<String>,
}

impl Tool for ServicesTool {
    type Question = ServicesQuestion;
    const NAME: &'static str = "services";
    const TITLE: &'static str = "Health of services";
    const DESCRIPTION: &'static str = "Call this first. Shows how well each service is now, compared with \
        before: requests per second, error rate, latency, since when it is slow or fails, and the likely cause.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<ServicesQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), SHORT_WINDOW)?;
        let baseline = self.baseline.as_deref().map(|text| length("baseline", text)).transpose()?;
        let question = ServicesQuestion {
            service: self.service.clone(),
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            baseline_us: micros(baseline.unwrap_or(DEFAULT_BASELINE)),
            // A baseline that was given stays as it is.
            find_beginning: self.since.is_none() && self.baseline.is_none(),
            points: 0,
        };
        Ok(Asked { question, window })
    }

    fn page(
        &self,
        Asked { question, window }: &Asked<ServicesQuestion>,
        answer: &Services,
    ) -> Page {
        let windows = windows(question, answer, &words(window));
        let data = match &self.service {
            None => services::services(answer, &windows, SCREEN),
            Some(name) if answer.services.is_empty() => {
                services::no_such_service(name, answer, &words(window))
            }
            Some(_) => services::detail(answer, &windows, &flags(window), SCREEN),
        };
        let next = match services::names_change(answer) {
            true => "why {\"service\":\"…\"} explains a service that is slow or fails.",
            false => "anomalies {} lists smaller changes.",
        };
        Page {
            data,
            narrower: "\"service\"",
            next: vec![next.to_owned()],
            command: command::services(question, window),
            ..Page::default()
        }
    }
}

/// The window and its baseline in words.
fn windows(question: &ServicesQuestion, answer: &Services, window: &str) -> String {
    let is_moved = answer.baseline_until_unix_us < answer.since_unix_us;
    let before = match answer.began.filter(|_| is_moved) {
        Some(began) => {
            let until = UnixNanos::from_micros(answer.until_unix_us);
            let named = services::names_change(answer).into();
            beginning::moved_baseline(began, until, &window::words(question.baseline_us), named)
        }
        None => window::against(question.baseline_us),
    };
    format!("{window}, {before}")
}
