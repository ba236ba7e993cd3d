//! `coral ask`.

use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{AskArgs, StatusFormat};

use coral_query::answer::Plain;
use coral_query::{PlainFilter, Question};
use coral_server::clock;

pub(super) fn ask(args: &AskArgs) -> Result<(), Failure> {
    let filter =
        PlainFilter { question: args.question.join(" "), now_unix_us: clock::now().as_micros() };
    let answer: Plain = colony(&args.colony).ask(&Question::Plain(filter).path_and_query())?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => print(&coral_text::english::plain(&answer)),
    }
}
