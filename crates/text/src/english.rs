//! An answer in plain English, as `coral ask` prints it.

use std::fmt::Write as _;

use coral_query::answer::Plain;
use coral_trace::sanitize::line;

/// The whole page. Lines end in the number of the query that they are from.
pub fn plain(answer: &Plain) -> String {
    let mut text = match &answer.understood {
        Some(understood) => format!("{}...\n", line(understood)),
        None => String::new(),
    };
    for section in &answer.sections {
        let between = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{between}{}:", line(&section.title));
        for found in &section.lines {
            let cited = found.query.map(|query| format!(" [{query}]")).unwrap_or_default();
            let _ = writeln!(text, "  - {}{cited}", line(&found.text));
        }
    }
    if !answer.queries.is_empty() {
        text.push_str("\nQueries:\n");
        for (at, query) in answer.queries.iter().enumerate() {
            let _ = writeln!(text, "  [{}] {}", at + 1, line(query));
        }
    }
    text
}
