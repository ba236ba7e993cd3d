//! The health of one service, from everything that was seen.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use coral_trace::TimeRange;

use super::answer::{
    Health, KindOfRequests, RequestKind, ServiceNumbers, ServiceOperation, ServiceSeries,
    ServiceState, UnknownHealth, ValueList,
};
use super::health::{self, Evidence, Observed};
use super::sample::{Sampled, ServiceSample};
use crate::coverage::Coverage;
use crate::red::{RedSource, Served, ServedRequests, StepSum, Steps};
use crate::sampling::answer::Estimate;
use crate::sampling::{RecordedShares, Share, WHOLE};

/// How long before a window its baseline may end so that rates can be compared.
const RECENT: Duration = Duration::from_secs(3_600);

/// What was seen of all services.
pub(super) struct Seen {
    pub now: Served,
    pub before: Served,
    pub sampled: Sampled,
    pub coverage: Vec<Coverage>,
    /// The shares of spans that agents recorded in the window and in the baseline.
    pub shares: RecordedShares,
    pub window: TimeRange,
    pub baseline: TimeRange,
    /// The steps into which the requests of the window are divided.
    pub steps: Option<Steps>,
}

/// The requests of one kind in the window and in the baseline.
struct Compared<'a> {
    kind: RequestKind,
    now: Option<&'a ServedRequests>,
    before: Option<&'a ServedRequests>,
    evidence: Evidence,
}

impl Seen {
    /// The services that were seen, and those of agents that could not be read.
    pub fn names(&self) -> BTreeSet<String> {
        let hidden = self
            .coverage
            .iter()
            .flat_map(|gap| gap.services.iter().filter(|service| gap.hides(service, self.window)));
        let mut names: BTreeSet<String> =
            self.now.last_seen.keys().chain(hidden).cloned().collect();
        names.extend(self.now.services());
        names.extend(self.before.services());
        names.extend(self.sampled.names().cloned());
        names
    }

    /// The health of `name`.
    pub fn assess(&self, name: &str) -> ServiceState {
        let kinds = self.kinds(name);
        let is_hidden = self.coverage.iter().any(|gap| gap.hides(name, self.window));
        let found = worst(&kinds);
        let evidence: Vec<Evidence> = kinds.iter().map(|kind| kind.evidence).collect();
        let (health, unknown_because) = match found.as_ref().map(|found| found.0) {
            Some(health @ (Health::Failing | Health::Slow)) => (health, None),
            Some(_) if is_hidden => (Health::Unknown, Some(UnknownHealth::Coverage)),
            Some(health) => (health, None),
            None => match health::missing(&evidence, is_hidden) {
                Some(because) => (Health::Unknown, Some(because)),
                None => (Health::Well, None),
            },
        };
        let found = found.filter(|_| health != Health::Unknown);
        let is_slow_too = health == Health::Failing && evidence.iter().any(health::is_slow);
        let (kind, operation) =
            found.map_or((None, None), |(_, kind, operation)| (Some(kind), operation));
        let sample = self.sampled.get(name);
        let values = |of: fn(&ServiceSample) -> ValueList| sample.map(of).unwrap_or_default();
        let last_seen = [&self.now, &self.before].map(|served| served.last_seen.get(name).copied());
        let last_end = sample.map(|sample| sample.last_end);
        ServiceState {
            name: name.to_owned(),
            health,
            is_slow_too,
            unknown_because,
            kind,
            operation,
            began: None,
            now: together(&kinds, |kind| kind.now).unwrap_or_default(),
            before: together(&kinds, |kind| kind.before),
            requests: kinds.iter().map(Compared::answer).collect(),
            hosts: values(ServiceSample::hosts),
            versions: values(ServiceSample::versions),
            instances: values(ServiceSample::instances),
            series: self.steps.map(|steps| series(&kinds, steps)),
            complete_ratio: sample.and_then(ServiceSample::complete_ratio),
            last_seen: last_seen.into_iter().chain([last_end]).flatten().max(),
        }
    }

