//! Answers in plain English as they are printed, with parts that a small store does not lead to.

use crate::screen::Screen;
use coral_query::answer::{
    Anomaly, AnomalyKind, CallFindings, CauseKind, ChangeFindings, English, Findings, Intent,
    Period, Reason, RedNumbers, RedRow, RequestFindings, ServiceCallFindings, TopologyEdge,
    Understanding, Why, WhyEvidence, WhyFindings, WhyStandout, WhySuspect, Window,
};
use coral_query::{
    AnomaliesQuestion, RedProtocol, RedQuestion, RedSide, RedSource, TopologyQuestion, WhyQuestion,
};
use expect_test::{Expect, expect};

use super::unreachable;
use crate::english::{page, text};
use crate::json::Projection;

const MINUTE_US: i64 = 60_000_000;

fn answer(intent: Intent, route: Option<&str>, findings: Findings) -> English {
    let understanding = Understanding {
        trace_id: None,
        trace_id_prefix: None,
        intent,
        service: Some("shop".to_owned()),
        unknown_service: None,
        route: route.map(str::to_owned),
        method: None,
        peers: Vec::new(),
        host: None,
        version: None,
        status: None,
        min_duration_us: None,
        quantile: None,
        by: None,
        window: Window {
            since_unix_us: 0,
            until_unix_us: 15 * MINUTE_US + 1,
            period: Period::Last { length_us: 15 * MINUTE_US },
            unread: Vec::new(),
            is_default: false,
        },
    };
    English { understanding: Some(understanding), findings }
}

/// Checks that the answer is printed as `expected`, and that it can be read back from its JSON.
#[track_caller]
fn check(answer: &English, expected: &Expect) {
    expected.assert_eq(&text(answer, Screen::PLAIN));
    let read: English = serde_json::from_slice(&answer.json().unwrap()).unwrap();
    assert_eq!(read, *answer);
}

fn numbers(requests: u64, errors: u64, p95_us: Option<i64>) -> RedNumbers {
    let error_rate = errors as f64 / requests as f64;
    let beyond_us = p95_us.is_none().then_some(10_000_000);
    RedNumbers { requests, errors, error_rate, p95_us, beyond_us, ..RedNumbers::default() }
}

fn requests(service: &str, rows: Vec<RedRow>) -> RequestFindings {
    let query = RedQuestion {
        protocol: RedProtocol::Http,
        service: service.to_owned(),
        side: RedSide::Server,
        source: Some(RedSource::Metrics),
        since_unix_us: 0,
        until_unix_us: 15 * MINUTE_US + 1,
        compare_us: Some(60 * MINUTE_US),
        slow: false,
        over_us: None,
    };
    RequestFindings {
        query,
        covered_since_unix_us: 0,
        rows,
        overall: numbers(1_800, 18, Some(450_000)),
        overall_before: Some(numbers(7_200, 0, Some(150_000))),
    }
}

fn row(route: &str, numbers: RedNumbers, before: Option<RedNumbers>) -> RedRow {
    let (method, route) = (Some("GET".to_owned()), Some(route.to_owned()));
    RedRow { method, route, numbers, before, ..RedRow::default() }
}

fn suspect(service: &str, kind: CauseKind, component: &str, share: f64) -> WhySuspect {
    WhySuspect {
        service: service.to_owned(),
        component: component.to_owned(),
        kind,
        share,
        score: 2.0 * share,
        or_service: None,
        times: None,
        rates: None,
        evidence: vec![WhyEvidence {
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
            span_id: "00f067aa0ba902b7".parse().unwrap(),
        }],
    }
}

fn why(route: Option<&str>, because: Reason, ranking: Vec<WhySuspect>) -> WhyFindings {
    let (service, route) = ("shop".to_owned(), route.map(str::to_owned));
    WhyFindings {
        requests: None,
        window: None,
        query: WhyQuestion {
            service: Some(service.clone()),
            route: route.clone(),
            trace_id: None,
            since_unix_us: 0,
            until_unix_us: 15 * MINUTE_US + 1,
            baseline_us: 60 * MINUTE_US,
            find_beginning: false,
        },
        why: Why {
            sampled: Vec::new(),
            service,
            route,
            trace_id: None,
            verdict: because.verdict(),
            because,
            ranking,
            further_causes: Vec::new(),
            standouts: Vec::new(),
            unattributed: 0.125,
            slowdown_us: 300_000,
            p95_us: 450_000,
            counterfactual_p95_us: 150_000,
            completeness: 1.0,
            clocks_adjusted: 0,
            traces: 30,
            baseline_traces: 60,
            cut: false,
            did_you_mean: Vec::new(),
            other_routes: Vec::new(),
            began: None,
            coverage: Vec::new(),
            stored_since: None,
        },
        cause_requests: None,
    }
}

