//! RED metrics as RFD 032 prints them, with the window before and the traces behind.

use std::fmt::Write as _;

use super::table::{cut, table};
use crate::duration::duration;
use coral_query::answer::{NoSlowTrace, RedNumbers, RedRow, RedTable, SlowRow, SlowTrace};
use coral_query::{RedProtocol, RedSide, RedSource};
use coral_trace::sanitize::line;
use coral_trace::units::{count, counted, instant};

/// The widest that the name of a row is printed.
const MAX_NAME_WIDTH: usize = 38;

/// A heading, the table, the Overall line, and what was asked for besides. `window` is `last 1 hour`.
pub fn red_table(red: &RedTable, window: &str) -> String {
    if red.rows.is_empty() && red.overall_before.as_ref().is_none_or(|before| before.requests == 0)
    {
        return nothing(red, window);
    }
    let mut text = format!("{} ({}, {window}):\n\n", title(red), line(&red.service));
    text.push_str(&rows(red));
    let _ = writeln!(text, "\nOverall: {}", overall(&red.overall));
    if let Some(before) = &red.overall_before {
        let change = match before.requests {
            0 => String::new(),
            _ => format!(" ({})", change(&red.overall, before)),
        };
        let _ = writeln!(text, "Before:  {}{change}", overall(before));
    }
    if let Some(by_metrics) = red.requests_by_metrics {
        text.push_str(&agreement(red.overall.requests, by_metrics));
    }
    for slow in red.slow.iter().flatten() {
        text.push_str(&slow_row(slow));
    }
    if red.slow.as_ref().is_some_and(Vec::is_empty) {
        text.push_str("\nThe P95 of no row is over the line.\n");
    }
    text
}

fn title(red: &RedTable) -> &'static str {
    match (red.protocol, red.side) {
        (RedProtocol::Http, RedSide::Server) => "HTTP Requests",
        (RedProtocol::Http, RedSide::Client) => "HTTP Requests Made",
        (RedProtocol::Grpc, RedSide::Server) => "gRPC Calls",
        (RedProtocol::Grpc, RedSide::Client) => "gRPC Calls Made",
        (RedProtocol::Sql, _) => "SQL Statements",
    }
}

fn nothing(red: &RedTable, window: &str) -> String {
    let (what, service) = (title(red), line(&red.service));
    let hint = match (red.protocol, red.side, red.source) {
        (_, _, RedSource::Spans) => "`--source metrics` counts requests that were not sampled",
        (RedProtocol::Http | RedProtocol::Grpc, RedSide::Server, _) => {
            "`--side client` shows what the service asked of others; `coral agent status` shows whether \
             Beyla's metrics arrive (coral.agent.metric_points.received)"
        }
        _ => {
            "`coral agent status` shows whether Beyla's metrics arrive \
             (coral.agent.metric_points.received); an earlier --since may find older ones"
        }
    };
    format!("No {what} of {service} ({window}).\nHint: {hint}.\n")
}

fn rows(red: &RedTable) -> String {
    let compared = red.overall_before.is_some();
    let is_grpc = red.protocol == RedProtocol::Grpc;
    let mut columns = match red.protocol {
        RedProtocol::Http => vec!["Route"],
        RedProtocol::Grpc => vec!["Method"],
        RedProtocol::Sql => vec!["Statement"],
    };
    columns.extend(["Requests", "P50", "P95", "P99", "Errors"]);
    columns.extend(is_grpc.then_some("Statuses"));
    columns.extend(compared.then_some("Before"));
    let cells = |row: &RedRow| {
        let numbers = &row.numbers;
        let mut cells = vec![cut(&line(&name(row)), MAX_NAME_WIDTH), count(numbers.requests)];
        let percentiles = [numbers.p50_us, numbers.p95_us, numbers.p99_us];
        cells.extend(percentiles.map(|known| percentile(known, numbers)));
        cells.push(percent(numbers.error_rate));
        cells.extend(is_grpc.then(|| statuses(numbers)));
        cells.extend(compared.then(|| match &row.before {
            Some(before) => change(numbers, before),
            None => "new".to_owned(),
        }));
        cells
    };
    table(&columns, &red.rows.iter().map(cells).collect::<Vec<_>>())
}

