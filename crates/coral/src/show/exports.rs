//! The targets of the export in `coral colony status`.

use std::fmt::Write as _;

use coral_query::answer::ExportStatus;
use coral_text::table::table;
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

use super::status::seconds_text;

/// A table of the targets, and what is wrong with each; empty without targets.
pub(super) fn exports(targets: &[ExportStatus]) -> String {
    if targets.is_empty() {
        return String::new();
    }
    let columns = ["Export", "State", "Exported", "Rejected", "Missed", "Behind"];
    let rows: Vec<Vec<String>> = targets.iter().map(row).collect();
    let mut text = format!("\n{}", table(&columns, &rows));
    let details: String = targets.iter().map(details).collect();
    if !details.is_empty() {
        let _ = write!(text, "\n{details}");
    }
    text
}

fn row(target: &ExportStatus) -> Vec<String> {
    let behind = match (target.lag_receipts, target.lag_seconds) {
        (None, _) => "-".to_owned(),
        (Some(0), _) => "0s".to_owned(),
        (Some(lag), None) => counted(lag, "span"),
        (Some(lag), Some(seconds)) => {
            format!("{} ({})", seconds_text(seconds), counted(lag, "span"))
        }
    };
    vec![
        line(&target.name),
        line(&target.state.replace('_', " ")),
        count(target.exported),
        count(target.rejected),
        count(target.missed),
        behind,
    ]
}

/// Why the last request failed, and why spans were rejected.
fn details(target: &ExportStatus) -> String {
    let name = line(&target.name);
    let mut text = String::new();
    if let Some(error) = &target.last_error {
        let failures = counted(target.failures, "failure");
        let _ = writeln!(text, "{name} at {}: {} ({failures})", line(&target.url), line(error));
    }
    if let Some(reason) = &target.last_rejection {
        let reason = if reason.is_empty() { "none given" } else { reason };
        let _ = writeln!(text, "{name} rejected spans; the last reason: {}", line(reason));
    }
    text
}
