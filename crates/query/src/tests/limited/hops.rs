//! The redacted hops of a trace.

use coral_trace::{TraceId, UnixNanos};
use serde_json::json;

use super::{Agents, Made, SECRETS, TRACES, answer, sources, store};
use crate::tests::shop::NOON;
use crate::{
    Ask as _, Budget, QueryError, SharedSources, Source, TraceQuestion, TracesQuestion, WhyQuestion,
};

/// A span of the first trace. `service` from 3 on is one of others.
fn made(id: u64, parent: Option<u64>, service: usize, at: u64, ms: u64) -> Made {
    let trace = TRACES[0];
    let (kind, fails, ebpf, route, link) = (1, service >= 3, false, 0, None);
    Made { trace, id, parent, service, kind, at, ms, fails, ebpf, route, link }
}

fn limited(made: &[Made]) -> (tempfile::TempDir, SharedSources) {
    let spans: Vec<_> = made.iter().map(Made::span).collect();
    let (dir, store) = store(10_000, &spans, Vec::new(), Vec::new());
    let all = sources(store, std::sync::Arc::new(Agents));
    (dir, all.limited_to("payments-*,ledger".parse().unwrap()))
}

fn trace(id: &str) -> TraceQuestion {
    TraceQuestion { id: id.parse().unwrap(), source: Source::All, examine: true }
}

fn first() -> String {
    format!("{:032x}", TRACES[0])
}

/// An own request below two calls of others, which calls another itself.
fn mixed() -> Vec<Made> {
    vec![
        made(1, None, 3, 0, 100),
        made(2, Some(1), 4, 10, 80),
        made(3, Some(2), 0, 20, 60),
        made(4, Some(3), 5, 35, 30),
        made(5, Some(77), 3, 40, 5),
    ]
}

#[test]
fn other_spans_of_a_trace_are_times_and_places_with_ids_of_their_own() {
    let (_dir, limited) = limited(&mixed());
    let found = answer(&limited, &trace(&first())).unwrap();
    let start = (NOON / 1_000) as i64 - 3_600_000_000;
    let hop = |number: i64, parent: serde_json::Value, at: i64, ms: i64| {
        json!({
            "id": format!("redacted-{number}"),
            "parent": parent,
            "start_time_unix_us": start + at * 1_000,
            "duration_us": ms * 1_000,
            "children": [],
        })
    };
    let mut second = hop(2, "redacted-1".into(), 10, 80);
    second["children"] = json!(["0000000000000003"]);
    let expected = [
        hop(1, serde_json::Value::Null, 0, 100),
        second,
        hop(3, "0000000000000003".into(), 35, 30),
        hop(4, serde_json::Value::Null, 40, 5),
    ];
    // The ids of spans make them start some microseconds apart.
    let mut hops = found["redacted_hops"].clone();
    for (hop, id) in hops.as_array_mut().unwrap().iter_mut().zip([1, 2, 4, 5]) {
        let start = hop["start_time_unix_us"].as_i64().unwrap();
        hop["start_time_unix_us"] = (start - id).into();
    }
    assert_eq!(hops, json!(expected));
    let numbers = json!([found["redacted"], found["span_count"], found["error_count"]]);
    assert_eq!(numbers, json!([4, 1, 0]));
    assert_eq!(found["services"], json!(["payments-api"]));
    assert!(!SECRETS.iter().any(|secret| found.to_string().contains(secret)), "{found}");
    let back: crate::answer::Trace = serde_json::from_value(found.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap()["redacted_hops"], found["redacted_hops"]);
}

#[test]
fn a_caller_without_a_limit_gets_no_redacted_hops() {
    let spans: Vec<_> = mixed().iter().map(Made::span).collect();
    let (_dir, store) = store(10_000, &spans, Vec::new(), Vec::new());
    let all = sources(store, std::sync::Arc::new(Agents));
    let found = answer(&all, &trace(&first())).unwrap();
    assert_eq!(found["span_count"], 5);
    assert!(found.get("redacted").is_none() && found.get("redacted_hops").is_none());
}

#[test]
fn a_trace_of_others_alone_is_answered_as_one_that_is_not_stored() {
    let others: Vec<Made> = mixed().into_iter().filter(|one| !one.is_own()).collect();
    let (_dir, limited) = limited(&others);
    let unknown = format!("{:032x}", TRACES[0] + 1);
    for (held, none) in [(first(), unknown.clone()), ("abc1".to_owned(), "abc9".to_owned())] {
        let [found, none] = [held, none].map(|id| {
            let found = answer(&limited, &trace(&id)).unwrap().to_string();
            found.replace(&id, "")
        });
        assert_eq!(found, none);
    }
    let why = |id: &str| WhyQuestion { trace_id: Some(id.to_owned()), ..WhyQuestion::default() };
    let [found, none] = [first(), unknown].map(|id| answer(&limited, &why(&id)));
    assert_eq!(found, none);
}

#[test]
fn a_prefix_that_others_share_is_not_ambiguous() {
    let shared = |trace: u128, service| Made { trace, ..made(1, None, service, 0, 1) };
    let mut all: Vec<Made> = (1..=300).map(|at| shared(TRACES[0] + at, 3)).collect();
    all.push(shared(TRACES[0] + 301, 0));
    let (_dir, limited) = limited(&all);
    let found = answer(&limited, &trace("abc1")).unwrap();
    assert_eq!(found["trace_id"], format!("{:032x}", TRACES[0] + 301));
    let from = limited.at(UnixNanos(NOON));
    let list = TracesQuestion { limit: 5, ..TracesQuestion::default() };
    let list = list.answer(&from, &Budget::unlimited()).unwrap();
    assert_eq!(list.traces.len(), 1);
}

#[test]
fn an_ambiguous_prefix_names_own_traces_only() {
    let shared = |at: u128, service| Made { trace: TRACES[0] + at, ..made(1, None, service, 0, 1) };
    let (_dir, limited) = limited(&[shared(1, 3), shared(2, 0), shared(3, 4), shared(4, 1)]);
    let error = trace("abc1").answer(&limited.at(UnixNanos(NOON)), &Budget::unlimited());
    let Err(QueryError::Ambiguous { traces, .. }) = error else { panic!("{error:?}") };
    let own = [2, 4].map(|at| TraceId::try_from(TRACES[0] + at).unwrap());
    assert_eq!(traces, own);
}
