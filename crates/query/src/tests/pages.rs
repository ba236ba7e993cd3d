//! Pages of a list, each of which begins where the one before ended.

use coral_trace::TraceId;
use proptest::prelude::*;

use super::shop::{NOON, ask, request, sources};
use crate::{Ask as _, Budget, QueryError, SharedSources, Sort, TracesQuestion};

/// All traces of a list, in pages of `limit`.
fn paged(from: &SharedSources, question: &TracesQuestion, limit: u32) -> Vec<TraceId> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(from, &TracesQuestion { after, limit, ..question.clone() });
        assert!(page.traces.len() == limit as usize || !page.more);
        assert_eq!(page.next.is_some(), page.more);
        ids.extend(page.traces.iter().map(|trace| trace.trace_id));
        match page.next {
            Some(next) => after = next,
            None => return ids,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_together_are_the_long_list_also_of_traces_that_start_and_last_the_same(
        requests in prop::collection::vec((0..3_u64, 1..4_u64, any::<bool>()), 0..40),
        limit in 1..7_u32,
        slowest in any::<bool>(),
        q in prop::sample::select(vec!["", "service:shop", "duration<3ms", "-service:cart"]),
        max_duration_us in prop::option::of(1_000..4_000_i64),
    ) {
        let span = |(id, (secs, ms, is_shop)): (u64, (u64, u64, bool))| {
            request(id, if is_shop { "shop" } else { "cart" }, "/pay", secs, ms)
        };
        let (_dir, from) = sources((1..).zip(requests).map(span).collect());
        let sort = if slowest { Sort::Slowest } else { Sort::Newest };
        let question = TracesQuestion {
            q: q.to_owned(), sort, max_duration_us, limit: 1_000, ..TracesQuestion::default()
        };
        let all = ask(&from, &question);
        let ids: Vec<TraceId> = all.traces.iter().map(|trace| trace.trace_id).collect();
        prop_assert_eq!(paged(&from, &question, limit), ids);
        prop_assert_eq!(all.next, None);
        let longest = all.traces.iter().map(|trace| trace.duration_us).max();
        prop_assert!(longest <= max_duration_us.or(longest));
    }
}

#[test]
fn an_empty_page_suggests_no_other_conditions_and_groups_count_all_pages() {
    let (_dir, from) = sources((1..=5).map(|id| request(id, "shop", "/pay", id, 5)).collect());
    let question = TracesQuestion {
        q: "service:shop".to_owned(),
        by: "service".to_owned(),
        limit: 5,
        ..TracesQuestion::default()
    };
    let all = ask(&from, &question);
    let last = all.traces.last().unwrap();
    let after = format!("newest.{}.{}", last.start.as_micros(), last.trace_id);
    let empty = ask(&from, &TracesQuestion { after, ..question });
    assert!(empty.traces.is_empty() && empty.unmatched.is_empty() && !empty.more);
    assert_eq!(empty.groups, all.groups);
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let (_dir, from) = sources((1..=3).map(|id| request(id, "shop", "/pay", id, 5)).collect());
    let first = ask(&from, &TracesQuestion { limit: 1, ..TracesQuestion::default() });
    let after = first.next.unwrap();
    let question = TracesQuestion { after, sort: Sort::Slowest, ..TracesQuestion::default() };
    let asked = question.answer(&from.at(coral_trace::UnixNanos(NOON)), &Budget::unlimited());
    assert!(matches!(asked, Err(QueryError::Invalid { field: "after", .. })));
}
