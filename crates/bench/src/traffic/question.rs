//! Questions that any trace store can answer, with their answers.

use std::cmp::Reverse;

use coral_scenario::mix;
use serde::Serialize;

use super::Traffic;
use super::encode::{path, service_name};
use super::trace::Trace;
use super::truth::Facts;

/// A question that lists traces. Times are Unix microseconds, and ranges are half-open; a trace is
/// in a range when it started in the range.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListQuery {
    /// The newest traces that started in a range.
    Newest { since_us: i64, until_us: i64, limit: usize },
    /// The slowest traces of a service, of at least a minimum duration.
    Slowest { service: u64, since_us: i64, until_us: i64, min_duration_us: i64, limit: usize },
    /// The newest traces with a span whose `url.path` is that of a route and an item.
    Path { route: u64, item: u64, limit: usize },
}

/// A question with its exact answer.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// The question.
    #[serde(rename = "asked")]
    pub query: ListQuery,
    /// The traces in the requested order. Equally slow traces are sorted by start time, newest
    /// first; equal start times by id.
    pub answer: Vec<Facts>,
    /// How many traces match; `answer` may have fewer, because of the limit.
    pub matching: u64,
}

/// Number of windows within the spread. They detect stores that answer from new data only.
const WINDOWS: u64 = 40;
/// The number of traces in a list.
pub const LIMIT: usize = 20;

impl ListQuery {
    /// The questions of the bench: newest traces, windows over the whole spread, slowest traces,
    /// attributes.
    pub fn for_bench(traffic: &Traffic) -> Vec<Self> {
        let (begin, end) = traffic.range_us();
        let mut queries = vec![Self::Newest { since_us: begin, until_us: end, limit: LIMIT }];
        queries.extend(Self::windows(traffic));
        queries.extend((0..traffic.services.min(5)).map(|service| Self::Slowest {
            service,
            since_us: begin,
            until_us: end,
            min_duration_us: 500_000,
            limit: LIMIT,
        }));
        queries.extend((0..5).map(|at| {
            let trace = traffic.trace(mix(at) % traffic.traces());
            Self::Path { route: trace.route(0), item: trace.item(0), limit: LIMIT }
        }));
        queries
    }

    /// Windows of a sixtieth of the spread, in whole seconds, evenly distributed.
    fn windows(traffic: &Traffic) -> impl Iterator<Item = Self> + use<> {
        let (begin, end) = traffic.range_us();
        let seconds = ((end - begin) / 1_000_000).max(2);
        let length = (seconds / 60).max(1);
        (0..WINDOWS as i64).map(move |at| {
            let since = begin / 1_000_000 + (seconds - length) * at / (WINDOWS as i64 - 1);
            let (since_us, until_us) = (since * 1_000_000, (since + length) * 1_000_000);
            Self::Newest { since_us, until_us, limit: LIMIT }
        })
    }

    /// The largest number of traces in the answer.
    pub fn limit(&self) -> usize {
        match self {
            Self::Newest { limit, .. } | Self::Slowest { limit, .. } | Self::Path { limit, .. } => {
                *limit
            }
        }
    }

    /// A cheap test that rejects nearly all traces: true if `trace` cannot be in the answer.
    fn excludes(&self, traffic: &Traffic, trace: &Trace) -> bool {
        let start_us = (trace.start / 1_000) as i64;
        match *self {
            Self::Newest { since_us, until_us, .. } => !(since_us..until_us).contains(&start_us),
            Self::Slowest { service, since_us, until_us, min_duration_us, .. } => {
                // A span that ends after its root ends at most a millisecond later.
                (trace.length / 1_000) as i64 + 1_001 < min_duration_us
                    || !(since_us..until_us).contains(&start_us)
                    || !(0..traffic.hops()).any(|hop| traffic.service(trace, hop) == service)
            }
            Self::Path { route, item, .. } => {
                !(0..traffic.hops()).any(|hop| trace.route(hop) == route && trace.item(hop) == item)
            }
        }
    }

    fn includes(&self, facts: &Facts) -> bool {
        match self {
            Self::Slowest { min_duration_us, .. } => facts.duration_us >= *min_duration_us,
            Self::Newest { .. } | Self::Path { .. } => true,
        }
    }

