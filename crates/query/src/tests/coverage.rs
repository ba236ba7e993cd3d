//! Changes of coverage are told, and are no causes, edges or changes: with a coverage timeline.

use std::ops::Range;

use coral_engine::{
    AgentMinute, Checkpoint, Minute, Page, PageContent, PageWriter as _, PolledMinute,
    RequestCounts,
};
use coral_store::{Store, StoreConfig};
use coral_trace::red::Protocol;
use coral_trace::{Collector, TimeRange, UnixNanos};
use tempfile::TempDir;

use super::beginning::{MINUTE_US, ask, call, minutes_ago};
use super::shop::{NOON, request};
use crate::answer::{Coverage, CoverageGap, LeftOut, Reason, UnknownHealth, Verdict, Why};
use crate::reader::Reader;
use crate::status::answer::ColonyStatus;
use crate::{
    AnomaliesQuestion, Budget, FleetState, ServicesQuestion, Sources, TopologyQuestion,
    TraceHealthQuestion, TracesQuestion, WhyQuestion,
};

pub(super) const NOW: i64 = (NOON / 1_000) as i64;
pub(super) const MINUTES: u64 = 180;

/// A colony with the agents `web-1` and `web-2`, whose minutes are recorded.
pub(super) struct Colony {
    _dir: TempDir,
    pub(super) store: Store,
}

/// The instant `minutes` before noon.
fn ago(minutes: u64) -> UnixNanos {
    UnixNanos(NOON - minutes * 60_000_000_000)
}

impl Colony {
    /// Six requests a minute to `shop`, which calls `stock`. The spans of `stock` are from `web-2`,
    /// if `is_seen` returns true for the minutes before noon and the number of the request; `stock`
    /// takes `ms` milliseconds by the minutes before noon.
    pub(super) fn new(ms: impl Fn(u64) -> u64, is_seen: impl Fn(u64, u64) -> bool) -> Self {
        Self::sampled(ms, is_seen, |_, _| true)
    }

    /// As [`new`](Self::new), with the requests only for which `is_traced` returns true.
    pub(super) fn sampled(
        ms: impl Fn(u64) -> u64,
        is_seen: impl Fn(u64, u64) -> bool,
        is_traced: impl Fn(u64, u64) -> bool,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
        let store = Store::open(config).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for number in 1..=6 * MINUTES {
            let minutes = 10 * number / 60;
            if !is_traced(minutes, number) {
                continue;
            }
            let took = 10 + number % 5 + ms(minutes);
            let request = request(number, "shop", "/list", 10 * number, took + 5 + number % 7);
            let [client, server] = call(&request, took);
            first.extend([request, client]);
            second.extend(Some(server).filter(|_| is_seen(minutes, number)));
        }
        // The oldest are received first.
        first.reverse();
        second.reverse();
        let pages = [("web-1", first), ("web-2", second)].map(|(agent, spans)| Page {
            checkpoint: Checkpoint {
                agent_id: agent.to_owned(),
                collector: Collector::Ebpf,
                store_id: agent.to_owned(),
                next_receipt: spans.len() as u64,
                spans_stored: 0,
                spans_missed: 0,
            },
            content: PageContent::Spans(spans),
            received: UnixNanos(NOON),
        });
        store.append_pages(pages.into()).into_iter().for_each(|page| drop(page.unwrap()));
        let colony = Self { _dir: dir, store };
        colony.record("web-1", "shop", 0..MINUTES, |minutes| answered(MINUTES, minutes));
        colony
    }

