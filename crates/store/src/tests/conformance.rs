//! The store passes the conformance suite of engines.

use coral_engine::conformance::{
    Subject, budget, colonies, coverage, dependencies, once, reading, search,
};
use coral_trace::red::Protocol;
use tempfile::TempDir;

use super::metrics::point;
use super::{NOON, config, store};
use crate::Store;

/// A store in a directory of its own. `None` while it is reopened.
struct StoreSubject {
    dir: TempDir,
    store: Option<Store>,
}

impl Subject for StoreSubject {
    type Engine = Store;

    fn new() -> Self {
        let (dir, store) = store();
        Self { dir, store: Some(store) }
    }

    fn engine(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        self.store = Some(Store::open(config(&self.dir)).unwrap());
    }

    /// Begins a seal and does not complete it, as when commits arrive during a seal or the seal
    /// failed.
    fn half_seal(&self) {
        let spans = &self.engine().0.spans;
        if spans.live.read().sealing.is_empty() {
            drop(spans.begin_sealing().unwrap());
        }
    }

    fn seal(&self) {
        self.engine().seal().unwrap();
    }
}

#[test]
fn a_list_is_what_a_look_at_every_span_would_be() {
    search::a_search_without_a_filter_is_exact::<StoreSubject>();
}

#[test]
fn a_search_finds_exactly_the_traces_that_match_its_filter() {
    search::a_search_finds_exactly_the_traces_that_match_its_filter::<StoreSubject>();
}

#[test]
fn a_histogram_counts_exactly_the_traces_that_match() {
    search::a_histogram_counts_exactly_the_traces_that_match::<StoreSubject>();
}

#[test]
fn columns_have_the_values_of_every_span() {
    search::columns_have_the_values_of_every_span::<StoreSubject>();
}

#[test]
fn a_read_has_the_columns_that_it_names() {
    search::a_read_has_the_columns_that_it_names::<StoreSubject>();
}

#[test]
fn nothing_is_lost_or_stored_twice_whatever_the_order_of_pages_seals_and_restarts() {
    once::nothing_is_lost_or_stored_twice::<StoreSubject>();
}

#[test]
fn pages_of_several_agents_are_answered_in_their_order() {
    once::pages_of_several_agents_are_answered_in_their_order::<StoreSubject>();
}

#[test]
fn an_agent_that_is_forgotten_keeps_its_checkpoints() {
    once::an_agent_that_is_forgotten_keeps_its_checkpoints::<StoreSubject>();
}

#[test]
fn a_store_has_one_colony_whatever_beats() {
    colonies::a_colony_that_beats_is_known_until_it_leaves::<StoreSubject>();
}

#[test]
fn a_map_is_exact_wherever_the_spans_of_a_trace_lie() {
    dependencies::a_map_is_exact_wherever_the_spans_of_a_trace_lie::<StoreSubject>();
}

#[test]
fn an_empty_window_is_an_empty_map() {
    dependencies::an_empty_window_is_an_empty_map::<StoreSubject>();
}

#[test]
fn a_trace_is_whole_wherever_its_spans_are() {
    reading::a_trace_is_whole_wherever_its_spans_are::<StoreSubject>();
}

#[test]
fn a_span_is_found_by_its_ids() {
    reading::a_span_is_found_by_its_ids::<StoreSubject>();
}

#[test]
fn a_prefix_finds_every_trace_that_begins_with_it() {
    reading::a_prefix_finds_every_trace_that_begins_with_it::<StoreSubject>();
}

#[test]
fn services_and_operations_are_listed_once_each() {
    reading::services_and_operations_are_listed_once_each::<StoreSubject>();
}

#[test]
fn spans_that_ended_in_a_range_are_shown_once_each() {
    reading::spans_that_ended_in_a_range_are_shown_once_each::<StoreSubject>();
}

#[test]
fn every_reader_of_spans_ends_with_its_budget() {
    budget::every_reader_ends_with_its_budget::<StoreSubject>();
}

#[test]
fn records_of_one_minute_add_up_and_survive_restarts() {
    coverage::records_of_one_minute_add_up_and_survive_restarts::<StoreSubject>();
}

#[test]
fn records_of_the_coverage_timeline_expire_with_the_retention_of_spans() {
    coverage::records_expire_with_the_retention_of_spans::<StoreSubject>();
}

#[test]
fn a_reader_of_the_coverage_timeline_ends_with_its_budget() {
    coverage::a_reader_of_the_timeline_ends_with_its_budget::<StoreSubject>();
}

#[test]
fn a_reader_of_metrics_ends_with_its_budget_hot_and_sealed() {
    let subject = StoreSubject::new();
    subject
        .engine()
        .append_points(&[vec![point(Protocol::Http, "/pay", 60, [3, 1])]], NOON)
        .unwrap();
    budget::a_reader_of_metrics_ends_with_its_budget(&subject);
    subject.engine().seal_metrics().unwrap();
    budget::a_reader_of_metrics_ends_with_its_budget(&subject);
}
