//! `coral query anomalies`.

use std::time::Duration;

use super::asked_at::{AskedAt, ago_text, micros};
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{AnomaliesArgs, StatusFormat};
use crate::terminal::screen;

use coral_query::AnomaliesQuestion;
use coral_query::answer::Anomalies;
use coral_text::beginning;
use coral_trace::UnixNanos;

/// Smallest default baseline: a shorter one would have too few traces.
const MIN_BASELINE: Duration = Duration::from_secs(3_600);

pub(super) fn anomalies(args: &AnomaliesArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let (since_unix_us, until_unix_us) = (window.since_us, window.until_us);
    let length = u64::try_from(until_unix_us.saturating_sub(since_unix_us)).unwrap_or(0);
    // Rounds down to whole seconds, for a readable text.
    let length = Duration::from_secs(Duration::from_micros(length).as_secs());
    let baseline =
        args.baseline.map(|earlier| asked.length_before(&window, earlier)).transpose()?;
    let baseline = baseline.unwrap_or(length.max(MIN_BASELINE));
    let filter = AnomaliesQuestion {
        since_unix_us,
        until_unix_us,
        baseline_us: micros(baseline),
        // Windows that were given stay as they are.
        find_beginning: args.since.is_none() && args.baseline.is_none(),
    };
    let answer: Anomalies = colony(&args.colony).ask(&filter)?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            let until = UnixNanos::from_micros(until_unix_us);
            let before = format!("against the {} before", ago_text(baseline));
            let windows = match answer.began {
                Some(began) => {
                    let named = (!answer.anomalies.is_empty()).into();
                    beginning::windows(began, until, &ago_text(baseline), named)
                }
                None => format!("{}, {before}", window.words),
            };
            print(&coral_text::anomalies::anomalies(&answer, &windows, until, screen()))
        }
    }
}
