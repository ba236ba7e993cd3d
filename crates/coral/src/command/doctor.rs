//! `coral doctor …`: asks the colony whether its data is complete.

use super::query::{colony, instant, window};
use super::{Failure, print, print_json};
use crate::args::{DoctorTracesArgs, StatusFormat};
use crate::terminal::screen;

use coral_query::TraceHealthQuestion;
use coral_query::answer::TraceHealth;
use coral_server::clock;
use coral_text::trace_health;
use coral_trace::UnixNanos;

pub(super) fn traces(args: &DoctorTracesArgs) -> Result<(), Failure> {
    let now = clock::now().as_micros();
    let since = args.since.unwrap_or_default();
    let question = TraceHealthQuestion {
        service: args.service.clone(),
        since_unix_us: instant(since, now),
        until_unix_us: args.until.map_or(now.saturating_add(1), |until| instant(until, now)),
    };
    let answer: TraceHealth = colony(&args.colony).ask(&question)?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            let window = window(since, args.until);
            let until = UnixNanos::from_micros(question.until_unix_us);
            print(&trace_health::trace_health(&answer, &window, until, screen()))
        }
    }
}
