//! RED metrics as a table, with the change since an earlier window and with traces of slow requests.

use std::fmt::Write as _;

use crate::duration::{self, duration};
use crate::failure::fails_in;
use crate::percent::rate;
use crate::screen::{Emphasis, Screen};
use crate::table::{Cell, Table, name as name_column, whole};
use crate::why::did_you_mean;
use coral_query::answer::{NoSlowTrace, RedNumbers, RedRow, RedTable, SlowRow, SlowTrace};
use coral_query::{RedProtocol, RedSide, RedSource};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted, instant};

/// The page of `coral query beyla http|grpc|sql`: heading, table and `Overall` line, then whatever
/// else the question wants: the earlier window, slow traces. `window` is the window in words:
/// `last 1 hour`.
pub fn red_table(red: &RedTable, window: &str, screen: Screen) -> String {
    if red.rows.is_empty() && red.overall_before.as_ref().is_none_or(|before| before.requests == 0)
    {
        return nothing(red, window);
    }
    let mut text =
        format!("{} ({}, {window}):\n\n", title(red.protocol, red.side), line(&red.service));
    text.push_str(&rows(red, screen));
    let _ = writeln!(text, "\nOverall: {}", overall(&red.overall));
    if let Some(before) = &red.overall_before {
        let change = match before.requests {
            0 => String::new(),
            _ => format!(" ({})", change(&red.overall, before)),
        };
        let _ = writeln!(text, "Before:  {}{change}", overall(before));
    }
    if red.requests_left_out > 0 {
        let left_out = counted(red.requests_left_out, "request");
        let _ = writeln!(
            text,
            "These numbers include {left_out} in no row: a table has at most {} rows.",
            count(RedTable::MAX_ROWS as u64)
        );
    }
    text.push_str(&basis(red));
    for slow in red.slow.iter().flatten() {
        text.push_str(&slow_row(slow, red, screen));
    }
    if red.slow.as_ref().is_some_and(Vec::is_empty) {
        text.push_str("\nNo row has a P95 above the threshold.\n");
    }
    text
}

/// What the requests were counted from, and how that agrees with the metrics.
fn basis(red: &RedTable) -> String {
    match red.requests_by_metrics {
        Some(_) if red.metrics_missing => {
            format!("{}.\n", from_spans(title(red.protocol, red.side), &line(&red.service)))
        }
        Some(0) => format!("No RED metrics of {} in this window.\n", line(&red.service)),
        Some(by_metrics) => agreement(red.overall.requests, by_metrics),
        None => {
            "Counted from Beyla's metrics, with percentiles (≈) from histogram buckets; --source \
             spans counts stored spans.\n"
                .to_owned()
        }
    }
}

/// Says that the requests of `service` in the table `title` were counted from spans because there
/// are no metrics of them: a sentence without a full stop.
pub(crate) fn from_spans(title: &str, service: &str) -> String {
    format!("Counted from spans: no RED metrics ({title}) of {service} in this window")
}

/// The title of a table.
pub(crate) const fn title(protocol: RedProtocol, side: RedSide) -> &'static str {
    match (protocol, side) {
        (RedProtocol::Http, RedSide::Server) => "HTTP Requests",
        (RedProtocol::Http, RedSide::Client) => "HTTP Requests Made",
        (RedProtocol::Grpc, RedSide::Server) => "gRPC Calls",
        (RedProtocol::Grpc, RedSide::Client) => "gRPC Calls Made",
        (RedProtocol::Sql, _) => "SQL Statements",
    }
}

fn nothing(red: &RedTable, window: &str) -> String {
    let (what, service) = (title(red.protocol, red.side), line(&red.service));
    let status = "`coral agent status` shows whether metrics of Beyla arrive \
                  (coral.agent.metric_points.received)";
    let hint = match (red.source, red.protocol, red.side) {
        (RedSource::Spans, ..) => {
            "without `--source spans`, requests that were not sampled count too".to_owned()
        }
        _ if !red.metrics_missing => {
            format!(
                "without `--source metrics`, stored spans are counted if there are no metrics; {status}"
            )
        }
        (_, RedProtocol::Http | RedProtocol::Grpc, RedSide::Server) => format!(
            "neither metrics nor stored spans have any; `--side client` shows the requests that the service made; \
             {status}"
        ),
        _ => format!(
            "neither metrics nor stored spans have any; an earlier --since may find older ones; {status}"
        ),
    };
    let hint = did_you_mean(&red.did_you_mean).unwrap_or_else(|| format!("Hint: {hint}.\n"));
    format!("No {what} of {service} ({window}).\n{hint}")
}

fn rows(red: &RedTable, screen: Screen) -> String {
    let compared = red.overall_before.is_some();
    let is_grpc = red.protocol == RedProtocol::Grpc;
    let mut columns = match red.protocol {
        RedProtocol::Http => vec![name_column("Route")],
        RedProtocol::Grpc => vec![name_column("Method")],
        RedProtocol::Sql => vec![name_column("Statement")],
    };
    let numbers = [("Requests", 4), ("P50", 3), ("P95", 5), ("P99", 2), ("Errors", 6)];
    columns.extend(numbers.map(|(heading, rank)| whole(heading).optional(rank)));
    columns.extend(is_grpc.then_some(whole("Statuses").optional(0)));
    columns.extend(compared.then_some(name_column("Before").optional(1)));
    let cells = |row: &RedRow| -> Vec<Cell> {
        let numbers = &row.numbers;
        let failed = if numbers.errors > 0 { Emphasis::Error } else { Emphasis::None };
        let mut cells = vec![line(&name(row)).into(), count(numbers.requests).into()];
        let percentiles = [numbers.p50_us, numbers.p95_us, numbers.p99_us];
        cells.extend(percentiles.map(|known| Cell::from(percentile(known, numbers))));
        cells.push(Cell::emphasised(rate(numbers.error_rate), failed));
        cells.extend(is_grpc.then(|| statuses(numbers).into()));
        cells.extend(compared.then(|| match &row.before {
            Some(before) => change(numbers, before).into(),
            None => "new".into(),
        }));
        cells
    };
    Table::new(columns, red.rows.iter().map(cells).collect()).text(screen)
}

