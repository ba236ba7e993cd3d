//! `coral ask`.

use super::query::colony;
use super::{Failure, print, print_json};
use crate::args::{AskArgs, StatusFormat};
use crate::clock;
use crate::query::answer::Plain;
use crate::query::{PlainFilter, Question};
use crate::show;

pub(super) fn ask(args: &AskArgs) -> Result<(), Failure> {
    let filter =
        PlainFilter { question: args.question.join(" "), now_unix_us: clock::now().as_micros() };
    let answer: Plain = colony(&args.colony).ask(&Question::Plain(filter).path_and_query())?;
    match args.format {
        StatusFormat::Json => print_json(&answer),
        StatusFormat::Text => print(&show::plain::plain(&answer)),
    }
}