    /// Records the minutes of `agent` that ended `minutes` before noon, with spans of `service` in
    /// those that were answered.
    pub(super) fn record(
        &self,
        agent: &str,
        service: &str,
        minutes: Range<u64>,
        polled: impl Fn(u64) -> PolledMinute,
    ) {
        let records = minutes.map(|minutes| {
            let polled = polled(minutes);
            let spans = u64::from(polled.reachable) * 6;
            let services = [((service.to_owned(), Collector::Ebpf), spans)];
            AgentMinute {
                agent_id: agent.to_owned(),
                minute: Minute(Minute::at(ago(minutes)).0 - 1),
                polled: Some(polled),
                services: services.into_iter().filter(|(_, spans)| *spans > 0).collect(),
                ..AgentMinute::default()
            }
        });
        self.store.append_agent_minutes(records.collect()).unwrap();
    }

    /// Records the requests that `service` of `agent` served in each minute: `counts` returns the
    /// number of server spans, and of requests that metrics counted.
    pub(super) fn record_requests(
        &self,
        agent: &str,
        service: &str,
        counts: impl Fn(u64) -> (u64, u64),
    ) {
        let records = (0..MINUTES).map(|minutes| {
            let (spans, counted) = counts(minutes);
            let counts = RequestCounts { spans, counted };
            AgentMinute {
                agent_id: agent.to_owned(),
                minute: Minute(Minute::at(ago(minutes)).0 - 1),
                requests: [((service.to_owned(), Protocol::Http), counts)].into(),
                ..AgentMinute::default()
            }
        });
        self.store.append_agent_minutes(records.collect()).unwrap();
    }

    pub(super) fn why(&self) -> Why {
        self.ask_why(false)
    }

    fn ask_why(&self, find_beginning: bool) -> Why {
        let question = WhyQuestion {
            since_unix_us: NOW - 15 * MINUTE_US,
            until_unix_us: NOW,
            baseline_us: 60 * MINUTE_US,
            find_beginning,
            ..WhyQuestion::default()
        };
        ask(&self.store, None, &question)
    }

    /// Asserts that nothing is a cause, a change, a new or a vanished edge. Returns the only gap.
    pub(super) fn nothing_but_a_gap(&self) -> Coverage {
        let found = self.why();
        let expected = match found.completeness < 0.5 {
            true => Reason::TornTraces { completeness: found.completeness },
            false => found.because,
        };
        assert_eq!(found.because, expected, "{:?}", found.coverage);
        assert_ne!(found.verdict, Verdict::Cause, "{:?} {:?}", found.because, found.coverage);
        assert_eq!(found.coverage.len(), 1, "{:?}", found.coverage);
        let window = 15 * MINUTE_US;
        let changes = AnomaliesQuestion {
            since_unix_us: NOW - window,
            until_unix_us: NOW,
            baseline_us: 60 * MINUTE_US,
            find_beginning: false,
        };
        let changes = ask(&self.store, None, &changes);
        assert_eq!((changes.anomalies, &changes.coverage), (vec![], &found.coverage));
        let map = TopologyQuestion {
            since_unix_us: NOW - window,
            until_unix_us: NOW,
            diff_us: Some(60 * MINUTE_US),
            ..TopologyQuestion::default()
        };
        let diff = ask(&self.store, None, &map).diff.unwrap();
        assert_eq!((diff.added, diff.removed, diff.removed_nodes), (vec![], vec![], vec![]));
        let gap = found.coverage[0].clone();
        assert_eq!((&*gap.agent_id, &*gap.services), ("web-2", &["stock".to_owned()][..]));
        gap
    }
}

/// An agent that started `started` minutes before noon, and answered `minutes` before noon.
pub(super) fn answered(started: u64, minutes: u64) -> PolledMinute {
    PolledMinute {
        reachable: true,
        complete: Some(TimeRange { start: ago(started), end: ago(minutes) }),
        instrumenting: Some(true),
        sampling_ratio: Some(1.0),
    }
}

/// An agent that does not answer; everything until `minutes` before noon is stored.
pub(super) fn silent(minutes: u64) -> PolledMinute {
    let complete = Some(TimeRange { start: ago(MINUTES), end: ago(minutes) });
    PolledMinute { complete, ..PolledMinute::default() }
}

