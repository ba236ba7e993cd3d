//! The slowest requests of a service, or those that fail most, in words.

use coral_query::RedSource;
use coral_query::answer::{Intent, RedRow, RequestFindings, Understanding};
use coral_trace::units::counted;

use super::command;
use super::number::{p95, short};
use super::page::Page;
use crate::percent::percent;
use crate::red_table;

/// Writes the section: one line for each row of requests.
pub(super) fn write(understanding: &Understanding, found: &RequestFindings, page: &mut Page) {
    let query = page.query(command::red(&found.query, &understanding.window));
    page.section(title(understanding.intent));
    from_spans(found, page);
    for row in &found.rows {
        let numbers = &row.numbers;
        let (name, p95) = (short(&row_name(row)), p95(numbers));
        let (requests, rate) = (counted(numbers.requests, "request"), percent(numbers.error_rate));
        page.line(query, format!("{name}: P95 {p95}, {requests}, {rate} failed"));
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
pub(super) fn title(intent: Intent) -> &'static str {
    match intent {
        Intent::Errors => "Most failures first",
        _ => "Slowest first, by P95",
    }
}

/// The name of a row: `POST /validate`.
pub(super) fn row_name(row: &RedRow) -> String {
    let names = [&row.method, &row.route].into_iter().flatten();
    let words: Vec<&str> = names.map(String::as_str).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}
