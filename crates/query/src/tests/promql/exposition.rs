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
        series.count(&from, &Budget::unlimited()).unwrap();
        let text = series.text();
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
    series.count(&from, &Budget::unlimited()).unwrap();
    let text = series.text();
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
    series.count(&from, &Budget::unlimited()).unwrap();
    let text = series.text();
    assert_eq!(lines(&text, "traces_spanmetrics_calls_total").len(), 1);
    assert_eq!(lines(&text, "traces_service_graph_request_total").len(), 1);
    // Two further operations, and one further edge.
    assert_eq!(
        lines(&text, "coral_colony_span_metrics_series_left_out"),
        ["coral_colony_span_metrics_series_left_out 3"]
    );
}

#[test]
fn the_slowest_request_since_the_last_scrape_is_the_exemplar_of_its_bucket() {
    let (_dir, from) = shop();
    let mut series = SpanExposition::new(UnixNanos(NOON - 60 * MINUTE), 100);
    let mut scrape = |at: u64| {
        series.count(&from.at(UnixNanos(at)), &Budget::unlimited()).unwrap();
        assert!(!series.text().contains(" # "), "the usual text has none");
        let buckets = lines(&series.text_with_exemplars(), "traces_spanmetrics_latency_bucket{");
        let pay = |line: &String| line.contains("GET /pay") && line.contains(" # ");
        buckets.into_iter().filter(pay).collect::<Vec<_>>()
    };
    // Requests 26 to 30 ended before; the slowest of them began ten minutes before noon.
    let labels = "protocol=\"http\",service=\"shop\",span_kind=\"SPAN_KIND_SERVER\",\
                  span_name=\"GET /pay\",status_code=\"STATUS_CODE_UNSET\",le=\"0.512\"";
    let exemplar = |count: u32, id: &str, seconds: &str, time: &str| {
        format!(
            "traces_spanmetrics_latency_bucket{{{labels}}} {count} # \
             {{trace_id=\"{id:0>32}\",span_id=\"{id:0>16}\"}} {seconds} {time}"
        )
    };
    let found = scrape(NOON - 4 * MINUTE);
    assert_eq!(found, [exemplar(5, "1e", "0.33", "1795607400.33")]);
    let found = scrape(NOON + 2 * MINUTE);
    assert_eq!(found, [exemplar(10, "19", "0.325", "1795607700.325")]);
}
