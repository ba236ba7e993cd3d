//! Calls that lost the request that they belong to: client spans without a parent, made during a
//! request of the same service.

use std::collections::{HashMap, HashSet};

use super::links::{Parent, Spans};
use crate::span::SpanKind;
use crate::time::UnixNanos;

/// The largest chance at which calls of a background job may all fall into requests.
const MAX_CHANCE: f64 = 0.01;

/// The times at which one service handles requests on one host.
#[derive(Default)]
struct Busy {
    /// The start and the end of each period of requests. Periods are sorted and do not overlap.
    periods: Vec<(UnixNanos, UnixNanos)>,
}

/// The client spans that lost their request.
///
/// A client span without a parent is one if the same operation is below a request elsewhere, or if
/// all spans of its operation are within requests although the service is idle most of the time.
pub(super) fn detached(spans: &Spans<'_>) -> Vec<usize> {
    let busy = busy(spans);
    let mut attached: HashSet<(usize, &str)> = HashSet::new();
    let mut roots: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for (at, seen) in spans.list.iter().enumerate() {
        if seen.span.kind != SpanKind::Client {
            continue;
        }
        let operation = (seen.service, seen.span.name.as_str());
        match seen.parent {
            Parent::None => roots.entry(operation).or_default().push(at),
            _ => {
                attached.insert(operation);
            }
        }
    }
    let mut found = Vec::new();
    for (operation, roots) in roots {
        let is_inside = |at: &usize| {
            let seen = &spans.list[*at];
            let busy = busy.get(&(seen.service, seen.host));
            busy.is_some_and(|busy| busy.contains(seen.span.start, seen.span.end))
        };
        let inside: Vec<usize> = roots.iter().copied().filter(is_inside).collect();
        let share = inside.first().and_then(|at| {
            let seen = &spans.list[*at];
            busy.get(&(seen.service, seen.host)).map(Busy::share)
        });
        let by_chance = share.unwrap_or(1.0).powi(i32::try_from(inside.len()).unwrap_or(i32::MAX));
        let is_all = inside.len() == roots.len() && by_chance < MAX_CHANCE;
        if attached.contains(&operation) || is_all {
            found.extend(inside);
        }
    }
    found.sort_unstable();
    found
}

fn busy<'a>(spans: &Spans<'a>) -> HashMap<(usize, usize), Busy> {
    let mut requests: HashMap<(usize, usize), Vec<(UnixNanos, UnixNanos)>> = HashMap::new();
    for seen in spans.list.iter().filter(|seen| seen.is_callee()) {
        let period = (seen.span.start, seen.span.end.max(seen.span.start));
        requests.entry((seen.service, seen.host)).or_default().push(period);
    }
    let merged = requests.into_iter().map(|(of, mut requests)| {
        requests.sort_unstable();
        let mut busy = Busy::default();
        for (start, end) in requests {
            match busy.periods.last_mut().filter(|last| last.1 >= start) {
                Some(last) => last.1 = last.1.max(end),
                None => busy.periods.push((start, end)),
            }
        }
        (of, busy)
    });
    merged.collect()
}

impl Busy {
    fn contains(&self, start: UnixNanos, end: UnixNanos) -> bool {
        let behind = self.periods.partition_point(|period| period.0 <= start);
        behind.checked_sub(1).is_some_and(|at| end <= self.periods[at].1)
    }

    /// The part of the time from the first to the last request in which there is a request.
    fn share(&self) -> f64 {
        let (Some(first), Some(last)) = (self.periods.first(), self.periods.last()) else {
            return 1.0;
        };
        let busy: u128 = self.periods.iter().map(|(start, end)| end.since(*start).as_nanos()).sum();
        let all = last.1.since(first.0).as_nanos();
        if all == 0 { 1.0 } else { busy as f64 / all as f64 }
    }
}