#[test]
fn what_spans_have_in_common_is_named_only_beside_a_cause() {
    let text_of = |because| {
        let mut found = why(None, because, vec![suspect("cart", CauseKind::Own, "GET /cart", 1.0)]);
        found.why.standouts = vec![WhyStandout {
            key: "host.name".to_owned(),
            value: "web-3".to_owned(),
            affected: 1.0,
            others: 0.025,
            ..WhyStandout::default()
        }];
        text(&answer(Intent::Why, None, Findings::Why(Box::new(found))), Screen::PLAIN)
    };
    assert!(
        text_of(Reason::BeyondChance { score: 1.5, p_value: 0.05 })
            .contains("host.name=web-3 is on 100%")
    );
    assert!(!text_of(Reason::LowScore { score: 0.0, least: 0.405 }).contains("host.name"));
}

#[test]
fn a_cause_that_adds_calls_is_weighed_against_their_absence() {
    for (kind, condition) in [
        (CauseKind::Leaf, "; if cart were as fast as in the baseline, P95 would be 150ms"),
        (CauseKind::Repeated, "; without the added calls, P95 would be 150ms"),
        (CauseKind::New, "; without the added calls, P95 would be 150ms"),
    ] {
        let ranking = vec![suspect("cart", kind, "GET /cart", 1.0)];
        let found = why(None, Reason::BeyondChance { score: 1.5, p_value: 0.05 }, ranking);
        let page = text(&answer(Intent::Why, None, Findings::Why(Box::new(found))), Screen::PLAIN);
        assert!(page.contains(condition), "{kind:?}: {page}");
    }
}

