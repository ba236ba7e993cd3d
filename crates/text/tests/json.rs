//! Every answer can be read back from its JSON, with and without the words that the JSON adds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shop;

use coral_query::answer::{
    Anomalies, Anomaly, AnomalyKind, CauseKind, ColonyStatus, ComparedRow, ComparedTimes,
    Comparison, Coverage, CoverageGap, EdgeHealth, English, FailingEdge, Findings, FoundBy,
    LeftOut, NoSlowTrace, NodeKind, NotAligned, NotUnderstood, Reason, RedNumbers, RedRow,
    RedTable, SamplingChange, ServiceHealth, SlowRow, SlowTrace, SlowerEdge, Topology,
    TopologyDiff, TopologyEdge, TopologyNode, TraceHealth, TraceProblem, TraceProblemCause,
    TraceProblemExample, TraceProblemKind, Verdict, Why, WhyEvidence, WhyStandout, WhySuspect,
};
use coral_query::{
    RedProtocol, RedSide, RedSource, Source, TraceQuestion, TracesQuestion, for_each_question,
};
use coral_text::json::Projection;
use coral_trace::UnixNanos;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The JSON of `answer`. Checks that reading the JSON returns an equal answer.
#[track_caller]
fn check<A: Projection + DeserializeOwned + PartialEq + std::fmt::Debug>(answer: &A) -> Value {
    let json = check_json(answer);
    assert_eq!(serde_json::from_slice::<A>(&answer.json().unwrap()).unwrap(), *answer);
    json
}

/// The JSON of `answer`. Checks that reading the JSON and writing it again changes nothing.
#[track_caller]
fn check_json<A: Projection + DeserializeOwned>(answer: &A) -> Value {
    let bytes = answer.json().unwrap();
    let read: A = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(String::from_utf8(read.json().unwrap()), String::from_utf8(bytes.clone()));
    serde_json::from_slice(&bytes).unwrap()
}

fn evidence() -> WhyEvidence {
    WhyEvidence {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
        span_id: "00f067aa0ba902b7".parse().unwrap(),
    }
}

fn why(because: Reason, kind: CauseKind) -> Why {
    Why {
        sampled: Vec::new(),
        service: "shop".to_owned(),
        route: Some("/list".to_owned()),
        trace_id: Some(evidence().trace_id),
        verdict: because.verdict(),
        because,
        ranking: vec![WhySuspect {
            service: "cart".to_owned(),
            component: "GET /cart".to_owned(),
            kind,
            share: 0.75,
            score: 1.5,
            or_service: None,
            times: None,
            rates: None,
            evidence: vec![evidence()],
        }],
        further_causes: Vec::new(),
        standouts: vec![WhyStandout {
            key: "host.name".to_owned(),
            value: "web-3".to_owned(),
            affected: 1.0,
            others: 0.25,
            ..WhyStandout::default()
        }],
        unattributed: 0.25,
        slowdown_us: -5,
        p95_us: 100,
        counterfactual_p95_us: 50,
        completeness: 0.5,
        clocks_adjusted: 1,
        traces: 30,
        baseline_traces: 60,
        cut: true,
        did_you_mean: vec!["shops".to_owned()],
        other_routes: vec!["/lists".to_owned()],
        began: Some(UnixNanos::from_micros(1_790_000_000_000_000)),
        coverage: vec![Coverage {
            agent_id: "web-2".to_owned(),
            gap: CoverageGap::Unreachable,
            since: None,
            until: None,
            services: vec!["cart".to_owned()],
            services_cut: true,
            left_out: LeftOut::Spans,
            traces_affected: 4,
            sampling: Some(SamplingChange { before: 1.0, now: 0.1 }),
        }],
        stored_since: Some(UnixNanos::from_micros(1_790_000_000_000_000)),
    }
}

