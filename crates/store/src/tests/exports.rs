//! Exports as rows are stored as their spans are.

use coral_trace::{Collector, Span, testing};
use proptest::prelude::*;

use super::{NOON, by_sdk, of_service, span, store};
use crate::{IndexedQuery, PageLimit, SpanRows, Store};

const ALL: PageLimit = PageLimit { spans: 10_000, bytes: usize::MAX };

/// Everything that readers see of the spans in `store`: pages of both collectors, and the sums of
/// traces.
fn visible(store: &Store) -> impl PartialEq + std::fmt::Debug {
    let page = |collector| {
        let page = store.spans_after(collector, 0, 10_000).unwrap();
        let spans = page.spans.into_iter().map(|stored| (stored.receipt, stored.span));
        (spans.collect::<Vec<_>>(), store.column_page(collector, 0, ALL).unwrap())
    };
    let found = store.search(&IndexedQuery::newest(10_000)).unwrap();
    (page(Collector::Ebpf), page(Collector::Sdk), found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_export_as_rows_is_stored_like_an_export_of_spans(
        commits in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(testing::span(), 0..6), 0..4), 1..4),
        repeated in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
        sealed in any::<bool>(),
    ) {
        let mut commits: Vec<Vec<Vec<Span>>> = commits;
        // Some spans come again: in their export, in another one, in a later commit.
        let all: Vec<Span> = commits.iter().flatten().flatten().cloned().collect();
        for (of, to) in repeated.iter().filter(|_| !all.is_empty()) {
            let commit = to.index(commits.len());
            if let Some(export) = commits[commit].last_mut() {
                export.push(of.get(&all).clone());
            }
        }
        let ((_a, of_spans), (_b, of_rows)) = (store(), store());
        for commit in &commits {
            let rows: Vec<SpanRows> = commit.iter().map(|spans| SpanRows::of(spans)).collect();
            let (spans, rows) =
                (of_spans.append(commit, NOON).unwrap(), of_rows.append_rows(&rows, NOON).unwrap());
            prop_assert_eq!(spans, rows);
            if sealed {
                of_spans.seal().unwrap();
                of_rows.seal().unwrap();
            }
        }
        prop_assert_eq!(visible(&of_spans), visible(&of_rows));
    }
}

#[test]
fn rows_of_an_export_give_back_its_spans_and_count_its_origins() {
    let spans = [
        span(1, 1, None, 0, 1),
        of_service(span(1, 2, Some(1), 1, 1), "cart"),
        by_sdk(span(2, 3, None, 2, 1)),
    ];
    let rows = SpanRows::of(&spans);
    assert_eq!((rows.len(), rows.is_empty()), (3, false));
    assert_eq!(rows.to_spans(), spans);
    let origins: Vec<_> =
        rows.origins().iter().map(|of| (of.origin.service_name().to_owned(), of.rows)).collect();
    assert_eq!(origins, [("shop".into(), 1), ("cart".into(), 1), ("shop".into(), 1)]);
    assert!(SpanRows::of(&[]).is_empty());
}

#[test]
fn a_resource_that_is_known_is_not_written_again() {
    let (_dir, store) = store();
    let texts = || store.0.spans.live.read().hot.origin_texts();
    store.append_rows(&[SpanRows::of(&[span(1, 1, None, 0, 1)])], NOON).unwrap();
    let first = texts();
    assert_eq!(first.len(), 1);
    let known_and_new = [span(2, 2, None, 0, 1), of_service(span(2, 3, None, 0, 1), "cart")];
    store.append_rows(&[SpanRows::of(&known_and_new)], NOON).unwrap();
    assert_eq!(texts().len(), 2);
    assert_eq!(texts()[..1], first);
    for id in 4..40 {
        store.append(&[vec![span(id.into(), id, None, 0, 1)]], NOON).unwrap();
    }
    assert_eq!(texts().len(), 2);
}