#[test]
fn a_cause_stands_between_the_metrics_of_two_services_and_what_to_do() {
    let leaf = suspect("postgres", CauseKind::Leaf, "cart → postgres SELECT items", 0.75);
    let ranking = vec![leaf, suspect("cart", CauseKind::Own, "GET /cart", 0.125)];
    let mut found = why(Some("/list"), Reason::BeyondChance { score: 1.5, p_value: 0.05 }, ranking);
    let before = Some(numbers(40, 0, Some(100_000)));
    found.requests =
        Some(requests("shop", vec![row("/list", numbers(900, 9, Some(300_000)), before)]));
    found.cause_requests = Some(requests("postgres", Vec::new()));
    found.why.standouts = vec![WhyStandout {
        key: "host.name".to_owned(),
        value: "web-3\u{1b}[2J".to_owned(),
        affected: 1.0,
        others: 0.025,
        ..WhyStandout::default()
    }];
    check(
        &answer(Intent::Why, Some("/list"), Findings::Why(Box::new(found))),
        &expect![[r#"
            Analyzing /list of shop, last 15m...

            RED Metrics (last 15m):
              - shop GET /list P95 latency: ≈300ms (baseline: ≈100ms, +200%) [1]
              - Request rate: 1.00 req/s (900 requests) [1]
              - Error rate: 1.0% [1]

            Trace Analysis:
              - Compared 30 traces with 60 of the baseline; 100% of the window's traces have every parent span [2]
              - 75% of the added time: postgres responds more slowly to a call (`cart → postgres SELECT items`) [2]
              - host.name=web-3\u{1b}[2J is on 100% of the slow spans of postgres, and on 2.5% of its other spans [2]
              - postgres P95 latency: ≈450ms (baseline: ≈150ms, +200%) [3]

            Root Cause:
              - postgres responds more slowly to a call (`cart → postgres SELECT items`) [2]
              - P95 is 450ms; if postgres were as fast as in the baseline, P95 would be 150ms [2]
              - see `coral query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736` [2]

            Recommendation:
              - Check postgres: load, locks, and the plan of the statement above
              - Consider a timeout, so that callers do not wait this long

            Queries behind these lines:
              [1] coral query beyla http shop --since 15m --compare 1h
              [2] coral why shop --route /list --since 15m --baseline 1h
              [3] coral query beyla http postgres --since 15m --compare 1h
        "#]],
    );
}

#[test]
fn each_kind_of_cause_has_its_recommendation() {
    let mut pages = String::new();
    for kind in [
        CauseKind::Own,
        CauseKind::Edge,
        CauseKind::Leaf,
        CauseKind::Queue,
        CauseKind::Missing,
        CauseKind::Error,
        CauseKind::Repeated,
        CauseKind::MoreOften,
        CauseKind::New,
    ] {
        let ranking = vec![suspect("cart", kind, "cart → ads GET /ad", 1.0)];
        let found = why(None, Reason::BeyondChance { score: 2.0, p_value: 0.05 }, ranking);
        let page = page(&answer(Intent::Why, None, Findings::Why(Box::new(found))));
        let sections = page.sections.iter().skip(2);
        let lines = sections.flat_map(|section| &section.lines);
        let texts: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
        pages += &format!("{}: {}\n", kind.as_str(), [texts[0], texts[3], texts[4]].join(" | "));
    }
    expect![[r#"
        own: cart takes longer itself in `cart → ads GET /ad` | Check CPU, memory and locks of cart, and what was deployed there last | Compare a trace above with a faster trace of the same operation
        edge: cart takes longer to reach the service that it calls (`cart → ads GET /ad`) | Check the network to cart, its accept queue and its connection limits | Check whether its callers wait for a connection from a pool
        leaf: cart waits longer for the response to a call (`cart → ads GET /ad`) | Check cart and the network to it: Coral has no spans of its work | Consider a timeout, so that callers do not wait this long
        queue: cart starts requests later, which wait in its queue (`cart → ads GET /ad`) | Give cart more workers, or fewer requests: requests wait before work begins | Check what its workers are busy with
        missing: cart stops before making calls that it made in the baseline, in `cart → ads GET /ad` | Find out why requests end at cart early: compare a trace above with an earlier one | Check what was deployed or configured there last
        error: cart fails, although nothing that it calls fails, in `cart → ads GET /ad` | Read the errors of cart: no service that it calls explains them | Check what was deployed or configured there last
        repeated: cart repeats a call within one request (`cart → ads GET /ad`) | Batch or cache the repeated call | If the repetitions are retries, add backoff and a circuit breaker
        more_often: cart makes a call in more requests than in the baseline (`cart → ads GET /ad`) | Check why cart makes this call more often: cache misses, a fallback, or new code | Compare a trace above with a trace from before the change
        new: cart makes a call that the baseline does not have (`cart → ads GET /ad`) | Check why cart makes this new call: a fallback, or new code | Compare a trace above with a trace from before the change
    "#]].assert_eq(&pages);
}

#[test]
fn changes_are_worded_in_the_units_of_their_kinds() {
    let anomaly = |kind, component: &str, before, now| Anomaly {
        kind,
        service: "shop".to_owned(),
        component: component.to_owned(),
        score: 1.0,
        before,
        now,
        evidence: Vec::new(),
    };
    let changes = ChangeFindings {
        query: AnomaliesQuestion {
            since_unix_us: 0,
            until_unix_us: 15 * MINUTE_US + 1,
            baseline_us: 60 * MINUTE_US,
            find_beginning: false,
        },
        anomalies: vec![
            anomaly(AnomalyKind::Slower, "GET /list", 23_000.0, 305_000.0),
            anomaly(AnomalyKind::NewEdge, "shop → kafka over kafka", 0.0, 60.0),
            anomaly(AnomalyKind::NPlusOne, "shop → db SELECT", 0.025, 1.0),
        ],
        more: 1_200,
        traces: 30,
        baseline_traces: 60,
        began: None,
        coverage: Vec::new(),
        stored_since: None,
    };
    let nothing = |traces, baseline_traces| {
        let changes = ChangeFindings {
            anomalies: Vec::new(),
            more: 0,
            traces,
            baseline_traces,
            stored_since: Some(coral_trace::UnixNanos::from_micros(3 * MINUTE_US)),
            ..changes.clone()
        };
        text(&answer(Intent::Changes, None, Findings::Changes(changes)), Screen::PLAIN)
    };
    assert!(nothing(0, 60).contains("no trace started in this window"));
    assert!(nothing(30, 0).contains("there is nothing to compare with"));
    let stored = "Coral has stored spans only since 00:03 UTC (12 minutes ago); the baseline would begin earlier";
    assert!(nothing(30, 0).contains(stored) && !nothing(0, 60).contains(stored));
    assert!(nothing(30, 60).contains("no change: every difference"));
    check(
        &answer(Intent::Changes, None, Findings::Changes(changes)),
        &expect![[r#"
            Analyzing shop, last 15m...

            Changes against the 1h before:
              - shop: slower, GET /list (23ms before, 305ms now)
              - shop: new edge, shop → kafka over kafka (0 calls before, 60 calls now)
              - shop: N+1 calls, shop → db SELECT (2.5% before, 100% now)
              - … 1,200 more changes with lower scores

            Query behind these lines:
              coral query anomalies --since 15m --baseline 1h
        "#]],
    );
}

#[test]
fn the_beginning_of_a_change_is_told_with_the_cause_and_the_command_is_the_default_question() {
    let ranking = vec![suspect("cart", CauseKind::Own, "GET /cart", 0.875)];
    let mut found = why(None, Reason::BeyondChance { score: 1.5, p_value: 0.05 }, ranking);
    found.query.find_beginning = true;
    found.why.began = Some(coral_trace::UnixNanos::from_micros(11 * MINUTE_US));
    let answer = answer(Intent::Why, None, Findings::Why(Box::new(found)));
    let text = text(&answer, Screen::PLAIN);
    for expected in [
        "Analyzing shop, since 00:11 UTC (4 minutes ago)...\n",
        "  - since 00:11 UTC (4 minutes ago): cart takes longer itself in `GET /cart`\n",
        "Query behind these lines:\n  coral why shop\n",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

#[test]
fn calls_and_requests_are_worded_with_their_numbers() {
    let edge = |from: &str, to: &str, errors| TopologyEdge {
        estimate: None,
        from: from.to_owned(),
        to: to.to_owned(),
        protocol: "http".to_owned(),
        calls: 1_200,
        errors,
        p50_us: 1,
        p95_us: 35_000,
        p99_us: 40_000,
        exact: true,
    };
    let calls = Findings::ServiceCalls(ServiceCallFindings {
        query: TopologyQuestion::default(),
        callers: vec![edge("web", "shop", 0)],
        callees: vec![edge("shop", "cart", 7), edge("shop", "ads", 0)],
        orphan_spans: 44,
        coverage: Vec::new(),
    });
    check(
        &answer(Intent::Calls, None, calls),
        &expect![[r#"
            Analyzing shop, last 15m...

            What calls shop:
              - web → shop over http: 1,200 calls, P95 35ms

            What shop calls:
              - shop → cart over http: 1,200 calls, 7 failed, P95 35ms
              - shop → ads over http: 1,200 calls, P95 35ms
              - 44 spans in this window without a stored parent: more calls may exist

            Query behind these lines:
              coral query topology --since 15m
        "#]],
    );
    let edges = vec![edge("web", "shop", 7)];
    let failing =
        CallFindings { query: TopologyQuestion::default(), edges, coverage: vec![unreachable()] };
    check(
        &answer(Intent::Errors, Some("/list"), Findings::Calls(failing)),
        &expect![[r#"
            Analyzing shop, last 15m...

            Most failures first:
              - all routes, not only /list: calls between services are not counted by route
              - web → shop: P95 35ms, 1,200 calls, 7 failed
              - Agent web-2 has been unreachable since 2026-11-25 12:00 UTC: its services (stock) are missing here.

            Query behind these lines:
              coral query topology --since 15m
        "#]],
    );
    let rows = vec![
        row("/pay", numbers(10, 0, None), None),
        row("/list", numbers(2_000, 30, Some(9_600)), None),
    ];
    let slowest = Findings::Requests(requests("shop", rows));
    check(
        &answer(Intent::Slowest, None, slowest),
        &expect![[r#"
            Analyzing shop, last 15m...

            Slowest first, by P95:
              - GET /pay: P95 >10s, 10 requests, 0% failed
              - GET /list: P95 ≈9.6ms, 2,000 requests, 1.5% failed

            Query behind these lines:
              coral query beyla http shop --since 15m --compare 1h
        "#]],
    );
}
