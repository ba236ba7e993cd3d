//! How well services are: rate, failures and durations of the requests that each serves, compared
//! with a baseline.

pub(crate) mod answer;
mod assess;
mod detail;
mod health;
pub(crate) mod question;
mod sample;

use std::collections::BTreeSet;

use coral_engine::Budget;
use coral_trace::explain::Entry;
use coral_trace::{TimeRange, UnixNanos, side_by_side};

use self::answer::{Health, ServiceDetail, ServiceState, Services};
use self::assess::Seen;
pub use self::question::ServicesQuestion;
use crate::answer::Verdict;
use crate::ask::{Ask, QueryError, Sources};
use crate::beginning::baseline_end;
use crate::cohort::range;
use crate::reader::Reader;
use crate::red::answer::RedRow;
use crate::red::{ComparedServices, Steps, joined};
use crate::series::checked_points;
use crate::status::answer::{AgentStatus, UntracedServices};
use crate::why::WhyQuestion;
use crate::why::answer::WhySuspect;

/// The largest number of services, the worst first, whose beginning is searched: each search reads
/// traces of eight hours.
const MAX_BEGINNINGS: usize = 4;

impl Ask for ServicesQuestion {
    const PATH: &'static str = "/api/v1/services";
    const NAME: &'static str = "services";
    const SUMMARY: &'static str =
        "How well each service is: rate, failures and durations, now and before.";
    const PERMISSION: &'static str = "metrics.read";
    type Answer = Services;

    fn rows(answer: &Self::Answer) -> usize {
        answer.services.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).services(self)
    }
}

