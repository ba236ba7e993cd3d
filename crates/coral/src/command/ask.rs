//! `coral ask`.

use super::asked_at::AskedAt;
use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{AskArgs, StatusFormat};
use crate::terminal::screen;

use coral_query::EnglishQuestion;
use coral_query::answer::{English, Findings};

pub(super) fn ask(args: &AskArgs, asked: &AskedAt) -> Result<(), Failure> {
    let filter = EnglishQuestion {
        question: args.question.join(" "),
        now_unix_us: asked.micros(),
        tz: asked.zone_name()?,
    };
    let answer: English = colony(&args.colony).ask(&filter)?;
    match args.format {
        StatusFormat::Json => print_json(&answer)?,
        StatusFormat::Text => print(&coral_text::english::text(&answer, screen()))?,
    }
    match answer.findings {
        Findings::NotUnderstood(_) | Findings::NoSuchService(_) => Err(Failure::not_understood()),
        _ => Ok(()),
    }
}
