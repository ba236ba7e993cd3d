//! The search of a command line, checked before the command runs.

use coral_query::Search;

use coral_trace::sanitize::line;

use super::{BeylaCommand, Cli, Command, QueryCommand};

/// Why the search of `cli` cannot be read, with a mark below the place of the mistake; `None` if it
/// can.
pub(super) fn mistake(cli: &Cli) -> Option<String> {
    let Command::Query(QueryCommand::Beyla(BeylaCommand::Traces(args))) = &cli.command else {
        return None;
    };
    let text = args.search.join(" ");
    let error = Search::parse(&text).err()?;
    let before: String = text.chars().take(error.offset).collect();
    let (text, mark) = (line(&text), " ".repeat(line(&before).chars().count()));
    Some(format!(
        "{}, at column {} of the search\n\n  {text}\n  {mark}^\n\n  Hint: {}",
        error.reason,
        error.column(),
        error.hint
    ))
}
