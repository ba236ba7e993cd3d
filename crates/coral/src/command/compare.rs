//! `coral trace compare`.

use super::asked_at::AskedAt;
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{CompareArgs, StatusFormat};
use crate::client::AskError;
use crate::terminal::screen;

use coral_query::CompareQuestion;
use coral_query::answer::Comparison;
use coral_text::comparison::comparison;
use coral_trace::UnixNanos;

pub(super) fn compare(args: &CompareArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let question = CompareQuestion {
        a: args.a.clone(),
        b: args.b.clone(),
        since_unix_us: Some(window.since_us),
        until_unix_us: Some(window.until_us),
        source: args.source,
    };
    let answer = colony(&args.colony).ask(&question);
    let answer: Comparison = answer.map_err(|error| match error {
        // The server has no hint for an unknown trace id.
        AskError::Refused { error: reason, hint: None } if reason.contains("no trace `") => {
            Failure::with_hint(reason, "`coral query beyla traces` lists ids")
        }
        error => error.into(),
    })?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => {
            print(&comparison(&answer, UnixNanos::from_micros(window.until_us), screen()))
        }
    }
}