    /// The requests of `service` by kind, the kind with the most requests first.
    fn kinds(&self, service: &str) -> Vec<Compared<'_>> {
        let all = [RequestKind::Http, RequestKind::Grpc, RequestKind::Messages, RequestKind::Other];
        let are_sampled = self.coverage.iter().any(|gap| gap.changes_sampling_of(service));
        let compared = |kind: RequestKind| {
            let of = (service.to_owned(), kind);
            let (now, before) = (self.now.requests.get(&of), self.before.requests.get(&of));
            let source = now.or(before)?.source;
            let comparable = source == RedSource::Metrics || !are_sampled;
            let lengths = [self.window, self.baseline].map(seconds);
            let mut evidence = Evidence {
                are_counts_comparable: comparable,
                is_baseline_recent: self.baseline.end.later(RECENT) >= self.window.start,
                ..evidence(now, before, lengths)
            };
            if now.is_none() && source == RedSource::Spans {
                evidence.now.share = self.share(service);
            }
            Some(Compared { kind, now, before, evidence })
        };
        let mut kinds: Vec<Compared<'_>> = all.into_iter().filter_map(compared).collect();
        kinds.sort_by_key(|kind| {
            let Evidence { now, before, .. } = kind.evidence;
            Reverse((now.requests, before.requests))
        });
        kinds
    }

    /// The share of the spans of a `service` without requests that is recorded in the window.
    fn share(&self, service: &str) -> Share {
        self.shares.of_services(self.window, None).mean(service)
    }

    /// What `service` serves, most requests first.
    pub fn operations(&self, service: &str) -> Vec<ServiceOperation> {
        let mut found: Vec<ServiceOperation> = Vec::new();
        for kind in self.kinds(service) {
            found.extend(kind.operations());
        }
        found.sort_by_key(|operation| Reverse(operation.now.requests));
        found
    }
}

impl Compared<'_> {
    fn answer(&self) -> KindOfRequests {
        let source = self.now.or(self.before).map_or(RedSource::Spans, |of| of.source);
        let now = self.now.map(numbers).unwrap_or_default();
        KindOfRequests { kind: self.kind, source, now, before: self.before.map(numbers) }
    }

    /// The operations of the window.
    fn operations(&self) -> Vec<ServiceOperation> {
        let operations = self.now.into_iter().flat_map(|now| now.operations());
        operations
            .map(|operation| ServiceOperation {
                kind: self.kind,
                name: operation.text(),
                now: operation.numbers(),
                before: (self.before.and_then(|before| before.operation(operation.name)))
                    .map(|before| before.numbers()),
            })
            .collect()
    }

    /// The operation with the most failures of those that fail.
    fn failing_operation(&self) -> Option<ServiceOperation> {
        let now = self.now?;
        let of_before = |operation| self.before.and_then(|before| before.operation(operation));
        let failing = now.operations().filter(|operation| {
            let before = of_before(operation.name).map_or((0, 0), |before| before.counts());
            health::operation_fails(operation.counts(), before)
        });
        let worst = failing.max_by_key(|operation| operation.counts().1)?;
        Some(ServiceOperation {
            kind: self.kind,
            name: worst.text(),
            now: worst.numbers(),
            before: of_before(worst.name).map(|before| before.numbers()),
        })
    }
}

impl ServiceState {
    /// The place in a list: what is wrong first, then most requests.
    pub(super) fn place(&self) -> impl Ord + '_ {
        let kind = self.kind.and_then(|kind| self.requests.iter().find(|of| of.kind == kind));
        let before = kind.and_then(|of| of.before.as_ref()).map_or(0, |before| before.requests);
        (self.health, Reverse(self.now.requests), Reverse(before), self.name.as_str())
    }

    /// The requests that decided the health, or else those of the kind with the most.
    pub fn decisive(&self) -> Option<&KindOfRequests> {
        let decisive = self.kind.and_then(|kind| self.requests.iter().find(|of| of.kind == kind));
        decisive.or(self.requests.first())
    }
}

