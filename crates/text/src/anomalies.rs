//! What changed since the baseline, as `coral query anomalies` prints it.

use std::fmt::Write as _;

use crate::beginning::coverage;
use crate::duration::duration;
use crate::screen::Screen;
use crate::table::{Cell, Table, id, name, whole};
use crate::why::{SAMPLED, young_store};
use crate::wrap::folded;
use coral_query::answer::{Anomalies, Anomaly, AnomalyKind};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

/// The page of `coral query anomalies`: a table of changes, its legend, and how many traces were
/// compared. `windows` is the window and its baseline in words:
/// `last 1 hour, against the 1 hour before`. `until` is the end of the window.
pub fn anomalies(found: &Anomalies, windows: &str, until: UnixNanos, screen: Screen) -> String {
    let mut text = format!("Changes ({windows}):\n\n");
    if found.anomalies.is_empty() {
        let _ = writeln!(text, "{}", nothing(found, until));
    } else {
        let rows: Vec<_> = found.anomalies.iter().map(row).collect();
        let columns = [
            whole("Change"),
            name("Service"),
            name("Where"),
            whole("Before"),
            whole("Now"),
            whole("Score").optional(0),
            id("Trace").optional(1),
        ];
        text.push_str(&Table::new(columns, rows).text(screen));
        if found.left_out > 0 {
            let left_out = counted(found.left_out, "change");
            let _ = writeln!(text, "… {left_out} with lower scores are not listed.");
        }
        text.push_str(&screen.faint(&legend(&found.anomalies)));
    }
    let _ = writeln!(
        text,
        "\nCompared {} with {} of the baseline.{}",
        counted(found.traces, "trace"),
        counted(found.baseline_traces, "trace"),
        if found.cut { SAMPLED } else { "" },
    );
    for sentence in coverage(&found.coverage, until) {
        let _ = writeln!(text, "{sentence}");
    }
    folded(&text, screen)
}

fn nothing(found: &Anomalies, until: UnixNanos) -> String {
    if let Some(oldest) = found.stored_since.filter(|_| found.traces > 0) {
        let hint = young_store(oldest, until);
        return format!("{NOTHING_TO_COMPARE}\n{}", hint.trim_end());
    }
    let text = match (found.traces, found.baseline_traces) {
        (0, _) => "No trace started in this window.\nHint: try a longer --since.",
        (_, 0) => {
            return format!(
                "{NOTHING_TO_COMPARE}\nHint: try a longer --baseline, or a shorter --since, which moves traces into the \
                 baseline."
            );
        }
        (_, ..ENOUGH_TRACES) => {
            return format!(
                "Not enough evidence: no change was found, but the baseline has only {}.\nHint: try \
                 a longer --baseline, or a shorter --since, which moves traces into the baseline.",
                counted(found.baseline_traces, "trace")
            );
        }
        _ => "No change: every difference is one that chance alone may cause (permutation test).",
    };
    text.to_owned()
}

/// The answer as one sentence without a full stop: how many changes there are, or why none is
/// known.
pub(crate) fn summary(found: &Anomalies) -> String {
    let all = found.anomalies.len() as u64 + found.left_out;
    match (found.traces, found.baseline_traces) {
        _ if found.left_out > 0 => {
            let listed = found.anomalies.len();
            format!("{} against the baseline, of which {listed} are listed", counted(all, "change"))
        }
        _ if all > 0 => format!("{} against the baseline", counted(all, "change")),
        (0, _) => "no trace started in this window".to_owned(),
        (_, 0) => "there is nothing to compare with: no trace started in the baseline".to_owned(),
        (_, few @ ..ENOUGH_TRACES) => format!(
            "not enough evidence: no change was found, but the baseline has only {}",
            counted(few, "trace")
        ),
        _ => "nothing changed against the baseline: every difference is one that chance alone may \
             cause (permutation test)"
            .to_owned(),
    }
}

