//! Questions in TraceQL have the answers that testing every span gives.

mod examples;
mod queries;
mod spans;

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::Budget;
use coral_trace::{Span, TraceId, UnixNanos};
use coral_traceql::{Root, Spans, Static, evaluate, parse};
use proptest::prelude::*;

use coral_store::{Store, StoreConfig};
use tempfile::TempDir;

use self::queries::{condition, search};
use self::spans::any_spans;
use super::shop::{NOON, shared};
use crate::SharedSources;
use crate::traceql::{MetricsAnswer, MetricsQuestion, SearchAnswer, SearchQuestion};

const SECOND: u64 = 1_000_000_000;

/// A store with `spans`, of which the first half is sealed.
fn half_sealed(spans: &[Span]) -> (TempDir, SharedSources) {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 10_000 };
    let store = Store::open(config).unwrap();
    // Traces lie on both sides.
    let (even, odd): (Vec<Span>, Vec<Span>) =
        spans.iter().cloned().partition(|span| span.span_id.as_u64() % 2 == 0);
    store.append(&[even], UnixNanos(NOON)).unwrap();
    store.seal().unwrap();
    store.append(&[odd], UnixNanos(NOON)).unwrap();
    (dir, shared(store))
}

fn by_trace(spans: &[Span]) -> BTreeMap<TraceId, Vec<&Span>> {
    let mut traces: BTreeMap<TraceId, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(span.trace_id).or_default().push(span);
    }
    traces
}

fn found(sources: &SharedSources, q: &str) -> Result<SearchAnswer, crate::QueryError> {
    let q = q.to_owned();
    let question = SearchQuestion { q, since: None, until: None, limit: 100, spans_per_set: 0 };
    question.answer(&sources.at(UnixNanos(NOON + 3_600 * SECOND)), &Budget::unlimited())
}

/// The answer for which columns are read after `newest` spans were evaluated.
fn found_by_column(
    sources: &SharedSources,
    q: &str,
    newest: u64,
) -> Result<SearchAnswer, crate::QueryError> {
    let q = q.to_owned();
    let question = SearchQuestion { q, since: None, until: None, limit: 100, spans_per_set: 0 };
    let sources = sources.at(UnixNanos(NOON + 3_600 * SECOND));
    question.answer_after(newest, &sources, &Budget::unlimited())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_search_finds_the_span_sets_that_testing_every_span_finds(
        spans in any_spans(),
        queries in prop::collection::vec(search(), 8..16),
    ) {
        let traces = by_trace(&spans);
        let (_dir, sources) = half_sealed(&spans);
        for q in queries {
            let Ok(query) = parse(&q) else { continue };
            let Root::Search(pipeline) = &query.root else { continue };
            let mut expected = BTreeMap::new();
            let mut is_error = false;
            for (id, spans) in &traces {
                let trace = Spans::new(spans.iter().copied());
                match evaluate(pipeline, &trace) {
                    Ok(groups) if !groups.is_empty() => {
                        let ids = groups.into_iter().map(|group| {
                            let ids = group.spans.iter().map(|at| trace.span(*at).span_id);
                            (ids.collect::<Vec<_>>(), group.attributes)
                        });
                        expected.insert(*id, ids.collect::<Vec<_>>());
                    }
                    Ok(_) => {}
                    Err(_) => is_error = true,
                }
            }
            let answer = match found(&sources, &q) {
                Ok(answer) => answer,
                Err(error) => {
                    prop_assert!(is_error, "{}: {}", q, error);
                    continue;
                }
            };
            if !is_error {
                for newest in [0, 5] {
                    let by_column = found_by_column(&sources, &q, newest).unwrap();
                    prop_assert_eq!(&by_column.traces, &answer.traces, "{}", q);
                }
            }
            let told = answer.traces.into_iter().map(|trace| {
                let sets = trace.span_sets.into_iter().map(|set| {
                    assert_eq!(set.matched as usize, set.spans.len());
                    let ids = set.spans.into_iter().map(|span| span.span_id);
                    (ids.collect::<Vec<_>>(), set.attributes)
                });
                (trace.trace_id, sets.collect::<Vec<_>>())
            });
            prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), expected, "{}", q);
        }
    }

    #[test]
    fn metrics_count_the_spans_that_testing_every_span_finds(
        spans in any_spans(),
        filters in prop::collection::vec(prop_oneof![condition(), Just("true".to_owned())], 4..8),
        by in prop::sample::select(vec![
            "", "resource.service.name", "name", "kind", "status", ".a", "span.http.method",
            "span.http.status_code", "resource.a", "span.server.port", "statusMessage",
        ]),
        since in 0..10_u64,
    ) {
        let traces = by_trace(&spans);
        let (_dir, sources) = half_sealed(&spans);
        for filter in filters {
            let search = format!("{{ {filter} }}");
            let grouped = if by.is_empty() { String::new() } else { format!(" by ({by})") };
            let q = format!("{search} | count_over_time(){grouped}");
            let Ok(query) = parse(&search) else { continue };
            let Root::Search(pipeline) = &query.root else { continue };
            let (since, until) = (NOON + since * SECOND, NOON + 15 * SECOND);
            let mut expected: BTreeMap<(String, i64), f64> = BTreeMap::new();
            for spans in traces.values() {
                let trace = Spans::new(spans.iter().copied());
                for at in evaluate(pipeline, &trace).unwrap().into_iter().flat_map(|group| group.spans) {
                    let start = trace.span(at).start.0;
                    if (since..until).contains(&start) {
                        use coral_traceql::Trace as _;
                        let value = match by {
                            "" => Static::String("count_over_time".to_owned()),
                            by => trace.value(at, &coral_traceql::parse_attribute(by).unwrap()),
                        };
                        let step = start - start % (3 * SECOND);
                        let key = (format!("{value:?}"), (step / 1_000_000) as i64);
                        *expected.entry(key).or_default() += 1.0;
                    }
                }
            }
            let told = metrics(&sources, &q, since, until).series.into_iter().flat_map(|series| {
                let value = format!("{:?}", series.labels[0].1);
                let samples = series.samples.into_iter().filter(|sample| sample.value != 0.0);
                samples.map(move |sample| ((value.clone(), sample.timestamp_ms), sample.value))
            });
            prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), expected, "{}", q);
        }
    }
}

fn metrics(sources: &SharedSources, q: &str, since: u64, until: u64) -> MetricsAnswer {
    let (since, until, step) = (UnixNanos(since), UnixNanos(until), Duration::from_secs(3));
    let question = MetricsQuestion { q: q.to_owned(), since, until, step, exemplars: 0 };
    let answer = question.range(&sources.at(UnixNanos(until.0)), &Budget::unlimited());
    answer.unwrap_or_else(|error| panic!("{q}: {error}"))
}