pub(super) fn times(gap: &Coverage) -> (CoverageGap, Option<i64>, Option<i64>, LeftOut) {
    (gap.gap, minutes_ago(gap.since), minutes_ago(gap.until), gap.left_out)
}

#[test]
fn an_agent_that_died_before_the_colony_was_restarted_is_told_with_the_time_of_its_death() {
    let colony = Colony::new(|_| 0, |minutes, _| minutes >= 10);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes < 10 {
        true => silent(10),
        false => answered(MINUTES, minutes),
    });
    let expected = (CoverageGap::Unreachable, Some(10), None, LeftOut::Spans);
    assert_eq!(times(&colony.nothing_but_a_gap()), expected);
    let list = TracesQuestion { since_unix_us: Some(NOW - MINUTE_US), ..Default::default() };
    let list = ask(&colony.store, None, &list).coverage;
    let map = TopologyQuestion {
        since_unix_us: NOW - MINUTE_US,
        until_unix_us: NOW,
        ..TopologyQuestion::default()
    };
    let map = ask(&colony.store, None, &map).coverage;
    let expected = (CoverageGap::Unreachable, Some(10), None, LeftOut::Nothing);
    assert_eq!((list.len(), times(&list[0])), (1, expected));
    assert_eq!((map.len(), times(&map[0])), (1, expected));
    let found = colony.ask_why(true);
    assert_ne!(found.verdict, Verdict::Cause, "{:?}", found.because);
    assert_eq!(found.began, None);
    let health =
        TraceHealthQuestion { service: None, since_unix_us: NOW - MINUTE_US, until_unix_us: NOW };
    let health = ask(&colony.store, None, &health).coverage;
    assert_eq!(health, list);
}

/// `stock` takes longer in the window, and its agent is dead for some part of the window.
#[test]
fn a_cause_is_named_while_most_traces_of_the_window_are_complete() {
    for (dead, completeness, verdict) in
        [(6, 0.6, Verdict::Cause), (9, 0.4, Verdict::NotEnoughEvidence)]
    {
        let slow = |minutes| if minutes < 15 { 200 } else { 0 };
        let colony = Colony::new(slow, |minutes, _| minutes >= dead);
        colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes < dead {
            true => silent(dead),
            false => answered(MINUTES, minutes),
        });
        let found = colony.why();
        assert!((found.completeness - completeness).abs() < 0.02, "{}", found.completeness);
        assert_eq!(found.verdict, verdict, "{:?} {:?}", found.because, found.coverage);
        let gap = &found.coverage[0];
        let expected = (gap.traces_affected as f64 / found.traces as f64, LeftOut::Spans);
        assert_eq!((1.0 - found.completeness, gap.left_out), expected);
    }
}

#[test]
fn gaps_that_are_apart_are_told_apart_and_a_restart_of_seconds_is_one() {
    let colony = Colony::new(|_| 0, |minutes, _| !(20..22).contains(&minutes));
    let restarted = UnixNanos(ago(40).0 + 12_000_000_000);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes {
        ..20 => answered(20, minutes),
        20..40 => PolledMinute {
            reachable: minutes >= 22,
            complete: Some(TimeRange { start: restarted, end: ago(minutes.max(22)) }),
            ..answered(MINUTES, minutes)
        },
        _ => answered(MINUTES, minutes),
    });
    let gaps = colony.why().coverage;
    let ends: Vec<_> = gaps.iter().map(|gap| (gap.gap, gap.since, gap.until)).collect();
    let expected = [(ago(40), restarted), (ago(22), ago(20))];
    assert_eq!(
        ends,
        expected.map(|(since, until)| (CoverageGap::Returned, Some(since), Some(until)))
    );
    assert!(gaps.iter().all(|gap| gap.left_out == LeftOut::Traces), "{gaps:?}");
}

