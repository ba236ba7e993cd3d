//! The beginning of a change that few of the stored traces show, by RED metrics.

use std::sync::Arc;

use coral_engine::{MetricCheckpoint, PageWriter};
use coral_store::{Store, StoreConfig};
use coral_trace::red::{Delta, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, UnixNanos};
use tempfile::TempDir;

use super::beginning::{MINUTE_US, ask, minutes_ago};
use super::shop::{NOON, request};
use crate::WhyQuestion;
use crate::answer::{Coverage, CoverageGap, LeftOut, Why};
use crate::coverage::leaves_out;

const SECOND: u64 = 1_000_000_000;
const HOURS: u64 = 4;
/// How many minutes ago requests began to fail.
const FAILING: u64 = 12;

/// A store with four hours of traces, one in two minutes, none of which fails.
fn sampled_traces() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    let trace = |number| request(number, "shop", "/list", 120 * number, 20 + number % 5);
    store.append(&[(1..=HOURS * 30).map(trace).collect()], UnixNanos(NOON)).unwrap();
    (dir, store)
}

/// The row of ten seconds that ended `number` times ten seconds before noon.
fn row(number: u64, series: &Arc<Series>, count: u64) -> Delta {
    Delta {
        series: series.clone(),
        since: UnixNanos(NOON - 10 * SECOND * (number + 1)),
        time: UnixNanos(NOON - 10 * SECOND * number),
        histogram: Histogram::new([25_000_000], vec![count, 0], None).unwrap(),
        exemplars: Vec::new(),
    }
}

/// The requests of the route `/list` with this status.
fn series(status: u16) -> Arc<Series> {
    Arc::new(Series {
        protocol: Protocol::Http,
        side: Side::Server,
        service: "shop".to_owned(),
        operation: "GET".to_owned(),
        target: "/list".to_owned(),
        status: Some(status),
        error: String::new(),
        attributes: Attributes::default(),
    })
}

/// Rows of every ten seconds for the route `/list`, of which 20 of 100 requests have failed since
/// [`FAILING`] minutes.
fn append_metrics(store: &Store) {
    let (good, bad) = (series(200), series(503));
    let rows = (1..HOURS * 360).flat_map(|number| {
        let failed = if number <= FAILING * 6 { 20 } else { 0 };
        [row(number, &good, 100 - failed), row(number, &bad, failed)]
    });
    let checkpoint = MetricCheckpoint {
        agent_id: "web-1".to_owned(),
        store_id: "web-1".to_owned(),
        next_receipt: 1,
        rows_stored: 0,
        rows_missed: 0,
    };
    PageWriter::append_metric_page(store, rows.collect(), UnixNanos(NOON), &checkpoint).unwrap();
}

fn why(store: &Store, service: Option<&str>, route: Option<&str>) -> Why {
    let now = (NOON / 1_000) as i64;
    let question = WhyQuestion {
        service: service.map(str::to_owned),
        route: route.map(str::to_owned),
        since_unix_us: now - 15 * MINUTE_US,
        until_unix_us: now,
        baseline_us: 60 * MINUTE_US,
        find_beginning: true,
        ..WhyQuestion::default()
    };
    ask(store, None, &question)
}

#[test]
fn metrics_tell_when_a_change_began_that_the_sampled_traces_do_not_show() {
    let (_dir, store) = sampled_traces();
    assert_eq!(why(&store, None, None).began, None);
    append_metrics(&store);
    for (service, route) in [(None, None), (Some("shop"), None), (Some("shop"), Some("/list"))] {
        let began = minutes_ago(why(&store, service, route).began);
        assert_eq!(began, Some(FAILING as i64), "{service:?} {route:?}");
    }
    for (service, route) in [(Some("stock"), None), (Some("shop"), Some("/cart"))] {
        assert_eq!(why(&store, service, route).began, None, "{service:?} {route:?}");
    }
}

#[test]
fn requests_that_an_agent_with_a_gap_counted_are_not_searched_for_a_beginning() {
    let counted = row(6, &series(200), 10);
    let gap = |agent: &str, gap, left_out| Coverage {
        agent_id: agent.to_owned(),
        gap,
        since: Some(UnixNanos(NOON - 120 * SECOND)),
        until: Some(UnixNanos(NOON - 30 * SECOND)),
        services: vec!["shop".to_owned()],
        services_cut: false,
        left_out,
        traces_affected: 0,
        sampling: None,
    };
    use CoverageGap::{SamplingChanged, Unreachable};
    for (gap, expected) in [
        (gap("web-1", Unreachable, LeftOut::Spans), true),
        (gap("web-2", Unreachable, LeftOut::Spans), false),
        (gap("web-2", Unreachable, LeftOut::Traces), true),
        (gap("web-1", Unreachable, LeftOut::Nothing), false),
        // Metrics count requests that are not sampled too.
        (gap("web-1", SamplingChanged, LeftOut::Spans), false),
    ] {
        assert_eq!(leaves_out(std::slice::from_ref(&gap), "web-1", &counted), expected, "{gap:?}");
    }
}