    /// The name of the service that the question is about, if any.
    pub fn service(&self) -> Option<String> {
        match self {
            Self::Slowest { service, .. } => Some(service_name(*service)),
            _ => None,
        }
    }

    /// The `url.path` that the question is about, if any.
    pub fn path(&self) -> Option<String> {
        match self {
            Self::Path { route, item, .. } => Some(path(*route, *item)),
            _ => None,
        }
    }
}

impl Traffic {
    /// The range of all start times: Unix microseconds, in whole seconds, half-open.
    pub fn range_us(&self) -> (i64, i64) {
        let second = |nanos: u64| (nanos / 1_000_000_000) as i64 * 1_000_000;
        (second(self.end.saturating_sub(self.spread)), second(self.end) + 1_000_000)
    }
}

/// The sort key of a trace: duration (0 if the order is by time) and start time, descending; then
/// id. The last number is that of the trace.
type SortKey = (Reverse<(i64, i64)>, u128, u64);

/// An answer under construction, to which traces are offered one by one.
pub struct Answer {
    query: ListQuery,
    best: Vec<SortKey>,
    matching: u64,
}

impl Answer {
    /// An answer without traces.
    pub fn new(query: ListQuery) -> Self {
        Self { query, best: Vec::new(), matching: 0 }
    }

    /// Adds `trace` to the answer if it matches.
    pub fn offer(&mut self, traffic: &Traffic, trace: &Trace) {
        if self.query.excludes(traffic, trace) {
            return;
        }
        let Some(duration) = self.ranked_duration(traffic, trace) else { return };
        self.matching += 1;
        let rank = Reverse((duration, (trace.start / 1_000) as i64));
        self.best.push((rank, trace.id, trace.number));
        if self.best.len() > 4 * self.query.limit() + 64 {
            self.shorten();
        }
    }

    /// The duration for the sort key; `None` when the trace does not match.
    fn ranked_duration(&self, traffic: &Traffic, trace: &Trace) -> Option<i64> {
        match self.query {
            ListQuery::Slowest { .. } => {
                let facts = traffic.facts(trace);
                self.query.includes(&facts).then_some(facts.duration_us)
            }
            _ => Some(0),
        }
    }

    fn shorten(&mut self) {
        self.best.sort_unstable();
        self.best.truncate(self.query.limit());
    }

    /// The answer, after every trace was offered.
    pub fn finish(mut self, traffic: &Traffic) -> Question {
        self.shorten();
        let facts = |number| traffic.facts(&traffic.trace(number));
        let answer = self.best.iter().map(|(_, _, number)| facts(*number)).collect();
        Question { query: self.query, answer, matching: self.matching }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn answers_equal_those_of_a_search_through_all_traces() {
        let traffic = sample(20_000);
        let mut all: Vec<Facts> =
            (0..traffic.traces()).map(|at| traffic.facts(&traffic.trace(at))).collect();
        all.sort_by_key(|facts| Reverse(facts.start_us));
        for question in traffic.answer_all(ListQuery::for_bench(&traffic)) {
            match question.query {
                ListQuery::Newest { since_us, until_us, .. } => {
                    let within = all
                        .iter()
                        .filter(|facts| (since_us..until_us).contains(&facts.start_us))
                        .cloned()
                        .collect::<Vec<_>>();
                    assert_eq!(within.len() as u64, question.matching);
                    assert_eq!(within[..within.len().min(LIMIT)], question.answer);
                }
                ListQuery::Slowest { min_duration_us, .. } => {
                    assert!(question.matching > 0 && !question.answer.is_empty());
                    assert!(
                        question.answer.iter().all(|facts| facts.duration_us >= min_duration_us)
                    );
                    assert!(question.answer.is_sorted_by_key(|facts| -facts.duration_us));
                }
                ListQuery::Path { .. } => assert!(question.matching >= 1),
            }
        }
    }

    #[test]
    fn windows_cover_the_spread_and_contain_traces() {
        let traffic = sample(100_000);
        let windows: Vec<ListQuery> = ListQuery::windows(&traffic).collect();
        let answered = traffic.answer_all(windows);
        assert_eq!(answered.len(), 40);
        let empty = answered.iter().filter(|question| question.matching == 0).count();
        assert!(empty <= 1, "{empty} empty windows");
    }
}
