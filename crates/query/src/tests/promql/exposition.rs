//! The metrics of calls on `/metrics`.

use coral_trace::UnixNanos;

use crate::Budget;
use crate::span_metrics::SpanExposition;
use crate::tests::shop::{NOON, shop};

const MINUTE: u64 = 60_000_000_000;

fn lines(text: &str, start: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn counters_rise_from_one_scrape_to_the_next_and_count_each_request_once() {
    let (_dir, from) = shop();
    let mut series = SpanExposition::new(UnixNanos(NOON - 10 * MINUTE), 100);
    let mut scrape = |at: u64| {
        let from = from.at(UnixNanos(at));
        let text = series.scrape(&from, &Budget::unlimited()).unwrap();
        let pay = "traces_spanmetrics_calls_total{protocol=\"http\",service=\"shop\",\
                   span_kind=\"SPAN_KIND_SERVER\",span_name=\"GET /pay\",\
                   status_code=\"STATUS_CODE_UNSET\"} ";
        lines(&text, pay).concat().rsplit(' ').next().map(str::to_owned).unwrap_or_default()
    };
    // Requests are counted a minute after their end: one ended soon after each minute.
    assert_eq!(scrape(NOON - 9 * MINUTE), "");
    assert_eq!(scrape(NOON - 6 * MINUTE + MINUTE / 2), "4");
    assert_eq!(scrape(NOON - 6 * MINUTE + MINUTE / 2), "4", "a second scrape adds nothing");
    assert_eq!(scrape(NOON + 2 * MINUTE), "10");
}

#[test]
fn a_histogram_has_all_its_buckets_and_agrees_with_its_count() {
    let (_dir, from) = shop();
    let mut series = SpanExposition::new(UnixNanos(NOON - 60 * MINUTE), 100);
    let from = from.at(UnixNanos(NOON + 2 * MINUTE));
    let text = series.scrape(&from, &Budget::unlimited()).unwrap();
    let edge = "traces_service_graph_request_server_seconds_bucket{client=\"user\",\
                connection_type=\"virtual_node\",server=\"shop\",le=";
    let buckets = lines(&text, edge);
    assert_eq!(buckets.len(), 9);
    assert!(buckets[0].ends_with("le=\"0.1\"} 20") && buckets[8].ends_with("le=\"+Inf\"} 30"));
    let types = lines(&text, "# TYPE traces_");
    assert_eq!(types.len(), 6, "each metric has its type once: {types:?}");
}

#[test]
fn series_beyond_the_limit_are_left_out_and_counted() {
    let (_dir, from) = shop();
    let mut series = SpanExposition::new(UnixNanos(NOON - 60 * MINUTE), 1);
    let from = from.at(UnixNanos(NOON + 2 * MINUTE));
    let text = series.scrape(&from, &Budget::unlimited()).unwrap();
    assert_eq!(lines(&text, "traces_spanmetrics_calls_total").len(), 1);
    assert_eq!(lines(&text, "traces_service_graph_request_total").len(), 1);
    // Two further operations, and one further edge.
    assert_eq!(
        lines(&text, "coral_colony_span_metrics_series_left_out"),
        ["coral_colony_span_metrics_series_left_out 3"]
    );
}
