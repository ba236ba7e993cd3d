//! Changes of sampling that a comparison of metrics with spans shows: metrics count every request,
//! and server spans are stored of the sampled ones only.

use std::collections::BTreeMap;
use std::time::Duration;

use coral_engine::{AgentMinute, Minute, RequestCounts};
use coral_trace::red::Protocol;
use coral_trace::{TimeRange, UnixNanos};

use super::SamplingChange;

/// Ratios that differ by less than this factor are equal. The factor is above 2: a second
/// instrumentation of a service, which begins to report spans or metrics, doubles its counts.
const MIN_FACTOR: f64 = 2.5;
/// The smallest number of counted requests before a change, and since.
const MIN_REQUESTS: u64 = 20;
/// The smallest log-likelihood ratio of a change, twice: chance exceeds 20 in one minute of 100,000.
const MIN_EVIDENCE: f64 = 20.0;
/// Services whose sampling changed together changed it at most this long after each other, to ratios
/// that differ by less than [`MIN_FACTOR`].
const SAME_TIME: Duration = Duration::from_secs(180);

/// Of the spans that an agent lacks, at least this part is not at another agent instead.
const MIN_LOST: f64 = 0.5;

/// The requests that services served, by service, protocol and minute: those of one agent, or of all.
#[derive(Default)]
pub(super) struct ServedRequests(BTreeMap<(String, Protocol), BTreeMap<Minute, RequestCounts>>);

/// A change of sampling that is common to some services of an agent.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct SharedChange {
    pub(super) since: UnixNanos,
    pub(super) sampling: SamplingChange,
    /// The services, sorted by name.
    pub(super) services: Vec<String>,
}

impl ServedRequests {
    pub(super) fn add(&mut self, record: &AgentMinute) {
        for (series, counts) in &record.requests {
            let minutes = match self.0.get_mut(series) {
                Some(minutes) => minutes,
                None => self.0.entry(series.clone()).or_default(),
            };
            let known = minutes.entry(record.minute).or_default();
            known.spans = known.spans.saturating_add(counts.spans);
            known.counted = known.counted.saturating_add(counts.counted);
        }
    }

    /// The last change of sampling of each service in `range`, by time. A service is judged by the
    /// protocol of most of its requests. `all` are the requests of all agents.
    pub(super) fn changes(&self, range: TimeRange, all: &Self) -> Vec<SharedChange> {
        let mut found: BTreeMap<&str, (u64, Option<SharedChange>)> = BTreeMap::new();
        for (series, minutes) in &self.0 {
            let known = known_minutes(minutes, range);
            let counted = sum(&known).counted;
            let best = found.entry(&series.0).or_default();
            if counted <= best.0 {
                continue;
            }
            let change = last_change(&known);
            let change = change.filter(|change| change.is_lost(&all.0[series]));
            *best = (counted, change.map(|change| change.shared(&series.0)));
        }
        let mut changes: Vec<SharedChange> =
            found.into_values().filter_map(|(_, change)| change).collect();
        changes.sort_by_key(|change| change.since);
        joined(changes)
    }
}

/// The minutes of `range` in which metrics counted requests. The last such minute of a service is
/// not among them, because its metrics may not be complete.
fn known_minutes(
    minutes: &BTreeMap<Minute, RequestCounts>,
    range: TimeRange,
) -> Vec<(Minute, RequestCounts)> {
    let counted = minutes.iter().filter(|(_, counts)| counts.counted > 0);
    let mut known: Vec<(Minute, RequestCounts)> =
        counted.map(|(minute, counts)| (*minute, *counts)).collect();
    known.pop();
    known.retain(|(minute, _)| minute.touches(range));
    known
}

/// Joins changes that services have in common. `changes` are sorted by time.
fn joined(changes: Vec<SharedChange>) -> Vec<SharedChange> {
    let mut found: Vec<SharedChange> = Vec::new();
    for change in changes {
        let is_same = |known: &&mut SharedChange| {
            let [one, other] = [known.sampling, change.sampling];
            change.since.since(known.since) <= SAME_TIME
                && !differ(one.now, other.now)
                && !differ(one.before, other.before)
        };
        match found.iter_mut().find(is_same) {
            Some(known) => known.services.extend(change.services),
            None => found.push(change),
        }
    }
    found.iter_mut().for_each(|change| change.services.sort());
    found
}

/// A change of the ratio of spans to counted requests.
struct Change<'a> {
    before: &'a [(Minute, RequestCounts)],
    now: &'a [(Minute, RequestCounts)],
}