/// An anomaly as a sentence without a full stop, from its value before to its value now:
/// `stock is slower in GET /stock/{id}: 23ms → 305ms`.
pub(crate) fn title(anomaly: &Anomaly) -> String {
    let (service, what) = (line(&anomaly.service), line(&anomaly.component));
    let (before, now) = (number(anomaly, anomaly.before), number(anomaly, anomaly.now));
    match anomaly.kind {
        AnomalyKind::Slower => format!("{service} is slower in {what}: {before} → {now}"),
        AnomalyKind::Errors => {
            format!("{service} fails more often in {what}: {before} → {now} of requests")
        }
        AnomalyKind::MissingChild => {
            format!("{service} leaves out a call in {what}: {before} → {now} of requests")
        }
        AnomalyKind::RetryStorm => {
            format!("{service} fails and is called again, {what}: {before} → {now} of requests")
        }
        AnomalyKind::NPlusOne => {
            format!("{service} repeats a call, {what}: {before} → {now} of requests")
        }
        AnomalyKind::MoreOften => {
            format!("{service} makes a call more often, {what}: {before} → {now} of requests")
        }
        AnomalyKind::NewCall => {
            format!("{service} makes a new call, {what}: {before} → {now} of requests")
        }
        AnomalyKind::NewEdge => format!("{service} makes new calls, {what}: {before} → {now}"),
        AnomalyKind::VanishedEdge => {
            format!("{service} makes no more calls, {what}: {before} → {now}")
        }
    }
}

/// With fewer traces in the baseline, most changes look like chance.
pub(crate) const ENOUGH_TRACES: u64 = 20;
const NOTHING_TO_COMPARE: &str =
    "There is nothing to compare with: no trace started in the baseline.";

fn row(anomaly: &Anomaly) -> Vec<Cell> {
    let (before, now) = (number(anomaly, anomaly.before), number(anomaly, anomaly.now));
    let trace =
        anomaly.evidence.first().map_or_else(|| "–".to_owned(), |seen| seen.trace_id.to_string());
    vec![
        kind(anomaly.kind).into(),
        line(&anomaly.service).into(),
        line(&anomaly.component).into(),
        before.into(),
        now.into(),
        format!("{:.2}", anomaly.score).into(),
        trace.into(),
    ]
}

/// `number` of `anomaly` as text, in the unit of the kind of the anomaly: a duration, a count of
/// calls, or a percentage.
fn number(anomaly: &Anomaly, number: f64) -> String {
    match anomaly.kind {
        AnomalyKind::Slower => duration(number as i64),
        AnomalyKind::NewEdge | AnomalyKind::VanishedEdge => counted(number as u64, "call"),
        _ => format!("{:.1}%", number * 100.0),
    }
}

/// The name of a kind: `slower`, `missing call`.
pub(crate) const fn kind(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Slower => "slower",
        AnomalyKind::Errors => "errors",
        AnomalyKind::MissingChild => "missing call",
        AnomalyKind::RetryStorm => "retry storm",
        AnomalyKind::NPlusOne => "N+1 calls",
        AnomalyKind::MoreOften => "more often",
        AnomalyKind::NewCall => "new call",
        AnomalyKind::NewEdge => "new edge",
        AnomalyKind::VanishedEdge => "vanished edge",
    }
}

/// The legend: one line for each kind in `found`, which explains the kind.
fn legend(found: &[Anomaly]) -> String {
    let mut text = String::new();
    let mut listed: Vec<AnomalyKind> = Vec::new();
    for kind in found.iter().map(|anomaly| anomaly.kind) {
        if !listed.contains(&kind) {
            listed.push(kind);
        }
    }
    for of in listed {
        let _ = writeln!(text, "{}: {}.", kind(of), meaning(of));
    }
    text
}

const fn meaning(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Slower => "takes longer, not counting what it calls",
        AnomalyKind::Errors => {
            "a larger share of requests fails although the calls that they make succeed"
        }
        AnomalyKind::MissingChild => {
            "a larger share of requests ends without a call that was made in the baseline"
        }
        AnomalyKind::RetryStorm => "a larger share of requests repeats a call that fails",
        AnomalyKind::NPlusOne => "a larger share of requests repeats a call that succeeds",
        AnomalyKind::MoreOften => "a larger share of requests makes this call",
        AnomalyKind::NewCall => {
            "requests of an operation make a call that they do not make in the baseline"
        }
        AnomalyKind::NewEdge => {
            "a caller makes calls to a callee that it did not call in the baseline"
        }
        AnomalyKind::VanishedEdge => {
            "in the baseline a caller made calls to this callee; now it makes none"
        }
    }
}