#[test]
fn a_cause_comes_back_with_every_reason_which_is_worded_beside_its_numbers() {
    for (because, words, typed) in [
        (
            Reason::NoTraces,
            "no trace in the window matches the question",
            json!({ "kind": "no_traces" }),
        ),
        (
            Reason::NoBaselineTraces,
            "no trace in the baseline matches the question",
            json!({ "kind": "no_baseline_traces" }),
        ),
        (
            Reason::TooFewBaselineTraces { traces: 4, least: 5 },
            "the baseline has 4 traces; at least 5 are needed",
            json!({ "kind": "too_few_baseline_traces", "traces": 4, "least": 5 }),
        ),
        (
            Reason::TornTraces { completeness: 0.25 },
            "only 25% of the traces have every parent span",
            json!({ "kind": "torn_traces", "completeness": 0.25 }),
        ),
        (
            Reason::LowScore { score: 0.25, least: 0.405 },
            "the highest score is 0.25; a cause needs at least 0.41",
            json!({ "kind": "low_score", "score": 0.25, "least": 0.405 }),
        ),
        (
            Reason::NotSlower,
            "the traces with the first suspect are not slower than in the baseline",
            json!({ "kind": "not_slower" }),
        ),
        (
            Reason::ReachedByChance { score: 0.5, p_value: 0.05 },
            "the highest score is 0.50, and the permutation test reaches it by chance (p = 0.05)",
            json!({ "kind": "reached_by_chance", "score": 0.5, "p_value": 0.05 }),
        ),
        (
            Reason::BeyondChance { score: 2.5, p_value: 0.05 },
            "the score is 2.50, which the permutation test does not reach by chance (p = 0.05)",
            json!({ "kind": "beyond_chance", "score": 2.5, "p_value": 0.05 }),
        ),
    ] {
        let json = check(&why(because, CauseKind::Own));
        assert_eq!((&json["reason"], &json["because"]), (&words.into(), &typed));
        assert_eq!(json["verdict"], because.verdict().as_str());
    }
    assert_eq!(Reason::NotSlower.verdict(), Verdict::NoCause);
}

#[test]
fn enums_are_spelled_in_json_as_they_are_in_text() {
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
        let json = check(&why(Reason::NoTraces, kind));
        assert_eq!(json["ranking"][0]["kind"], kind.as_str());
        assert_eq!(json["ranking"][0]["evidence"][0]["span_id"], "00f067aa0ba902b7");
    }
    for kind in [
        AnomalyKind::Slower,
        AnomalyKind::Errors,
        AnomalyKind::MissingChild,
        AnomalyKind::RetryStorm,
        AnomalyKind::NPlusOne,
        AnomalyKind::MoreOften,
        AnomalyKind::NewCall,
        AnomalyKind::NewEdge,
        AnomalyKind::VanishedEdge,
    ] {
        let anomaly = Anomaly {
            kind,
            service: "cart".to_owned(),
            component: "GET /cart".to_owned(),
            score: 1.5,
            before: 0.0,
            now: 0.5,
            evidence: vec![evidence()],
        };
        let json = check(&Anomalies { anomalies: vec![anomaly], ..Anomalies::default() });
        assert_eq!(json["anomalies"][0]["kind"], kind.as_str());
        assert!(json["anomalies"][0]["title"].is_string() && json["summary"].is_string());
    }
    for kind in [NodeKind::Service, NodeKind::Database, NodeKind::Queue, NodeKind::External] {
        let nodes = vec![TopologyNode { name: "cart".to_owned(), kind }];
        let edge = TopologyEdge { calls: 3, protocol: "http".to_owned(), ..Default::default() };
        let diff = TopologyDiff {
            slower: vec![SlowerEdge { edge: edge.clone(), p50_us_before: 1, p95_us_before: 2 }],
            failing: vec![FailingEdge { edge, calls_before: 1, errors_before: 0 }],
            ..TopologyDiff::default()
        };
        let json = check(&Topology { nodes, diff: Some(diff), ..Topology::default() });
        assert_eq!(json["nodes"][0]["kind"], kind.as_str());
    }
}

#[test]
fn a_comparison_comes_back_and_says_in_words_why_it_is_not_aligned() {
    let times = ComparedTimes {
        traces: 1,
        calls: 1.5,
        p50_us: 1,
        p95_us: 2,
        self_p50_us: 3,
        errors: 0,
        example: evidence(),
    };
    let row = ComparedRow {
        depth: 1,
        service: "cart".to_owned(),
        name: "GET /cart".to_owned(),
        kind: "server".to_owned(),
        a: Some(times),
        b: None,
        delta_us: None,
        share: Some(0.5),
    };
    for reason in
        [NotAligned::NoTracesInA, NotAligned::NoTracesInB, NotAligned::DifferentOperations]
    {
        let not_aligned = Some(reason);
        let rows = vec![row.clone()];
        let json = check(&Comparison { not_aligned, rows, ..Comparison::default() });
        assert!(json["not_aligned_because"].is_string(), "{json}");
    }
    assert!(check(&Comparison::default())["not_aligned_because"].is_null());
}