#[test]
fn services_beyond_the_limit_of_a_minute_are_told_to_be_missing() {
    let colony = Colony::new(|_| 0, |minutes, _| minutes >= 10);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes < 10 {
        true => silent(10),
        false => answered(MINUTES, minutes),
    });
    assert!(!colony.why().coverage[0].services_cut);
    let cut = AgentMinute {
        agent_id: "web-2".to_owned(),
        minute: Minute(Minute::at(ago(30)).0),
        services_cut: true,
        ..AgentMinute::default()
    };
    colony.store.append_agent_minutes(vec![cut]).unwrap();
    assert!(colony.why().coverage[0].services_cut);
    // The gap may hide any service: none is well, and each has the gap in its answer.
    let question = ServicesQuestion {
        service: Some("shop".to_owned()),
        since_unix_us: NOW - 15 * MINUTE_US,
        until_unix_us: NOW,
        baseline_us: 60 * MINUTE_US,
        find_beginning: false,
        points: 0,
    };
    let shop = ask(&colony.store, None, &question);
    assert_eq!(shop.coverage.len(), 1);
    assert_eq!(shop.services[0].unknown_because, Some(UnknownHealth::Coverage));
}

#[test]
fn the_minutes_of_the_timeline_are_read_once_for_one_question() {
    struct Nothing;
    impl FleetState for Nothing {
        fn status(&self, _: UnixNanos) -> ColonyStatus {
            ColonyStatus::default()
        }
    }
    let colony = Colony::new(|_| 0, |_, _| true);
    let now = UnixNanos(NOON);
    let sources = Sources { traces: &colony.store, metrics: &colony.store, fleet: &Nothing, now };
    let read = |ranges: &[(u64, u64)]| {
        let budget = Budget::unlimited();
        let reader = Reader::new(&sources, &budget);
        let ranges = ranges.iter().map(|(from, to)| TimeRange { start: ago(*from), end: ago(*to) });
        let counts = ranges.map(|range| {
            let minutes = reader.agent_minutes(range).unwrap();
            assert!(minutes.is_sorted_by(|one, next| one.minute < next.minute));
            let in_range = minutes.iter().filter(|record| record.minute.touches(range));
            in_range.count() as u64
        });
        (counts.collect::<Vec<_>>(), budget.rows())
    };
    // The engine counts all records of a log that is in memory for each read.
    let (_, once) = read(&[(100, 10)]);
    assert_eq!(read(&[(100, 10), (90, 20), (100, 10)]), (vec![90, 70, 90], once));
    assert_eq!(read(&[(50, 20), (120, 10)]).0, [30, 110]);
    assert_eq!(read(&[(50, 20), (120, 60), (15, 10)]).0, [30, 60, 5]);
}

#[test]
fn while_an_agent_was_dead_traces_are_not_compared_and_a_later_fault_of_its_service_is_found() {
    let dead = 25..40;
    let record = |colony: &Colony| {
        colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes {
            ..25 => answered(25, minutes),
            25..40 => silent(40),
            _ => answered(MINUTES, minutes),
        });
    };
    let colony = Colony::new(|_| 0, |minutes, _| !dead.contains(&minutes));
    record(&colony);
    let expected = (CoverageGap::Returned, Some(40), Some(25), LeftOut::Traces);
    assert_eq!(times(&colony.nothing_but_a_gap()), expected);
    let slow = |minutes| if minutes < 15 { 200 } else { 0 };
    let colony = Colony::new(slow, |minutes, _| !dead.contains(&minutes));
    record(&colony);
    let found = colony.why();
    assert_eq!((found.verdict, &*found.ranking[0].service), (Verdict::Cause, "stock"));
    assert_eq!((found.traces, found.baseline_traces), (90, 269));
    let found = colony.ask_why(true);
    assert_eq!((found.verdict, minutes_ago(found.began)), (Verdict::Cause, Some(15)));
}

#[test]
fn spans_that_arrive_after_an_interruption_of_the_network_leave_no_gap() {
    let colony = Colony::new(|_| 0, |_, _| true);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes {
        20..40 => silent(40),
        _ => answered(MINUTES, minutes),
    });
    assert_eq!(colony.why().coverage, []);
}

