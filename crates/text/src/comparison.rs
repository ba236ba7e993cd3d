//! Two traces, or two sets of traces, beside each other, as `coral trace compare` prints them.

use std::fmt::Write as _;

use crate::beginning::coverage_line;
use crate::duration::duration;
use crate::percent::percent;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name, whole};
use crate::wrap::folded;
use coral_query::answer::{
    ComparedAttribute, ComparedKind, ComparedRow, ComparedSide, ComparedTimes, Comparison,
    NotAligned,
};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::counted;

/// The largest number of operations that are listed.
const MAX_ROWS: usize = 60;

/// The page of `coral trace compare`. `now` is when it was asked.
pub fn comparison(found: &Comparison, now: UnixNanos, screen: Screen) -> String {
    let mut text = format!("A: {}\nB: {}\n", side(&found.a), side(&found.b));
    if let Some(reason) = found.not_aligned {
        let _ = writeln!(text, "\nNot aligned: {}.", not_aligned(reason));
    }
    if found.a.traces > 0 && found.b.traces > 0 {
        let _ = writeln!(text, "\nA takes {}.", difference_in_words(found.delta_us));
    }
    if !found.rows.is_empty() {
        text.push_str(&operations(found, screen));
    }
    if !found.attributes.is_empty() {
        text.push_str("\nValues that differ, by traces with a span of the service:\n\n");
        let rows = found.attributes.iter().map(attribute).collect();
        let columns =
            [name("Service").optional(0), name("Attribute"), name("Value"), whole("A"), whole("B")];
        text.push_str(&Table::new(columns, rows).text(screen));
    }
    if let Some(missing) = coverage_line(&found.coverage, now) {
        let _ = writeln!(text, "\n{missing}");
    }
    folded(&text, screen)
}

/// Why two sides are not aligned, as a sentence without a full stop.
pub(crate) fn not_aligned(reason: NotAligned) -> &'static str {
    match reason {
        NotAligned::NoTracesInA => "A has no traces",
        NotAligned::NoTracesInB => "B has no traces",
        NotAligned::DifferentOperations => {
            "A and B begin with different operations, so operations are compared wherever they are \
             called"
        }
    }
}

/// A side in words: `29 healthy traces of shop GET /list, P50 17ms, P95 19ms`.
fn side(side: &ComparedSide) -> String {
    let operation = match (&side.service, &side.operation) {
        (Some(service), Some(operation)) => format!(" of {} {}", line(service), line(operation)),
        _ => String::new(),
    };
    let cut = if side.cut { " (there are more)" } else { "" };
    let p50 = duration(side.duration_p50_us);
    if let (ComparedKind::Trace, Some(id)) = (side.kind, &side.trace_id) {
        let cut = if side.cut { " (there are more spans)" } else { "" };
        return format!("trace {id}{operation}, {p50}{cut}");
    }
    let noun = if side.healthy { "healthy trace" } else { "trace" };
    let search = side.q.as_ref().map(|q| format!(" that match `{}`", line(q)));
    let traces = counted(side.traces, noun);
    let mut text = format!("{traces}{}{operation}{cut}", search.unwrap_or_default());
    if side.traces > 0 {
        let _ = write!(text, ", P50 {p50}, P95 {}", duration(side.duration_p95_us));
    }
    text
}

/// A difference in words: `388ms longer than B`.
fn difference_in_words(micros: i64) -> String {
    let length = duration(micros.saturating_abs());
    match micros {
        0 => "as long as B".to_owned(),
        1.. => format!("{length} longer than B"),
        _ => format!("{length} less than B"),
    }
}

fn operations(found: &Comparison, screen: Screen) -> String {
    let rows = found.rows.iter().take(MAX_ROWS).map(row).collect();
    let columns = [
        name("Operation"),
        whole("A"),
        whole("B"),
        whole("Difference").optional(1),
        whole("Share").optional(0),
    ];
    let mut text = format!("\n{}", Table::new(columns, rows).text(screen));
    let more = found.rows.len().saturating_sub(MAX_ROWS) as u64 + found.rows_left_out;
    if more > 0 {
        let more = counted(more, "further operation");
        let _ = writeln!(text, "… {more}; `--format json` prints 2,000.");
    }
    text
}

fn row(row: &ComparedRow) -> Vec<Cell> {
    // Deeper operations are not moved further to the right, so that names stay readable.
    let indent = "  ".repeat(row.depth.min(12) as usize);
    let operation = format!("{indent}{} {}", line(&row.service), line(&row.name));
    let delta = row.delta_us.map(|micros| {
        let length = duration(micros.saturating_abs());
        match micros {
            0 => "0".to_owned(),
            1.. => format!("+{length}"),
            _ => format!("-{length}"),
        }
    });
    let only = match (&row.a, &row.b) {
        (Some(_), None) => "only in A",
        (None, Some(_)) => "only in B",
        _ => "–",
    };
    let share = row.share.filter(|share| share.abs() >= 0.005);
    let share = share.map(|share| {
        let sign = if share < 0.0 { "-" } else { "" };
        format!("{sign}{}", percent(share.abs()))
    });
    vec![
        operation.into(),
        times(row.a.as_ref()),
        times(row.b.as_ref()),
        delta.unwrap_or_else(|| only.to_owned()).into(),
        share.unwrap_or_default().into(),
    ]
}

/// How long an operation takes: `5ms ×2, 1 failed`.
fn times(times: Option<&ComparedTimes>) -> Cell {
    let Some(times) = times else { return "–".into() };
    let mut text = duration(times.p50_us);
    if times.calls >= 1.05 {
        let _ = write!(text, " ×{}", (times.calls * 10.0).round() / 10.0);
    }
    if times.errors > 0 {
        let _ = write!(text, ", {} failed", coral_trace::units::count(times.errors));
    }
    Cell::emphasised(text, if times.errors > 0 { Emphasis::Error } else { Emphasis::None })
}

fn attribute(found: &ComparedAttribute) -> Vec<Cell> {
    let of = |count: u64, of: u64| {
        let [count, of] = [count, of].map(coral_trace::units::count);
        format!("{count} of {of}")
    };
    vec![
        line(&found.service).into(),
        line(&found.key).into(),
        line(&found.value).into(),
        of(found.a, found.a_of).into(),
        of(found.b, found.b_of).into(),
    ]
}