#[test]
fn problems_of_traces_come_back_and_each_is_worded_in_advice() {
    use TraceProblemCause as Cause;
    use TraceProblemKind as Kind;
    let kinds = [
        (Kind::CutRoot, Cause::NoPropagation, "cut_root", "no_propagation"),
        (Kind::CutRoot, Cause::OldConnection, "cut_root", "old_connection"),
        (Kind::CutRoot, Cause::Tls, "cut_root", "tls"),
        (Kind::CutRoot, Cause::Proxy, "cut_root", "proxy"),
        (Kind::DetachedCall, Cause::ThreadHandOver, "detached_call", "thread_hand_over"),
        (Kind::Orphan, Cause::ForeignContext, "orphan", "foreign_context"),
        (Kind::Orphan, Cause::CallerNotObserved, "orphan", "caller_not_observed"),
        (Kind::MissingServer, Cause::SdkExcluded, "missing_server", "sdk_excluded"),
        (Kind::MissingServer, Cause::NotInstrumented, "missing_server", "not_instrumented"),
        (Kind::MissingServer, Cause::Sampling, "missing_server", "sampling"),
        (Kind::MissingServer, Cause::Lag, "missing_server", "lag"),
        (Kind::MissingServer, Cause::NotExported, "missing_server", "not_exported"),
        (Kind::OutsideCall, Cause::Clock, "outside_call", "clock"),
        (Kind::CrossStitched, Cause::ContextReuse, "cross_stitched", "context_reuse"),
        (Kind::Endless, Cause::ContextReuse, "endless", "context_reuse"),
    ];
    for (kind, cause, kind_name, cause_name) in kinds {
        for caller in [None, Some("shop".to_owned())] {
            let json = check(&health(kind, cause, caller));
            assert_eq!(json["problems"][0]["kind"], kind_name);
            assert_eq!(json["problems"][0]["cause"], cause_name);
            for words in ["what", "cause", "remedy"] {
                let sentence = json["advice"][0][words].as_str().unwrap();
                assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
            }
        }
    }
}

fn health(kind: TraceProblemKind, cause: TraceProblemCause, caller: Option<String>) -> TraceHealth {
    let problem = TraceProblem {
        kind,
        cause,
        service: "cart".to_owned(),
        protocol: caller.as_ref().map(|_| "http".to_owned()),
        caller,
        count: 3,
        of: 4,
        examples: vec![TraceProblemExample {
            trace_id: evidence().trace_id,
            span_id: evidence().span_id,
            peer_trace_id: Some(evidence().trace_id),
            peer_span_id: None,
            peer_is_certain: true,
        }],
    };
    TraceHealth {
        service: String::new(),
        traces: 10,
        whole: 7,
        expected_spans: 40,
        seen_spans: 37,
        missing_spans: 3,
        sampling_ratio: Some(0.25),
        problems: vec![problem],
        services: vec![ServiceHealth {
            service: "cart".to_owned(),
            sources: vec!["ebpf".to_owned()],
            expected: 4,
            seen: 1,
            missing: 3,
            orphans: 0,
            cut_roots: 0,
        }],
        edges: vec![EdgeHealth {
            caller: "shop".to_owned(),
            callee: "cart".to_owned(),
            protocol: "http".to_owned(),
            expected: 4,
            linked: 1,
            unlinked: 0,
            missing: 3,
            clock_ahead_us: Some(-7_000),
        }],
        oversized_traces: 1,
        cut: true,
        did_you_mean: Vec::new(),
        coverage: Vec::new(),
    }
}