#[test]
fn a_colony_that_was_down_has_no_gap_where_the_spans_arrived_later() {
    let colony = Colony::new(|_| 0, |_, _| true);
    for minutes in [0..20, 40..MINUTES] {
        colony.record("web-2", "stock", minutes, |minutes| answered(MINUTES, minutes));
    }
    assert_eq!(colony.why().coverage, []);
}

#[test]
fn minutes_in_which_nobody_polled_an_agent_that_died_are_not_covered() {
    let colony = Colony::new(|_| 0, |minutes, _| minutes >= 20);
    colony.record("web-2", "stock", 20..MINUTES, |minutes| answered(MINUTES, minutes));
    let nothing_known = |_| PolledMinute::default();
    colony.record("web-2", "stock", 0..5, nothing_known);
    let expected = (CoverageGap::Unreachable, Some(20), None, LeftOut::Spans);
    assert_eq!(times(&colony.nothing_but_a_gap()), expected);
}

#[test]
fn a_new_agent_is_no_change_and_its_time_is_told() {
    let colony = Colony::new(|_| 0, |minutes, _| minutes < 10);
    colony.record("web-2", "stock", 0..10, |minutes| answered(10, minutes));
    let expected = (CoverageGap::Joined, Some(10), None, LeftOut::Spans);
    assert_eq!(times(&colony.nothing_but_a_gap()), expected);
    // If it joined early in the baseline, the time since then is compared.
    let colony = Colony::new(|_| 0, |minutes, _| minutes < 60);
    colony.record("web-2", "stock", 0..60, |minutes| answered(60, minutes));
    let expected = (CoverageGap::Joined, Some(60), None, LeftOut::Traces);
    assert_eq!(times(&colony.nothing_but_a_gap()), expected);
}

#[test]
fn a_further_agent_of_a_service_that_is_known_is_no_gap() {
    let colony = Colony::new(|_| 0, |_, _| true);
    colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
    colony.record("web-3", "stock", 0..10, |minutes| answered(10, minutes));
    assert_eq!(colony.why().coverage, []);
}

#[test]
fn a_beyla_that_stopped_or_was_restarted_is_no_change_and_its_time_is_told() {
    for (stopped, until, left_out) in
        [(0..10, None, LeftOut::Spans), (30..40, Some(30), LeftOut::Traces)]
    {
        let colony = Colony::new(|_| 0, |minutes, _| !stopped.contains(&minutes));
        colony.record("web-2", "stock", 0..MINUTES, |minutes| PolledMinute {
            instrumenting: Some(!stopped.contains(&minutes)),
            ..answered(MINUTES, minutes)
        });
        let expected = (CoverageGap::BeylaStopped, Some(stopped.end as i64), until, left_out);
        assert_eq!(times(&colony.nothing_but_a_gap()), expected);
    }
}

#[test]
fn a_window_of_the_past_is_judged_by_what_was_covered_then() {
    let colony = Colony::new(|_| 0, |minutes, _| !(60..80).contains(&minutes));
    colony.record("web-2", "stock", 0..MINUTES, |minutes| match minutes {
        ..60 => answered(60, minutes),
        60..80 => silent(80),
        _ => answered(MINUTES, minutes),
    });
    let question = WhyQuestion {
        since_unix_us: NOW - 75 * MINUTE_US,
        until_unix_us: NOW - 65 * MINUTE_US,
        baseline_us: 60 * MINUTE_US,
        ..WhyQuestion::default()
    };
    let found = ask(&colony.store, None, &question);
    assert_eq!(found.because, Reason::TornTraces { completeness: 0.0 });
    let expected = (CoverageGap::Unreachable, Some(80), None, LeftOut::Spans);
    assert_eq!((found.coverage.len(), times(&found.coverage[0])), (1, expected));
}