impl Reader<'_> {
    /// Answers `question`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; otherwise the error of the
    /// engine.
    pub(crate) fn services(&self, question: &ServicesQuestion) -> Result<Services, QueryError> {
        check(question)?;
        let service = question.service.as_deref();
        let window = range(question.since_unix_us, question.until_unix_us);
        let entry = Entry { service, operation: None };
        let began = match question.find_beginning {
            true => self.beginning(entry, window.end)?,
            false => None,
        };
        let end = began.map_or(window.start, |began| baseline_end(began, window.end));
        let end = end.min(window.start).as_micros();
        let baseline = range(end.saturating_sub(question.baseline_us), end);
        let steps = (question.points > 0).then(|| Steps::of(window, question.points));
        let mut seen = self.seen_services(service, window, baseline, steps)?;
        // A gap of the service may have other services of the agent.
        let names = seen.names().into_iter().filter(|name| service.is_none_or(|one| one == name));
        let mut services: Vec<ServiceState> = names.map(|name| seen.assess(&name)).collect();
        services.sort_by(|one, other| one.place().cmp(&other.place()));
        let left_out = services.len().saturating_sub(Services::MAX_SERVICES) as u64;
        services.truncate(Services::MAX_SERVICES);
        match (service, services.as_mut_slice()) {
            // The beginning that was searched is that of the service.
            (Some(_), [one]) if question.find_beginning && is_sick(one) => one.began = began,
            (_, services) => self.find_beginnings(services, window.end)?,
        }
        let cause = match began.filter(|_| !services.iter().any(is_sick)) {
            Some(began) => self.cause_beyond_requests(question, began)?,
            None => None,
        };
        let whole = TimeRange { start: baseline.start, end: window.end };
        let (detail, did_you_mean) = match service {
            Some(name) if services.is_empty() => (None, self.similar(name, whole)?),
            Some(name) => (Some(self.service_detail(name, &seen, window, baseline)?), Vec::new()),
            None => (None, Vec::new()),
        };
        let mut sampled = Vec::new();
        if !seen.shares.is_whole() {
            let estimated = estimated(&services, detail.as_ref());
            let of = seen.shares.of_services(whole, None);
            sampled = of.sampled(|service| estimated.contains(service));
        }
        let untraced = service.map_or_else(|| self.untraced(), |_| Vec::new());
        Ok(Services {
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            baseline_since_unix_us: baseline.start.as_micros(),
            baseline_until_unix_us: baseline.end.as_micros(),
            services,
            services_left_out: left_out,
            did_you_mean,
            detail,
            began,
            cause,
            untraced,
            coverage: std::mem::take(&mut seen.coverage),
            sampled,
            stored_since: self.stored_since(baseline.start)?,
        })
    }

    /// The services that Beyla could trace, of each agent that can be reached.
    fn untraced(&self) -> Vec<UntracedServices> {
        let agents = self.from.fleet.status(self.from.now).agents.into_iter();
        let known = agents.filter(|agent| agent.reachable && !agent.untraced.is_empty());
        known
            .map(|AgentStatus { agent_id, untraced: services, .. }| UntracedServices {
                agent_id,
                services,
            })
            .collect()
    }

    /// The cause of the change that `began`, which the requests of no service show.
    fn cause_beyond_requests(
        &self,
        question: &ServicesQuestion,
        began: UnixNanos,
    ) -> Result<Option<WhySuspect>, QueryError> {
        let about = WhyQuestion {
            service: question.service.clone(),
            since_unix_us: question.since_unix_us,
            until_unix_us: question.until_unix_us,
            baseline_us: question.baseline_us,
            ..WhyQuestion::default()
        };
        let why = self.why_since(&about, Some(began))?;
        let is_cause = why.verdict == Verdict::Cause;
        Ok(why.ranking.into_iter().next().filter(|_| is_cause))
    }

    /// Finds when the changes of the worst failing and slow services began, two searches at a time.
    fn find_beginnings(
        &self,
        services: &mut [ServiceState],
        until: UnixNanos,
    ) -> Result<(), QueryError> {
        let sick = services.iter_mut().filter(|service| is_sick(service));
        let mut sick: Vec<&mut ServiceState> = sick.take(MAX_BEGINNINGS).collect();
        let began = |of: &ServiceState| {
            self.beginning(Entry { service: Some(&of.name), operation: None }, until)
        };
        for pair in sick.chunks_mut(2) {
            match pair {
                [one, other] => {
                    let (first, second) = side_by_side(|| began(one), || began(other));
                    (one.began, other.began) = (first?, second?);
                }
                rest => {
                    for one in rest {
                        one.began = began(one)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What is known of all services, or of one.
    fn seen_services(
        &self,
        service: Option<&str>,
        window: TimeRange,
        baseline: TimeRange,
        steps: Option<Steps>,
    ) -> Result<Seen, QueryError> {
        let mut coverage = self.gaps_of_services(baseline, window)?;
        let shares = self.recorded_shares(TimeRange { start: baseline.start, end: window.end })?;
        if let Some(service) = service {
            coverage.retain(|gap| gap.concerns(service));
        }
        let known = |range| match service {
            Some(name) => Ok(BTreeSet::from([name.to_owned()])),
            None => self.from.traces.services(range, self.budget),
        };
        let [in_window, in_baseline] = [known(window)?, known(baseline)?];
        let mut sampled = self.sampled_services(service, window, &in_window)?;
        let earlier = self.sampled_services(service, baseline, &in_baseline)?;
        let compared = ComparedServices {
            service,
            window,
            baseline,
            names: in_window.union(&in_baseline).cloned().collect(),
            sampled: joined(&sampled.kinds(), &earlier.kinds()),
            shares: &shares,
            steps,
        };
        let [now, before] = self.served(&compared)?;
        // Nothing of a service that stopped is in the window: its hosts are those of the baseline.
        sampled.add_others(earlier, &before.services());
        Ok(Seen { now, before, sampled, coverage, shares, window, baseline, steps })
    }
}

/// The services of which some counted spans are only a share, in the order of their names.
fn estimated<'a>(
    services: &'a [ServiceState],
    detail: Option<&'a ServiceDetail>,
) -> BTreeSet<&'a str> {
    let is_estimated = |of: &&ServiceState| {
        let numbers = [Some(&of.now), of.before.as_ref()];
        numbers.into_iter().flatten().any(|numbers| numbers.estimate.is_some())
    };
    let mut names: BTreeSet<&str> =
        services.iter().filter(is_estimated).map(|of| of.name.as_str()).collect();
    let Some(detail) = detail else { return names };
    let calls = detail.callers.iter().chain(&detail.callees);
    let edges = calls.flat_map(|call| [Some(&call.edge), call.before.as_ref()]).flatten();
    for edge in edges.filter(|edge| edge.estimate.is_some()) {
        names.extend([edge.from.as_str(), edge.to.as_str()]);
    }
    let rows = detail.statements.iter().map(|of| &of.row);
    let is_estimated = |row: &RedRow| {
        let numbers = [Some(&row.numbers), row.before.as_ref()];
        numbers.into_iter().flatten().any(|numbers| numbers.estimate.is_some())
    };
    if rows.clone().any(is_estimated) {
        names.extend(services.iter().map(|of| of.name.as_str()));
    }
    names
}

/// Whether requests of the service fail or are slow: such a change has a beginning.
fn is_sick(of: &ServiceState) -> bool {
    matches!(of.health, Health::Failing | Health::Slow)
}

fn check(question: &ServicesQuestion) -> Result<(), QueryError> {
    if question.until_unix_us <= question.since_unix_us {
        return Err(QueryError::invalid(
            "until",
            "the range is empty: its end is not after its start",
        ));
    }
    if question.baseline_us <= 0 {
        return Err(QueryError::invalid("baseline", "must be greater than 0"));
    }
    checked_points(question.points, 0).map(drop)
}