fn name(row: &RedRow) -> String {
    let words = [&row.method, &row.route, &row.operation, &row.table];
    let words: Vec<&str> =
        words.into_iter().flatten().map(String::as_str).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "(no name)".to_owned() } else { words.join(" ") }
}

/// A percentile as text; `-` if it is unknown.
fn percentile(known: Option<i64>, numbers: &RedNumbers) -> String {
    duration::percentile(known, numbers.exact, numbers.beyond_us, "-")
}

fn statuses(numbers: &RedNumbers) -> String {
    let each = numbers
        .statuses
        .iter()
        .map(|(status, number)| format!("{} {}", line(status), count(*number)));
    each.collect::<Vec<_>>().join(", ")
}

fn overall(numbers: &RedNumbers) -> String {
    if numbers.requests == 0 {
        return "no requests".to_owned();
    }
    let p95 = percentile(numbers.p95_us, numbers);
    let (requests, errors) = (counted(numbers.requests, "request"), rate(numbers.error_rate));
    format!("{requests}, P95 {p95}, {errors} errors")
}

/// The change between two windows: `requests +20%, P95 -5%, errors +1.2 points`.
fn change(now: &RedNumbers, before: &RedNumbers) -> String {
    let mut parts =
        vec![format!("requests {}", relative(now.requests as f64, before.requests as f64))];
    parts.push(match (now.p95_us, before.p95_us) {
        (Some(now), Some(before)) => format!("P95 {}", relative(now as f64, before as f64)),
        (None, None) => "P95 unknown".to_owned(),
        _ => format!("P95 was {}", percentile(before.p95_us, before)),
    });
    let points = (now.error_rate - before.error_rate) * 100.0;
    if points.abs() >= 0.05 {
        parts.push(format!("errors {points:+.1} points"));
    }
    parts.join(", ")
}

fn relative(now: f64, before: f64) -> String {
    if before == 0.0 {
        return if now == 0.0 { "±0%".to_owned() } else { "from 0".to_owned() };
    }
    match ((now / before - 1.0) * 100.0).round() {
        0.0 => "±0%".to_owned(),
        percent => format!("{percent:+}%"),
    }
}

fn agreement(spans: u64, metrics: u64) -> String {
    match metrics.checked_sub(spans) {
        Some(0) => "Metrics count the same number of requests.\n".to_owned(),
        Some(more) => format!(
            "Metrics count {}: {} have no stored span (not sampled, expired, or not exported yet).\n",
            count(metrics),
            count(more)
        ),
        None => format!(
            "Metrics count {}: {} fewer (expired, not exported yet, or lost with a Beyla that ended: Beyla \
             exports metrics later than spans).\n",
            count(metrics),
            count(spans - metrics)
        ),
    }
}

fn slow_row(slow: &SlowRow, red: &RedTable, screen: Screen) -> String {
    let over = duration(slow.over_us);
    let approximate = if red.source == RedSource::Spans { "" } else { "≈" };
    let threshold = match slow.p95_us {
        // An exact P95 is the duration of a request.
        Some(p95) if p95 == slow.over_us && red.source == RedSource::Spans => {
            format!("P95 {over} and slower")
        }
        Some(p95) => format!("over {over}, P95 {approximate}{}", duration(p95)),
        None => format!("over {over}"),
    };
    let mut text = format!("\n{} ({threshold}):\n", line(&slow.name));
    for trace in &slow.traces {
        let _ = writeln!(text, "  {}", slow_trace(trace, screen));
    }
    if let Some(reason) = slow.none_because {
        let _ = writeln!(text, "  No trace: {}.", no_slow_trace(reason));
    }
    text
}

fn slow_trace(trace: &SlowTrace, screen: Screen) -> String {
    let remark = if trace.stored { "" } else { " (not stored)" };
    let (latency, at) = (duration(trace.latency_us), instant(trace.time.as_micros()));
    let id = screen.faint(&trace.trace_id.to_string());
    let failure = trace.failure.as_ref();
    let failure = failure.map(|failure| screen.error(&format!("\n    └ {}", fails_in(failure))));
    format!("{id}  {latency:>6}  {at}{remark}{}", failure.unwrap_or_default())
}

/// Why no trace of a row's slow requests is stored: a sentence without a full stop.
pub(crate) fn no_slow_trace(reason: NoSlowTrace) -> &'static str {
    match reason {
        NoSlowTrace::NoTraces => {
            "no traces are stored at all; check that Beyla exports traces to this agent"
        }
        NoSlowTrace::TracesExpired => {
            "its traces have expired; metrics are kept longer than traces"
        }
        NoSlowTrace::NotSampled => "not sampled by Beyla",
        NoSlowTrace::WindowExpired => {
            "traces of that time have expired; metrics are kept longer than traces"
        }
        NoSlowTrace::NothingFound => {
            "no stored span is above the threshold, and no metric has an exemplar: the traces were not sampled, or \
             Beyla is older than version 2"
        }
    }
}