/// The requests of all kinds in the steps of the window.
fn series(kinds: &[Compared<'_>], steps: Steps) -> ServiceSeries {
    let mut found = ServiceSeries {
        step_us: steps.step_us,
        requests: vec![0; steps.count],
        errors: vec![0; steps.count],
        p95_us: vec![None; steps.count],
    };
    let now = kinds.iter().filter_map(|kind| kind.now?.steps());
    for (place, sums) in now.enumerate() {
        for (step, numbers) in sums.iter().map(StepSum::numbers).enumerate() {
            found.requests[step] += numbers.requests;
            found.errors[step] += numbers.errors;
            if place == 0 {
                let [_, p95_us, _] = numbers.percentiles;
                found.p95_us[step] = p95_us;
            }
        }
    }
    found
}

/// The worst problem, with the kind of requests and the operation that has it.
fn worst(kinds: &[Compared<'_>]) -> Option<(Health, RequestKind, Option<ServiceOperation>)> {
    let problems = kinds.iter().filter_map(|kind| {
        let problem = health::problem(&kind.evidence);
        if problem == Some(Health::Failing) {
            return Some((Health::Failing, kind.kind, None));
        }
        match kind.failing_operation() {
            Some(operation) => Some((Health::Failing, kind.kind, Some(operation))),
            None => Some((problem?, kind.kind, None)),
        }
    });
    problems.min_by_key(|(health, _, operation)| (*health, operation.is_some()))
}

/// The numbers of all kinds together; the percentiles are those of the first kind that has any.
fn together<'a>(
    kinds: &'a [Compared<'a>],
    of: impl Fn(&'a Compared<'a>) -> Option<&'a ServedRequests>,
) -> Option<ServiceNumbers> {
    let mut sum: Option<ServiceNumbers> = None;
    for found in kinds.iter().filter_map(of).map(numbers) {
        sum = Some(match sum {
            None => found,
            Some(sum) => {
                let (requests, errors) = (sum.requests + found.requests, sum.errors + found.errors);
                let counts = [sum.requests, found.requests];
                let failed = [sum.errors, found.errors];
                ServiceNumbers {
                    estimate: Estimate::joined([sum.estimate, found.estimate], counts, failed),
                    requests_per_second: sum.requests_per_second + found.requests_per_second,
                    requests,
                    errors,
                    error_rate: errors as f64 / requests.max(1) as f64,
                    ..sum
                }
            }
        });
    }
    sum
}

fn numbers(of: &ServedRequests) -> ServiceNumbers {
    let numbers = of.numbers();
    let seconds = of.seconds();
    ServiceNumbers {
        requests_per_second: if seconds > 0.0 { numbers.requests as f64 / seconds } else { 0.0 },
        requests: numbers.requests,
        errors: numbers.errors,
        error_rate: numbers.error_rate,
        p50_us: numbers.p50_us,
        p95_us: numbers.p95_us,
        exact: numbers.exact,
        beyond_us: numbers.beyond_us,
        estimate: numbers.estimate,
    }
}

/// The evidence of one kind of requests; `lengths` are those of the window and of the baseline, in
/// seconds, for a time range without requests.
fn evidence(
    now: Option<&ServedRequests>,
    before: Option<&ServedRequests>,
    lengths: [f64; 2],
) -> Evidence {
    let observed = |of: Option<&ServedRequests>, length: f64| match of {
        None => Observed { seconds: length, ..Observed::default() },
        Some(of) => {
            let (requests, errors) = of.counts();
            let share = of.numbers().estimate.map_or(WHOLE, |estimate| estimate.sampling_ratio);
            Observed {
                requests,
                errors,
                percentiles: of.percentiles(),
                seconds: of.seconds(),
                share,
            }
        }
    };
    let [now_seconds, before_seconds] = lengths;
    let before = observed(before, before_seconds);
    let above = before.percentiles.map(|percentile| match (now, percentile) {
        (Some(now), Some(micros)) => now.part_above(micros),
        _ => 0.0,
    });
    Evidence { now: observed(now, now_seconds), before, above, ..Evidence::default() }
}

fn seconds(range: TimeRange) -> f64 {
    range.end.since(range.start).as_secs_f64()
}
