//! A cluster passes the conformance suite of engines, on one shard and on two.

use coral_engine::conformance::{
    Subject, budget, colonies, coverage, dependencies, once, reading, search,
};
use coral_engine::{MetricCheckpoint, PageWriter};

use super::metrics::delta;
use super::server::{SharedServers, config, drop_database, shared};
use crate::{Cluster, ClusterConfig};

/// A cluster of `SHARDS` shards in a database of its own. `None` while it is reopened.
struct ClusterSubject<const SHARDS: usize> {
    config: ClusterConfig,
    cluster: Option<Cluster>,
    _servers: SharedServers,
}

impl<const SHARDS: usize> Subject for ClusterSubject<SHARDS> {
    type Engine = Cluster;

    fn new() -> Self {
        let servers = shared().expect("the test was skipped without servers");
        let config = config(&servers.urls, SHARDS);
        let cluster = Some(Cluster::open(&config).unwrap());
        Self { config, cluster, _servers: servers }
    }

    fn engine(&self) -> &Cluster {
        self.cluster.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.cluster = None;
        self.cluster = Some(Cluster::open(&self.config).unwrap());
    }

    /// Merges the parts of spans, as a server does by itself at some time.
    fn seal(&self) {
        for shard in self.engine().shards() {
            shard.execute(&format!("OPTIMIZE TABLE {}", shard.table("spans"))).unwrap();
        }
    }
}

impl<const SHARDS: usize> Drop for ClusterSubject<SHARDS> {
    fn drop(&mut self) {
        if let Some(cluster) = &self.cluster {
            drop_database(cluster);
        }
    }
}

/// Runs a property of the suite on one shard, and on two, if there are servers.
macro_rules! passes {
    ($($name:ident: $module:ident::$property:ident;)*) => {
        $(#[test]
        fn $name() {
            let Some(servers) = shared() else { return };
            $module::$property::<ClusterSubject<1>>();
            if servers.urls.len() > 1 {
                $module::$property::<ClusterSubject<2>>();
            }
        })*
    };
}

passes! {
    a_list_is_what_a_look_at_every_span_would_be: search::a_search_without_a_filter_is_exact;
    a_search_finds_exactly_the_traces_that_match_its_filter:
        search::a_search_finds_exactly_the_traces_that_match_its_filter;
    a_histogram_counts_exactly_the_traces_that_match:
        search::a_histogram_counts_exactly_the_traces_that_match;
    columns_have_the_values_of_every_span: search::columns_have_the_values_of_every_span;
    a_read_has_the_columns_that_it_names: search::a_read_has_the_columns_that_it_names;
    nothing_is_lost_or_stored_twice_whatever_the_order_of_pages_merges_and_restarts:
        once::nothing_is_lost_or_stored_twice;
    pages_of_several_agents_are_answered_in_their_order:
        once::pages_of_several_agents_are_answered_in_their_order;
    an_agent_that_is_forgotten_keeps_its_checkpoints:
        once::an_agent_that_is_forgotten_keeps_its_checkpoints;
    a_colony_that_beats_is_known_until_it_leaves:
        colonies::a_colony_that_beats_is_known_until_it_leaves;
    a_map_is_exact_wherever_the_spans_of_a_trace_lie:
        dependencies::a_map_is_exact_wherever_the_spans_of_a_trace_lie;
    an_empty_window_is_an_empty_map: dependencies::an_empty_window_is_an_empty_map;
    a_trace_is_whole_wherever_its_spans_are: reading::a_trace_is_whole_wherever_its_spans_are;
    a_span_is_found_by_its_ids: reading::a_span_is_found_by_its_ids;
    a_prefix_finds_every_trace_that_begins_with_it:
        reading::a_prefix_finds_every_trace_that_begins_with_it;
    services_and_operations_are_listed_once_each:
        reading::services_and_operations_are_listed_once_each;
    spans_that_ended_in_a_range_are_shown_once_each:
        reading::spans_that_ended_in_a_range_are_shown_once_each;
    every_reader_of_spans_ends_with_its_budget: budget::every_reader_ends_with_its_budget;
    records_of_one_minute_add_up_and_survive_restarts:
        coverage::records_of_one_minute_add_up_and_survive_restarts;
    records_of_the_coverage_timeline_expire_with_the_retention_of_spans:
        coverage::records_expire_with_the_retention_of_spans;
    a_reader_of_the_coverage_timeline_ends_with_its_budget:
        coverage::a_reader_of_the_timeline_ends_with_its_budget;
}

#[test]
fn a_reader_of_metrics_ends_with_its_budget() {
    let Some(_servers) = shared() else { return };
    let subject = ClusterSubject::<1>::new();
    let checkpoint = MetricCheckpoint { agent_id: "web-1".to_owned(), ..Default::default() };
    let page = vec![delta("/pay", 60, 3)];
    let now = coral_engine::conformance::NOON;
    subject.engine().append_metric_page(page, now, &checkpoint).unwrap();
    budget::a_reader_of_metrics_ends_with_its_budget(&subject);
}
