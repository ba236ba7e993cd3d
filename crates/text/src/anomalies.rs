//! What changed since the baseline, as `coral query anomalies` prints it.

use std::fmt::Write as _;

use super::table::{cut, table};
use crate::duration::duration;
use coral_query::answer::{Anomalies, Anomaly, AnomalyKind};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted};

/// The widest that a component is printed.
const MAX_COMPONENT_WIDTH: usize = 60;

/// `windows` is `last 1 hour, against the 1 hour before`.
pub fn anomalies(found: &Anomalies, windows: &str) -> String {
    let mut text = format!("Anomalies ({windows}):\n\n");
    if found.anomalies.is_empty() {
        let _ = writeln!(text, "{}", nothing(found));
    } else {
        let rows: Vec<_> = found.anomalies.iter().map(row).collect();
        let columns = ["What", "Service", "Where", "Before", "Now", "Score", "Trace"];
        text.push_str(&table(&columns, &rows));
        if found.left_out > 0 {
            let _ = writeln!(text, "… {} more score less.", count(found.left_out));
        }
    }
    let _ = writeln!(
        text,
        "\n{} against {} of the baseline.{}",
        counted(found.traces, "trace"),
        counted(found.baseline_traces, "trace"),
        if found.cut { " There are more; these are from all of the time." } else { "" },
    );
    text
}

fn nothing(found: &Anomalies) -> &'static str {
    match (found.traces, found.baseline_traces) {
        (0, _) => "No trace started in this window.\nHint: try a longer --since.",
        (_, 0) => {
            "Nothing to compare with.\nHint: try a longer --baseline, or a shorter --since: then what came before it is the baseline."
        }
        _ => "None: nothing is more otherwise than chance makes it.",
    }
}

fn row(anomaly: &Anomaly) -> Vec<String> {
    let (before, now) = (number(anomaly, anomaly.before), number(anomaly, anomaly.now));
    let trace =
        anomaly.evidence.first().map_or_else(|| "–".to_owned(), |seen| seen.trace_id.to_string());
    vec![
        anomaly.kind.as_str().replace('_', " "),
        line(&anomaly.service),
        cut(&line(&anomaly.component), MAX_COMPONENT_WIDTH),
        before,
        now,
        format!("{:.2}", anomaly.score),
        trace,
    ]
}

/// In the unit of its kind.
fn number(anomaly: &Anomaly, number: f64) -> String {
    match anomaly.kind {
        AnomalyKind::Slower => duration(number as i64),
        AnomalyKind::NewEdge | AnomalyKind::VanishedEdge => counted(number as u64, "call"),
        _ => format!("{:.1}%", number * 100.0),
    }
}
