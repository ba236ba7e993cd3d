//! `coral why`.

use std::time::Duration;

use super::asked_at::{AskedAt, ago_text, micros};
use super::query::colony;
use super::{Failure, link, print, print_json};
use crate::args::{StatusFormat, WhyArgs};
use crate::client::AskError;
use crate::terminal::screen;

use coral_query::WhyQuestion;
use coral_query::answer::{Verdict, Why};
use coral_text::beginning;
use coral_trace::UnixNanos;
use coral_trace::units::When;

/// The window and the baseline without --since and --baseline, where no change is found.
const DEFAULT_WINDOW: Duration = Duration::from_secs(15 * 60);
const DEFAULT_BASELINE: Duration = Duration::from_secs(3_600);

pub(super) fn why(args: &WhyArgs, asked: &AskedAt) -> Result<(), Failure> {
    let since = args.since.unwrap_or(When::Ago(DEFAULT_WINDOW));
    let window = asked.window(Some(since), args.until)?;
    let baseline =
        args.baseline.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    let baseline = baseline.unwrap_or(DEFAULT_BASELINE);
    let filter = WhyQuestion {
        service: args.service.clone(),
        route: args.route.clone(),
        trace_id: args.trace_id.clone(),
        since_unix_us: window.since_us,
        until_unix_us: window.until_us,
        baseline_us: micros(baseline),
        // Windows that were given stay as they are.
        find_beginning: args.since.is_none() && args.baseline.is_none() && args.trace_id.is_none(),
    };
    let colony = colony(&args.colony);
    let answer = colony.ask(&filter);
    let answer: Why = answer.map_err(|error| match error {
        // The server has no hint for an unknown trace id.
        AskError::Refused { error: reason, hint: None } if reason.starts_with("trace_id: ") => {
            Failure::with_hint(reason, "`coral query beyla traces` lists ids")
        }
        error => error.into(),
    })?;
    let link = link::why(args, &window, answer.began);
    let link = link.since_baseline(args.baseline, &window, asked)?.url(colony.url());
    if args.link.link {
        return print(&(link + "\n"));
    }
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            let until = UnixNanos::from_micros(window.until_us);
            let before = format!("against the {} before", ago_text(baseline));
            let windows = match (&args.trace_id, answer.began) {
                (Some(_), _) => before,
                (None, Some(began)) => {
                    let named = (answer.verdict == Verdict::Cause).into();
                    beginning::windows(began, until, &ago_text(baseline), named)
                }
                (None, None) => format!("{}, {before}", window.words),
            };
            let page = coral_text::why::why(&answer, &windows, until, screen());
            print(&format!("{page}\nSee it: {link}\n"))
        }
    }
}
