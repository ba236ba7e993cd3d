//! The spans that Beyla sent in one run, and what their times say.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use crate::ask::agent::PageSpan;

/// The server spans of all services, in the order in which the agent received them. Times are in
/// nanoseconds since the Unix epoch.
#[derive(Default)]
pub struct SeenSpans(Vec<PageSpan>);

/// How many traces have a server span of every service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wholeness {
    /// Traces that do.
    pub whole: usize,
    /// All traces.
    pub all: usize,
}

impl SeenSpans {
    /// Adds the server spans of `spans`.
    pub fn add(&mut self, spans: Vec<PageSpan>) {
        self.0.extend(spans.into_iter().filter(|span| span.is_server));
    }

    /// The longest time within `during` in which no span of `service` ended.
    pub fn longest_gap(&self, service: &str, during: Range<u64>) -> Duration {
        let mut ends: Vec<u64> = self.of(service).map(|span| span.end).collect();
        ends.retain(|end| during.contains(end));
        ends.extend([during.start, during.end]);
        ends.sort_unstable();
        let longest = ends.windows(2).map(|pair| pair[1] - pair[0]).max();
        Duration::from_nanos(longest.unwrap_or(0))
    }

    /// The last end of a span of `service` before `moment`.
    pub fn last_end_before(&self, service: &str, moment: u64) -> Option<u64> {
        self.of(service).map(|span| span.end).filter(|end| *end < moment).max()
    }

    /// The first start of a span of `service` at or after `moment`.
    pub fn first_start_from(&self, service: &str, moment: u64) -> Option<u64> {
        self.of(service).map(|span| span.start).filter(|start| *start >= moment).min()
    }

    /// How many of the traces that `services[0]` began within `during` have a server span of each of
    /// `services`. A trace that the instrumentation cuts is two traces, neither of which has all.
    pub fn wholeness(&self, services: &[&str], during: Range<u64>) -> Wholeness {
        let mut served: HashMap<u128, HashSet<&str>> = HashMap::new();
        for span in &self.0 {
            served.entry(span.trace).or_default().insert(&span.service);
        }
        let first = services.first().copied().unwrap_or_default();
        let begun = self.of(first).filter(|span| during.contains(&span.start));
        let traces: HashSet<u128> = begun.map(|span| span.trace).collect();
        let has_all = |trace: &&u128| services.iter().all(|one| served[*trace].contains(one));
        Wholeness { whole: traces.iter().filter(has_all).count(), all: traces.len() }
    }

    fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a PageSpan> {
        self.0.iter().filter(move |span| span.service == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(trace: u128, service: &str, start: u64, end: u64) -> PageSpan {
        let service = service.to_owned();
        PageSpan { trace, span: trace as u64, service, is_server: true, start, end }
    }

    fn seen(spans: Vec<PageSpan>) -> SeenSpans {
        let mut seen = SeenSpans::default();
        seen.add(spans);
        seen
    }

    #[test]
    fn a_gap_is_the_longest_time_without_the_end_of_a_span_also_at_the_edges() {
        let ends = |ends: &[u64]| {
            seen(ends.iter().map(|end| span(u128::from(*end), "front", end - 1, *end)).collect())
        };
        let gap = |of: &[u64]| ends(of).longest_gap("front", 100..200).as_nanos();
        assert_eq!(gap(&[110, 120, 160, 190]), 40);
        assert_eq!(gap(&[160, 120, 110, 190]), 40, "late spans count where they ended");
        assert_eq!(gap(&[150]), 50, "the edges of the time count");
        assert_eq!(gap(&[50, 250]), 100, "spans outside of it do not");
        assert_eq!(ends(&[110, 190]).longest_gap("back", 100..200).as_nanos(), 100);
    }

    #[test]
    fn what_a_kill_lost_is_from_the_last_end_before_it_to_the_first_start_after_it() {
        let spans = ["front", "back"].map(|service| {
            [(10, 20), (30, 40), (45, 55), (70, 80)]
                .map(|(start, end)| span(u128::from(start), service, start, end))
        });
        let mut seen = seen(spans.into_iter().flatten().collect());
        assert_eq!(seen.last_end_before("front", 50), Some(40));
        assert_eq!(seen.first_start_from("front", 50), Some(70));
        assert_eq!(seen.last_end_before("front", 10), None);
        seen.add(vec![PageSpan { is_server: false, ..span(9, "front", 51, 52) }]);
        assert_eq!(seen.first_start_from("front", 50), Some(70), "a client span is no request");
    }

    #[test]
    fn a_trace_is_whole_when_every_service_has_served_in_it() {
        let seen = seen(vec![
            span(1, "front", 100, 130),
            span(1, "middle", 110, 125),
            span(1, "back", 115, 120),
            span(2, "front", 101, 131),
            span(2, "middle", 111, 126),
            // The rest of trace 2, cut off.
            span(3, "back", 116, 121),
            span(4, "front", 90, 140),
        ]);
        let wholeness = seen.wholeness(&["front", "middle", "back"], 100..200);
        assert_eq!(wholeness, Wholeness { whole: 1, all: 2 });
    }
}
