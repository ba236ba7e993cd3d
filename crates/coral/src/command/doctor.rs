//! `coral doctor …`: asks the colony whether its data is complete.

use super::asked_at::AskedAt;
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{DoctorTracesArgs, StatusFormat};
use crate::terminal::screen;

use coral_query::TraceHealthQuestion;
use coral_query::answer::TraceHealth;
use coral_text::trace_health;
use coral_trace::UnixNanos;

pub(super) fn traces(args: &DoctorTracesArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let question = TraceHealthQuestion {
        service: args.service.clone(),
        since_unix_us: window.since_us,
        until_unix_us: window.until_us,
    };
    let answer: TraceHealth = colony(&args.colony).ask(&question)?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            let until = UnixNanos::from_micros(question.until_unix_us);
            print(&trace_health::trace_health(&answer, &window.words, until, screen()))
        }
    }
}