impl Change<'_> {
    /// Whether the spans that are missing on one side of the change are not at another agent instead:
    /// an exporter may send its spans to one agent, and later to another. `all` are the requests of
    /// all agents.
    fn is_lost(&self, all: &BTreeMap<Minute, RequestCounts>) -> bool {
        let [before, now] = [self.before, self.now].map(|minutes| {
            let first = minutes.first().map_or(Minute(0), |(minute, _)| *minute);
            let last = minutes.last().map_or(Minute(0), |(minute, _)| *minute);
            all.range(first..=last).fold(RequestCounts::default(), |sum, (_, of)| add(sum, *of))
        });
        let own = lost(sum(self.before), sum(self.now));
        lost(before, now) * own.signum() >= MIN_LOST * own.abs()
    }

    fn shared(&self, service: &str) -> SharedChange {
        let [before, now] = [self.before, self.now].map(|minutes| ratio(sum(minutes)));
        SharedChange {
            since: self.now.first().map_or(UnixNanos(0), |(minute, _)| minute.start()),
            sampling: SamplingChange { before, now },
            services: vec![service.to_owned()],
        }
    }
}

/// How many spans there would be more `now` at the ratio of `before`.
fn lost(before: RequestCounts, now: RequestCounts) -> f64 {
    let ratio = before.spans as f64 / before.counted.max(1) as f64;
    ratio * now.counted as f64 - now.spans as f64
}

/// The last change of the ratio of spans to counted requests.
fn last_change(minutes: &[(Minute, RequestCounts)]) -> Option<Change<'_>> {
    let mut changes = Vec::new();
    find_changes(minutes, 0, &mut changes);
    let of = |at: usize| {
        let begin = at.checked_sub(1).map_or(0, |before| changes[before]);
        Change { before: &minutes[begin..changes[at]], now: &minutes[changes[at]..] }
    };
    let mut changes = (0..changes.len()).rev().map(of);
    changes.find(|change| differ(ratio(sum(change.before)), ratio(sum(change.now))))
}

/// Adds the indices at which the ratio of `minutes` changes, plus `offset`, in order: the strongest
/// change, and the changes before and after it.
fn find_changes(minutes: &[(Minute, RequestCounts)], offset: usize, found: &mut Vec<usize>) {
    let Some(at) = strongest_change(minutes) else { return };
    find_changes(&minutes[..at], offset, found);
    found.push(offset + at);
    find_changes(&minutes[at..], offset + at, found);
}

/// The index of the minute at which the ratio changes most clearly; `None` if no change is clear.
fn strongest_change(minutes: &[(Minute, RequestCounts)]) -> Option<usize> {
    let all = sum(minutes);
    let mut before = RequestCounts::default();
    let mut strongest = (MIN_EVIDENCE, None);
    for (at, (_, counts)) in minutes.iter().enumerate() {
        let after = RequestCounts {
            spans: all.spans.saturating_sub(before.spans),
            counted: all.counted.saturating_sub(before.counted),
        };
        if before.counted >= MIN_REQUESTS
            && after.counted >= MIN_REQUESTS
            && differ(ratio(before), ratio(after))
        {
            let evidence = evidence(before, all) + evidence(after, all);
            if evidence > strongest.0 {
                strongest = (evidence, Some(at));
            }
        }
        before = add(before, *counts);
    }
    strongest.1
}

/// The log-likelihood ratio, twice, of the spans of a part if they come at a rate of their own, and
/// not at the rate of `all`.
fn evidence(part: RequestCounts, all: RequestCounts) -> f64 {
    if part.spans == 0 {
        return 0.0;
    }
    let expected = part.counted as f64 * all.spans as f64 / all.counted as f64;
    2.0 * part.spans as f64 * (part.spans as f64 / expected).ln()
}

/// Whether two ratios differ clearly. No span at all differs from any.
fn differ(one: f64, other: f64) -> bool {
    one.max(other) > MIN_FACTOR * one.min(other)
}

/// The fraction of requests with a span: at most 1.
fn ratio(counts: RequestCounts) -> f64 {
    (counts.spans as f64 / counts.counted.max(1) as f64).min(1.0)
}

fn sum(minutes: &[(Minute, RequestCounts)]) -> RequestCounts {
    minutes.iter().fold(RequestCounts::default(), |sum, (_, counts)| add(sum, *counts))
}

