//! The slowest requests of a service, or those that fail most, in words.

use coral_query::RedSource;
use coral_query::answer::{Intent, RedNumbers, RedRow, RequestFindings, Understanding};
use coral_trace::units::counted;

use super::command;
use super::number::short;
use super::page::Page;
use crate::duration;
use crate::percent::percent;
use crate::red_table;

/// Writes the section: one line for each row of requests.
pub(super) fn write(understanding: &Understanding, found: &RequestFindings, page: &mut Page) {
    let query = page.query(command::red(&found.query, &understanding.window));
    page.section(title(understanding));
    from_spans(found, page);
    let words = |name: &str, numbers: &RedNumbers| {
        let percentile = percentile(numbers, understanding.quantile);
        let (requests, rate) = (counted(numbers.requests, "request"), percent(numbers.error_rate));
        format!("{name}: {percentile}, {requests}, {rate} failed")
    };
    let is_of_all = matches!(understanding.intent, Intent::Latency | Intent::Errors);
    if is_of_all && understanding.route.is_none() {
        let name = format!("all requests of {}", short(&found.query.service));
        page.line(query, words(&name, &found.overall));
    }
    for row in &found.rows {
        page.line(query, words(&short(&row_name(row)), &row.numbers));
    }
    page.or_nothing(query, "no requests in this window");
}

/// Adds a remark that the requests were counted from spans, if they were: English questions name no
/// source, so there are no metrics.
pub(super) fn from_spans(found: &RequestFindings, page: &mut Page) {
    if found.query.source == Some(RedSource::Spans) {
        page.remark(red_table::from_spans(
            red_table::title(found.query.protocol, found.query.side),
            &short(&found.query.service),
        ));
    }
}

/// The title of a section that lists either the most failures or the slowest first.
pub(super) fn title(understanding: &Understanding) -> String {
    match understanding.intent {
        Intent::Errors => "Most failures first".to_owned(),
        _ => format!("Slowest first, by {}", percentile_name(understanding.quantile)),
    }
}

/// The name of the percentile that the question asks for, or `P95`.
pub(super) const fn percentile_name(quantile: Option<u8>) -> &'static str {
    match quantile {
        Some(50) => "P50",
        Some(99) => "P99",
        _ => "P95",
    }
}

/// The percentile that the question asks for, or P95: `P99 98ms`.
fn percentile(numbers: &RedNumbers, quantile: Option<u8>) -> String {
    let micros = match quantile {
        Some(50) => numbers.p50_us,
        Some(99) => numbers.p99_us,
        _ => numbers.p95_us,
    };
    let text = duration::percentile(micros, numbers.exact, numbers.beyond_us, "unknown");
    format!("{} {text}", percentile_name(quantile))
}

/// The name of a row: `POST /validate`.
pub(super) fn row_name(row: &RedRow) -> String {
    let names = [&row.method, &row.route].into_iter().flatten();
    let words: Vec<&str> = names.map(String::as_str).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
