//! `coral why`.

use std::time::Duration;

use super::query::{ago_text, colony, instant, window};
use super::{Failure, print, print_json};
use crate::args::{StatusFormat, When, WhyArgs};
use crate::client::AskError;
use crate::terminal::screen;

use coral_query::WhyQuestion;
use coral_query::answer::Why;
use coral_server::clock;
use coral_text::beginning;
use coral_trace::UnixNanos;

/// The window and the baseline without --since and --baseline, where no change is found.
const DEFAULT_WINDOW: Duration = Duration::from_secs(15 * 60);
const DEFAULT_BASELINE: Duration = Duration::from_secs(3_600);

pub(super) fn why(args: &WhyArgs) -> Result<(), Failure> {
    let now = clock::now().as_micros();
    let since = args.since.unwrap_or(When::Ago(DEFAULT_WINDOW));
    let until = args.until.map_or(now.saturating_add(1), |until| instant(until, now));
    let baseline = args.baseline.unwrap_or(DEFAULT_BASELINE);
    let filter = WhyQuestion {
        service: args.service.clone(),
        route: args.route.clone(),
        trace_id: args.trace_id.clone(),
        since_unix_us: instant(since, now),
        until_unix_us: until,
        baseline_us: i64::try_from(baseline.as_micros()).unwrap_or(i64::MAX),
        // Windows that were given stay as they are.
        find_beginning: args.since.is_none() && args.baseline.is_none() && args.trace_id.is_none(),
    };
    let answer = colony(&args.colony).ask(&filter);
    let answer: Why = answer.map_err(|error| match error {
        // The server has no hint for an unknown trace id.
        AskError::Refused { error: reason, hint: None } if reason.starts_with("trace_id: ") => {
            Failure::with_hint(reason, "`coral query beyla traces` lists ids")
        }
        error => error.into(),
    })?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            let until = UnixNanos::from_micros(until);
            let before = format!("against the {} before", ago_text(baseline));
            let windows = match (&args.trace_id, answer.began) {
                (Some(_), _) => before,
                (None, Some(began)) => beginning::windows(began, until, &ago_text(baseline)),
                (None, None) => format!("{}, {before}", window(since, args.until)),
            };
            print(&coral_text::why::why(&answer, &windows, until, screen()))
        }
    }
}