fn add(one: RequestCounts, other: RequestCounts) -> RequestCounts {
    RequestCounts {
        spans: one.spans.saturating_add(other.spans),
        counted: one.counted.saturating_add(other.counted),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Consecutive minutes of services, each with its spans and counted requests.
    fn changes(services: &[(&str, &[(u64, u64)])]) -> Vec<(u32, Vec<String>, [f64; 2])> {
        let mut served = ServedRequests::default();
        for (service, minutes) in services {
            for (minute, (spans, counted)) in (0..).zip(*minutes) {
                let counts = RequestCounts { spans: *spans, counted: *counted };
                served.add(&AgentMinute {
                    minute: Minute(minute),
                    requests: [(((*service).to_owned(), Protocol::Http), counts)].into(),
                    ..AgentMinute::default()
                });
            }
        }
        let found = served.changes(TimeRange::ALL, &served).into_iter();
        found
            .map(|change| {
                let SamplingChange { before, now } = change.sampling;
                (Minute::at(change.since).0, change.services, [before, now])
            })
            .collect()
    }

    fn check(minutes: &[(u64, u64)], expected: Option<(u32, [f64; 2])>) {
        let found = changes(&[("cart", minutes)]);
        let expected: Vec<_> = expected
            .map(|(since, ratios)| (since, vec!["cart".to_owned()], ratios))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{minutes:?}");
    }

    /// `count` minutes with the same spans and requests.
    fn steady(count: usize, spans: u64, counted: u64) -> Vec<(u64, u64)> {
        vec![(spans, counted); count]
    }

    #[test]
    fn sampling_that_is_switched_on_or_off_is_found_with_its_minute_and_ratios() {
        let [all, some] = [steady(30, 60, 60), steady(10, 6, 60)];
        check(&[&all[..], &some].concat(), Some((30, [1.0, 0.1])));
        check(&[&some[..], &all].concat(), Some((10, [0.1, 1.0])));
        // No span is stored any more, and the metrics go on.
        check(&[&all[..], &steady(10, 0, 60)].concat(), Some((30, [1.0, 0.0])));
    }

    #[test]
    fn the_last_of_several_changes_counts() {
        let part = |spans| steady(20, spans, 100);
        check(&[part(100), part(10), part(60)].concat(), Some((40, [0.1, 0.6])));
    }

    #[test]
    fn load_a_second_instrumentation_and_a_few_requests_are_no_change_of_sampling() {
        check(&[steady(30, 60, 60), steady(10, 600, 600)].concat(), None);
        check(&[steady(30, 6, 60), steady(10, 0, 0), steady(10, 6, 60)].concat(), None);
        check(&[steady(30, 60, 60), steady(10, 120, 60)].concat(), None);
        check(&[steady(30, 60, 60), steady(10, 60, 120)].concat(), None);
        check(&[steady(30, 1, 1), steady(3, 0, 1)].concat(), None);
        // The metrics of the last minute are not complete.
        check(&[steady(30, 6, 60), steady(1, 60, 20)].concat(), None);
        check(&[], None);
    }

    #[test]
    fn spans_that_go_to_another_agent_are_no_change_of_sampling() {
        let agent = |spans: [u64; 2]| {
            (0..60).map(move |minute| AgentMinute {
                minute: Minute(minute),
                requests: [(
                    ("cart".to_owned(), Protocol::Http),
                    RequestCounts { spans: spans[usize::from(minute >= 40)], counted: 60 },
                )]
                .into(),
                ..AgentMinute::default()
            })
        };
        for (first, second, is_change) in [
            ([60, 0], [60, 120], false),
            ([60, 6], [60, 60], true),
            ([60, 6], [60, 120], false),
            ([6, 60], [60, 60], true),
        ] {
            let [mut own, mut all]: [ServedRequests; 2] = Default::default();
            agent(first).for_each(|record| own.add(&record));
            agent(first).chain(agent(second)).for_each(|record| all.add(&record));
            let found = own.changes(TimeRange::ALL, &all);
            assert_eq!(found.len(), usize::from(is_change), "{first:?} {second:?}");
        }
    }

    #[test]
    fn services_that_changed_together_are_one_change() {
        let [all, some] = [steady(20, 60, 60), steady(10, 6, 60)];
        let on = [&all[..], &some].concat();
        let off = [&some[..], &all].concat();
        let found = changes(&[("shop", &on), ("cart", &on), ("stock", &off), ("mail", &all)]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected =
            [(10, names(&["stock"]), [0.1, 1.0]), (20, names(&["cart", "shop"]), [1.0, 0.1])];
        assert_eq!(found, expected);
    }

    proptest! {
        /// Each request is sampled by its own chance.
        #[test]
        fn a_change_of_sampling_is_found_near_its_minute_and_nothing_else_is(
            requests in prop::collection::vec(
                prop::collection::vec(0.0..1.0f64, 20..60),
                40..80,
            ),
            at in 15..25usize,
            [before, now] in prop::sample::select(vec![[1.0, 0.2], [0.1, 0.8], [0.5, 0.5], [1.0, 1.0]]),
        ) {
            let minute = |(minute, chances): (usize, &Vec<f64>)| {
                let ratio = if minute < at { before } else { now };
                let spans = chances.iter().filter(|chance| **chance < ratio).count();
                (spans as u64, chances.len() as u64)
            };
            let minutes: Vec<(u64, u64)> = requests.iter().enumerate().map(minute).collect();
            let found = changes(&[("cart", &minutes)]);
            prop_assert_eq!(found.len(), usize::from(before != now));
            for (since, _, ratios) in found {
                prop_assert!((at as i64 - i64::from(since)).abs() <= 1, "{} {}", since, at);
                prop_assert!((ratios[0] - before).abs() < 0.1 && (ratios[1] - now).abs() < 0.1);
            }
        }
    }
}
