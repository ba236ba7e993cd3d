//! TraceQL of a limited caller: searches, relations between spans, metrics, keys and values.

use std::fmt::Debug;
use std::time::Duration;

use coral_trace::{TimeRange, UnixNanos};
use proptest::prelude::*;

use super::{OTHERS, OWN, SECOND, SECRETS, made, views};
use crate::tag_names::TagNamesQuestion;
use crate::tests::shop::NOON;
use crate::traceql::{MetricsQuestion, SearchQuestion, TagValuesQuestion};
use crate::{Budget, QueryError};

/// Conditions on one span, of which some are met by spans of others alone.
const CONDITIONS: [&str; 24] = [
    "true",
    "status = error",
    "status = unset",
    "kind = server",
    "duration > 100ms",
    "traceDuration > 1m",
    "name = \"GET /pay\"",
    "name =~ \".*plonkish\"",
    "statusMessage = \"wexwood\"",
    "rootName =~ \".*plonkish\"",
    "rootServiceName = \"orders-quixnar\"",
    "rootServiceName = \"ledger\"",
    "resource.service.name = \"ledger\"",
    "resource.service.name = \"payment-zorblax\"",
    "resource.service.name =~ \"orders.*\"",
    "resource.host.name = \"grimbolt\"",
    ".user.tier = \"snarfle\"",
    "span.user.tier = \"own\"",
    ".http.response.status_code = \"503\"",
    ".host.name != nil",
    "span:childCount > 0",
    "nestedSetParent < 0",
    "span:parentID = \"\"",
    "link:traceID != nil",
];
const RELATIONS: [&str; 12] =
    ["&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<<", "&>>", "&~"];
const KEYS: [&str; 10] = [
    "resource.service.name",
    "resource.host.name",
    "name",
    "statusMessage",
    "rootName",
    "rootServiceName",
    ".user.tier",
    "kind",
    "status",
    "trace:id",
];

fn search() -> impl Strategy<Value = String> {
    let one = || prop::sample::select(&CONDITIONS[..]);
    let steps =
        ["", " | count() > 1", " | by(resource.service.name)", " | select(.user.tier, name)"];
    let relation = prop::option::of((prop::sample::select(&RELATIONS[..]), one()));
    (one(), relation, prop::sample::select(steps.to_vec())).prop_map(|(left, right, step)| {
        let right = right.map(|(relation, right)| format!(" {relation} {{ {right} }}"));
        format!("{{ {left} }}{}{step}", right.unwrap_or_default())
    })
}

fn metrics() -> impl Strategy<Value = String> {
    let functions =
        ["rate()", "count_over_time()", "max_over_time(duration)", "compare({ status = error })"];
    let (one, by) = (prop::sample::select(&CONDITIONS[..]), prop::sample::select(&KEYS[..]));
    (one, prop::sample::select(functions.to_vec()), by).prop_map(|(one, function, by)| {
        let by =
            if function.starts_with("compare") { String::new() } else { format!(" by ({by})") };
        format!("{{ {one} }} | {function}{by}")
    })
}

/// Compares two answers, of which the first must have no word of others that `asked` lacks.
fn same<T: Debug>(
    asked: &str,
    found: Result<T, QueryError>,
    expected: Result<T, QueryError>,
) -> Result<(), TestCaseError> {
    let text = format!("{found:?}");
    for secret in SECRETS.iter().chain(&OTHERS).filter(|secret| !asked.contains(**secret)) {
        prop_assert!(!text.contains(secret), "{} says {}: {}", asked, secret, text);
    }
    prop_assert_eq!(text, format!("{expected:?}"), "{}", asked);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn traceql_answers_a_limited_caller_as_a_store_without_the_spans_of_others(
        made in prop::collection::vec(made(), 1..60),
        segment_rows in prop::sample::select(&[20_u64, 10_000][..]),
        searches in prop::collection::vec(search(), 12),
        metrics in prop::collection::vec(metrics(), 6),
        key in prop::sample::select(&KEYS[..]),
    ) {
        let (_dirs, limited, only) = views(&made, segment_rows, false);
        let (since, until) = (UnixNanos(NOON - 3_600 * SECOND), UnixNanos(NOON));
        let started = TimeRange { start: since, end: until };
        let both = [&limited, &only];
        for q in searches {
            for newest in [0, u64::MAX] {
                let [found, expected] = both.map(|from| {
                    let (q, since) = (q.clone(), None);
                    let asked = SearchQuestion { q, since, until: None, limit: 50, spans_per_set: 0 };
                    let answer = asked.answer_after(newest, &from.at(until), &Budget::unlimited())?;
                    // Columns count traces that an index leaves out, and a limited reader has none.
                    let inspected = (newest > 0).then_some(answer.inspected_traces);
                    Ok((answer.traces, inspected))
                });
                same(&q, found, expected)?;
            }
            let [found, expected] = both.map(|from| {
                let asked = TagNamesQuestion { q: Some(q.clone()), started, limit: 100 };
                asked.answer(&from.at(until), &Budget::unlimited())
            });
            same(&q, found, expected)?;
            let [found, expected] = both.map(|from| {
                let (tag, q) = (key.to_owned(), Some(q.clone()));
                let asked = TagValuesQuestion { tag, q, since, until, limit: 100 };
                asked.answer(&from.at(until), &Budget::unlimited())
            });
            same(&format!("{key} of {q}"), found, expected)?;
        }
        for q in metrics {
            let [found, expected] = both.map(|from| {
                let (q, step) = (q.clone(), Duration::from_secs(300));
                let asked = MetricsQuestion { q, since, until, step, exemplars: 100 };
                Ok(asked.range(&from.at(until), &Budget::unlimited())?.series)
            });
            same(&q, found, expected)?;
        }
    }
}

#[test]
fn a_limited_caller_finds_own_spans_and_no_others_by_service() {
    proptest!(ProptestConfig::with_cases(4), |(made in prop::collection::vec(made(), 60))| {
        let (_dirs, limited, _only) = views(&made, 20, false);
        let count = |service: &str| {
            let q = format!("{{ resource.service.name = \"{service}\" }}");
            let asked = SearchQuestion { q, since: None, until: None, limit: 50, spans_per_set: 0 };
            asked.answer(&limited.at(UnixNanos(NOON)), &Budget::unlimited()).unwrap().traces.len()
        };
        prop_assert!(OWN.into_iter().map(count).sum::<usize>() > 0);
        prop_assert_eq!(OTHERS.map(count), [0; 3]);
    });
}