#[test]
fn requests_come_back_and_rows_without_a_slow_trace_say_why() {
    let slow = |none_because: Option<NoSlowTrace>, found_by| SlowRow {
        name: "POST /pay".to_owned(),
        p95_us: None,
        over_us: 500,
        traces: vec![SlowTrace {
            trace_id: evidence().trace_id,
            span_id: evidence().span_id,
            latency_us: 600,
            time: UnixNanos::from_micros(1_795_608_000_000_000),
            found_by,
            stored: none_because.is_none(),
            failure: None,
        }],
        none_because,
    };
    let numbers = RedNumbers {
        requests: 3,
        statuses: [("200".to_owned(), 3)].into_iter().collect(),
        ..RedNumbers::default()
    };
    let row = RedRow { route: Some("/pay".to_owned()), numbers, ..RedRow::default() };
    let table = |slow| RedTable {
        requests_left_out: 2,
        protocol: RedProtocol::Http,
        service: "shop".to_owned(),
        side: RedSide::Client,
        source: RedSource::Spans,
        metrics_missing: false,
        since_unix_us: 1,
        until_unix_us: 2,
        covered_since_unix_us: 1,
        overall: row.numbers.clone(),
        rows: vec![row.clone()],
        overall_before: None,
        requests_by_metrics: Some(4),
        slow,
        did_you_mean: Vec::new(),
    };
    assert_eq!(check(&table(None))["slow"], Value::Null);
    let rows = [
        (Some(NoSlowTrace::NoTraces), "no_traces", "no traces are stored"),
        (Some(NoSlowTrace::TracesExpired), "traces_expired", "its traces have expired"),
        (Some(NoSlowTrace::NotSampled), "not_sampled", "not sampled by Beyla"),
        (Some(NoSlowTrace::WindowExpired), "window_expired", "traces of that time"),
        (Some(NoSlowTrace::NothingFound), "nothing_found", "no stored span is above"),
    ];
    for (reason, typed, words) in rows {
        let json =
            check(&table(Some(vec![slow(None, FoundBy::Span), slow(reason, FoundBy::Exemplar)])));
        let [stored, none] = [&json["slow"][0], &json["slow"][1]];
        assert_eq!((&stored["why_none"], &stored["none_because"]), (&Value::Null, &Value::Null));
        assert_eq!(none["none_because"], typed);
        assert!(none["why_none"].as_str().unwrap().starts_with(words), "{none}");
        let trace = &none["traces"][0];
        assert_eq!(trace["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(
            (&trace["found_by"], &trace["time_unix_us"]),
            (&"exemplar".into(), &1_795_608_000_000_000_i64.into())
        );
    }
    let json = check(&table(None));
    let words =
        ["protocol", "side", "source"].map(|field| json[field].as_str().unwrap().to_owned());
    assert_eq!(words, ["http", "client", "spans"]);
}

#[test]
fn traces_come_back() {
    let (_dir, sources) = shop::shop();
    let json = check(&shop::ask(&sources, &TracesQuestion { causes: true, ..Default::default() }));
    assert_eq!(json["traces"].as_array().unwrap().len(), 20);
    let id = "0000000000000000000000000000001f".parse().unwrap();
    let json =
        check_json(&shop::ask(&sources, &TraceQuestion { id, source: Source::All, examine: true }));
    assert_eq!(json["trace_id"], "0000000000000000000000000000001f");
}

#[test]
fn a_status_comes_back() {
    let counters = [("coral.colony.polls".to_owned(), 3)].into_iter().collect();
    let json = check(&ColonyStatus { counters, ..ColonyStatus::default() });
    assert_eq!(json["counters"]["coral.colony.polls"], 3);
}

#[test]
fn a_question_that_is_not_understood_is_answered_with_examples() {
    let json = check(&English {
        understanding: None,
        findings: Findings::NotUnderstood(NotUnderstood::default()),
    });
    assert_eq!((&json["understood"], &json["queries"]), (&Value::Null, &json!([])));
    assert_eq!(json["sections"][1]["lines"][0]["text"], "what is wrong?");
    assert_eq!(json["sections"][1]["lines"][0]["query"], Value::Null);
}

#[test]
fn every_question_has_an_answer_with_a_json_form() {
    fn has_json<Q: coral_query::Ask<Answer: Projection>>() -> &'static str {
        Q::NAME
    }
    macro_rules! names {
        ($($question:ty,)*) => { [$(has_json::<$question>()),*] };
    }
    assert!(for_each_question!(names).contains(&"ask"));
}