fn name(row: &RedRow) -> String {
    let words = [&row.method, &row.route, &row.operation, &row.table];
    let words: Vec<&str> =
        words.into_iter().flatten().map(String::as_str).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "(not said)".to_owned() } else { words.join(" ") }
}

/// `98ms`; `>10s` beyond the last bound; `-` when nothing is known.
fn percentile(known: Option<i64>, numbers: &RedNumbers) -> String {
    match (known, numbers.beyond_us) {
        (Some(micros), _) => duration(micros),
        (None, Some(bound)) => format!(">{}", duration(bound)),
        (None, None) => "-".to_owned(),
    }
}

/// `0%`, `0.15%`, `12.5%`, `100%`; what is not nothing is never `0%`.
fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent {
        0.0 => "0%".to_owned(),
        _ if percent < 0.01 => "<0.01%".to_owned(),
        _ if percent < 1.0 => format!("{percent:.2}%"),
        _ if percent < 100.0 => format!("{percent:.1}%"),
        _ => "100%".to_owned(),
    }
}

fn statuses(numbers: &RedNumbers) -> String {
    let each = numbers
        .statuses
        .iter()
        .map(|(status, number)| format!("{} {}", line(status), count(*number)));
    each.collect::<Vec<_>>().join(", ")
}

fn overall(numbers: &RedNumbers) -> String {
    let p95 = percentile(numbers.p95_us, numbers);
    let (requests, errors) = (counted(numbers.requests, "request"), percent(numbers.error_rate));
    format!("{requests}, P95 {p95}, {errors} errors")
}

/// `requests +20%, P95 -5%, errors +1.2 points`.
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
        Some(0) => "Metrics count the same.\n".to_owned(),
        Some(more) => format!(
            "Metrics count {}: {} without a stored span (sampled out, expired or not yet exported).\n",
            count(metrics),
            count(more)
        ),
        None => format!(
            "Metrics count {}: {} fewer (Beyla exports them later than spans, or they have expired).\n",
            count(metrics),
            count(spans - metrics)
        ),
    }
}

fn slow_row(slow: &SlowRow) -> String {
    let p95 = slow.p95_us.map_or_else(String::new, |p95| format!(", P95 {}", duration(p95)));
    let over = duration(slow.over_us);
    let mut text = format!("\n{} (over {over}{p95}):\n", line(&slow.name));
    for trace in &slow.traces {
        let _ = writeln!(text, "  {}", slow_trace(trace));
    }
    if let Some(reason) = slow.none_because {
        let _ = writeln!(text, "  No trace: {}.", no_slow_trace(reason));
    }
    text
}

fn slow_trace(trace: &SlowTrace) -> String {
    let remark = if trace.stored { "" } else { " (not sampled)" };
    let (latency, at) = (duration(trace.latency_us), instant(trace.time.as_micros()));
    format!("{}  {latency:>6}  {at}{remark}", trace.trace_id)
}

/// Why no trace behind a row is stored: a sentence without a full stop.
pub(crate) fn no_slow_trace(reason: NoSlowTrace) -> &'static str {
    match reason {
        NoSlowTrace::NoTraces => "no traces are stored at all: does Beyla export them here?",
        NoSlowTrace::TracesExpired => {
            "its traces have expired: metrics are kept longer than traces"
        }
        NoSlowTrace::NotSampled => "not sampled: Beyla's sampler left these traces out",
        NoSlowTrace::WindowExpired => {
            "traces of that time have expired: metrics are kept longer than traces"
        }
        NoSlowTrace::NothingFound => {
            "no stored span of it is over the line, and no metric names one: sampled out, or without \
             exemplars as before Beyla 2"
        }
    }
}
