//! `coral services`.

use std::time::Duration;

use super::asked_at::{AskedAt, Window, ago_text, micros};
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{RedFormat, ServicesArgs};
use crate::terminal::screen;

use coral_query::ServicesQuestion;
use coral_query::answer::Services;
use coral_text::{beginning, services};
use coral_trace::UnixNanos;
use coral_trace::units::{When, flag, instant};

/// The window and the baseline without --since and --baseline.
const DEFAULT_WINDOW: Duration = Duration::from_secs(15 * 60);
const DEFAULT_BASELINE: Duration = Duration::from_secs(3_600);

pub(super) fn services(args: &ServicesArgs, asked: &AskedAt) -> Result<(), Failure> {
    let since = args.since.unwrap_or(When::Ago(DEFAULT_WINDOW));
    let window = asked.window(Some(since), args.until)?;
    let baseline =
        args.baseline.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    let baseline = baseline.unwrap_or(DEFAULT_BASELINE);
    let question = ServicesQuestion {
        service: args.service.clone(),
        since_unix_us: window.since_us,
        until_unix_us: window.until_us,
        baseline_us: micros(baseline),
        // A baseline that was given stays as it is.
        find_beginning: args.since.is_none() && args.baseline.is_none(),
        points: 0,
    };
    let answer: Services = colony(&args.colony).ask(&question)?;
    match (args.format, &args.service) {
        (RedFormat::Json, _) => print_json(&answer),
        (RedFormat::Csv, _) => print(&services::services_csv(&answer)),
        (RedFormat::Table, None) => {
            print(&services::services(&answer, &windows(&answer, &window, baseline), screen()))
        }
        (RedFormat::Table, Some(name)) if answer.services.is_empty() => {
            print(&services::no_such_service(name, &answer, &window.words))
        }
        (RedFormat::Table, Some(_)) => {
            let windows = windows(&answer, &window, baseline);
            let flags = flags(since, args.until, &window);
            print(&services::detail(&answer, &windows, &flags, screen()))
        }
    }
}

/// The window and its baseline in words.
fn windows(answer: &Services, window: &Window, baseline: Duration) -> String {
    let is_moved = answer.baseline_until_unix_us < answer.since_unix_us;
    let before = match answer.began.filter(|_| is_moved) {
        Some(began) => {
            let until = UnixNanos::from_micros(answer.until_unix_us);
            let named = services::names_change(answer).into();
            beginning::moved_baseline(began, until, &ago_text(baseline), named)
        }
        None => format!("against the {} before", ago_text(baseline)),
    };
    format!("{}, {before}", window.words)
}

/// The window as flags of a command.
fn flags(since: When, until: Option<When>, window: &Window) -> String {
    match (since, until) {
        (When::Ago(ago), None) => format!("--since {}", flag(ago)),
        (_, None) => format!("--since {}", instant(window.since_us)),
        (_, Some(_)) => {
            format!("--since {} --until {}", instant(window.since_us), instant(window.until_us))
        }
    }
}
