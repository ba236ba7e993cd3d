//! Why a service or a trace is slow: the traces of a window, compared with those of a baseline.

pub(crate) mod answer;
pub(crate) mod question;

use std::collections::{BTreeMap, HashSet};

use coral_engine::Budget;
use coral_trace::dependency::is_loopback;
use coral_trace::explain::{
    Difference, Entry, Evidence, Explanation, Rate, Reason, Standout, StandoutTimes, Suspect,
    explain,
};
use coral_trace::{Span, SpanId, SpanKind, TimeRange, TraceId, UnixNanos, side_by_side};

use crate::ask::{Ask, QueryError, Sources};
use crate::beginning::baseline_end;
use crate::cohort::{Cohort, Compared, MAX_SPANS, compared_columns, range};
use crate::coverage::{Coverage, MIN_COMPLETENESS, completeness};
use crate::reader::{MIN_SIMILARITY, Reader};

pub use self::question::WhyQuestion;

/// The largest number of routes that are suggested when the question names an unknown route.
const MAX_SUGGESTED_ROUTES: usize = 3;

/// The traces that are compared.
struct Cohorts {
    /// The service that was asked about; `None` for all services.
    service: Option<String>,
    operation: Option<String>,
    window: Cohort,
    baseline: Cohort,
    /// From the start of the baseline to the end of the window.
    range: TimeRange,
    coverage: Vec<Coverage>,
    /// The traces of the window that lack spans because of gaps.
    torn: HashSet<TraceId>,
    /// When the change began, if that was asked for and found.
    began: Option<UnixNanos>,
}

/// What an answer is about, as in [`answer::Why`].
struct Subject {
    service: String,
    route: Option<String>,
    trace_id: Option<TraceId>,
}

/// Names to suggest when nothing is known by the name that was asked about.
struct OtherNames {
    did_you_mean: Vec<String>,
    other_routes: Vec<String>,
}

impl Ask for WhyQuestion {
    const PATH: &'static str = "/api/v1/why";
    const NAME: &'static str = "why";
    const SUMMARY: &'static str = "Why a service, or one trace, is slow or fails.";
    const PERMISSION: &'static str = "why.read";
    type Answer = answer::Why;

    fn rows(answer: &Self::Answer) -> usize {
        answer.ranking.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        Reader::new(from, budget).why(self)
    }
}

impl Reader<'_> {
    /// Answers `question`.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that is not valid; [`QueryError::Ambiguous`];
    /// [`QueryError::Unavailable`].
    pub(crate) fn why(&self, question: &WhyQuestion) -> Result<answer::Why, QueryError> {
        self.why_since(question, None)
    }

    /// Answers `question` about the time since the change that `began`, which is searched for if it is
    /// not known and the question asks for it.
    pub(crate) fn why_since(
        &self,
        question: &WhyQuestion,
        began: Option<UnixNanos>,
    ) -> Result<answer::Why, QueryError> {
        if question.baseline_us <= 0 {
            return Err(QueryError::invalid("baseline", "must be greater than 0"));
        }
        let cohorts = match (&question.trace_id, &question.service) {
            (Some(id), _) => self.trace_cohorts(id, question)?,
            (None, service) => self.service_cohorts(service.as_deref(), question, began)?,
        };
        let Cohorts { service, operation, window, baseline, range, coverage, torn, began } =
            cohorts;
        let entry = Entry { service: service.as_deref(), operation: operation.as_deref() };
        let mut explanation = explain(
            entry,
            baseline.traces.iter().map(Vec::as_slice),
            window.traces.iter().map(Vec::as_slice),
        );
        let found = (explanation.completeness, explanation.traces as u64);
        judge_completeness(&mut explanation, completeness(found, &torn, &window.traces, entry));
        let is_unknown = explanation.traces == 0 && question.trace_id.is_none();
        // The service has traces, but none of them has the route.
        let other_routes = match &operation {
            Some(route) if is_unknown => routes(service.as_deref(), route, &window.traces),
            _ => Vec::new(),
        };
        let did_you_mean = match &service {
            Some(service) if is_unknown && window.traces.is_empty() => {
                self.similar(service, range)?
            }
            _ => Vec::new(),
        };
        let trace_id = question.trace_id.as_ref();
        let trace_id = trace_id.and_then(|_| Some(window.traces.first()?.first()?.trace_id));
        let subject = Subject {
            route: operation.filter(|_| question.trace_id.is_none()),
            trace_id,
            service: service.unwrap_or_default(),
        };
        let names = OtherNames { did_you_mean, other_routes };
        let stored_since = match explanation.baseline_traces {
            0 => self.stored_since(range.start)?,
            _ => None,
        };
        let shares = self.recorded_shares(range)?;
        let sampled = match shares.is_whole() {
            true => Vec::new(),
            false => {
                let spans = window.traces.iter().chain(&baseline.traces).flatten();
                let names: HashSet<&str> = spans.map(|span| span.origin.service_name()).collect();
                shares.of_services(range, None).sampled(|service| names.contains(service))
            }
        };
        let mut answer = why(subject, explanation, window.cut || baseline.cut, names);
        // A hundred thousand spans with their attributes are some millions of small allocations.
        side_by_side(|| drop(window), || drop(baseline));
        let suspects = answer.ranking.iter_mut().chain(&mut answer.further_causes);
        self.name_callees(suspects, range)?;
        Ok(answer::Why { began, coverage, sampled, stored_since, ..answer })
    }

    /// Gives suspects that are known by a loopback address the name of the service that answers
    /// there, as in service maps.
    fn name_callees<'a>(
        &self,
        suspects: impl Iterator<Item = &'a mut answer::WhySuspect>,
        range: TimeRange,
    ) -> Result<(), QueryError> {
        let names = suspects.flat_map(|of| [Some(&mut of.service), of.or_service.as_mut()]);
        let addresses: Vec<&mut String> =
            names.flatten().filter(|name| is_loopback(name)).collect();
        if addresses.is_empty() {
            return Ok(());
        }
        let services = self.loopback_names(range)?;
        for address in addresses {
            if let Some(service) = services.get(address) {
                address.clone_from(service);
            }
        }
        Ok(())
    }

    fn service_cohorts(
        &self,
        service: Option<&str>,
        question: &WhyQuestion,
        known: Option<UnixNanos>,
    ) -> Result<Cohorts, QueryError> {
        let (since, until) = (question.since_unix_us, question.until_unix_us);
        if until <= since {
            return Err(QueryError::invalid(
                "until",
                "the range is empty: its end is not after its start",
            ));
        }
        let began = match question.find_beginning {
            _ if known.is_some() => known,
            true => {
                let entry = Entry { service, operation: question.route.as_deref() };
                self.beginning(entry, range(since, until).end)?
            }
            false => None,
        };
        let since = began.map_or(since, UnixNanos::as_micros);
        let window = range(since, until);
        let end = began.map_or(since, |began| baseline_end(began, window.end).as_micros());
        let before = range(end.saturating_sub(question.baseline_us), end);
        let Compared { window: now, baseline, coverage, torn } =
            self.cohorts(service, window, before)?;
        Ok(Cohorts {
            service: service.map(str::to_owned),
            operation: question.route.clone(),
            window: now,
            baseline,
            range: TimeRange { start: before.start, end: window.end },
            coverage,
            torn,
            began,
        })
    }

    /// Compares one trace with the healthy traces of the same operation.
    fn trace_cohorts(&self, id: &str, question: &WhyQuestion) -> Result<Cohorts, QueryError> {
        let prefix =
            id.parse().map_err(|reason| QueryError::invalid("trace_id", &format!("{reason}")))?;
        let spans = match self.resolve(prefix)? {
            Some(id) => self.spans(&[id], None, compared_columns(), MAX_SPANS as u32)?,
            None => Vec::new(),
        };
        let Some(first) = spans.first() else {
            return Err(QueryError::invalid("trace_id", &format!("no trace `{id}` is stored")));
        };
        let root = root(&spans).unwrap_or(first);
        let service = question.service.as_deref().unwrap_or(root.origin.service_name()).to_owned();
        let operation = topmost(&spans, &service).map(|span| span.name.clone());
        let start = spans.iter().map(|span| span.start.as_micros()).min().unwrap_or_default();
        let before = range(start.saturating_sub(question.baseline_us), start);
        let mut baseline: Cohort =
            self.cohort(Some(&service), operation.as_deref(), before)?.into();
        retain_healthy(&mut baseline.traces);
        Ok(Cohorts {
            baseline,
            window: Cohort { traces: vec![spans], cut: false },
            service: Some(service),
            operation,
            range: before,
            coverage: Vec::new(),
            torn: HashSet::new(),
            began: None,
        })
    }
}

/// Sets the completeness of the window's traces, in which gaps of coverage count, and the verdict that
/// follows from it.
fn judge_completeness(explanation: &mut Explanation, completeness: f64) {
    explanation.completeness = completeness;
    let is_compared = !matches!(
        explanation.reason,
        Reason::NoTraces | Reason::NoBaselineTraces | Reason::TooFewBaselineTraces { .. }
    );
    if is_compared && completeness < MIN_COMPLETENESS {
        explanation.reason = Reason::TornTraces { completeness };
        explanation.verdict = explanation.reason.verdict();
        explanation.further_causes.clear();
        explanation.counterfactual_p95 = explanation.p95;
    }
}

/// The first span without a parent; if there is none, the first span.
pub(crate) fn root(spans: &[Span]) -> Option<&Span> {
    spans.iter().find(|span| span.parent_span_id.is_none()).or(spans.first())
}

/// The earliest span of `service` whose parent is not a span of the same service.
fn topmost<'a>(spans: &'a [Span], service: &str) -> Option<&'a Span> {
    let is_of = |span: &Span| span.origin.service_name() == service;
    let own: HashSet<SpanId> =
        spans.iter().filter(|span| is_of(span)).map(|span| span.span_id).collect();
    let is_below = |span: &Span| span.parent_span_id.is_some_and(|parent| own.contains(&parent));
    spans.iter().filter(|span| is_of(span) && !is_below(span)).min_by_key(|span| span.start)
}

/// Keeps the faster half of the traces without a failed span, because the problem may have begun
/// before the trace that is asked about.
pub(crate) fn retain_healthy(traces: &mut Vec<Vec<Span>>) {
    let fails = |trace: &Vec<Span>| trace.iter().any(Span::is_error);
    if !traces.iter().all(fails) {
        traces.retain(|trace| !fails(trace));
    }
    let duration = |trace: &Vec<Span>| {
        let start = trace.iter().map(|span| span.start).min();
        trace.iter().map(|span| span.end).max().zip(start).map(|(end, start)| end.since(start))
    };
    traces.sort_by_cached_key(duration);
    traces.truncate(traces.len().div_ceil(2));
}

/// Routes of `service`, or of all services, to suggest instead of `route`: similar names first,
/// then by number of requests.
fn routes(service: Option<&str>, route: &str, traces: &[Vec<Span>]) -> Vec<String> {
    let is_of_service =
        |span: &&Span| service.is_none_or(|name| span.origin.service_name() == name);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in traces.iter().flatten().filter(is_of_service).filter_map(|span| {
        let is_request = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
        span.attributes.text("http.route").or(is_request.then_some(span.name.as_str()))
    }) {
        *counts.entry(name).or_default() += 1;
    }
    let mut found: Vec<(bool, u64, &str)> = counts
        .into_iter()
        .map(|(name, count)| (strsim::jaro_winkler(name, route) >= MIN_SIMILARITY, count, name))
        .collect();
    found.sort_by_key(|(is_alike, count, _)| std::cmp::Reverse((*is_alike, *count)));
    found.into_iter().take(MAX_SUGGESTED_ROUTES).map(|(_, _, name)| name.to_owned()).collect()
}

/// Puts the answer about `subject` together; `cut` says that not all traces were read.
fn why(subject: Subject, explanation: Explanation, cut: bool, names: OtherNames) -> answer::Why {
    answer::Why {
        service: subject.service,
        route: subject.route,
        trace_id: subject.trace_id,
        verdict: explanation.verdict,
        because: explanation.reason,
        ranking: explanation.ranking.into_iter().map(suspect).collect(),
        further_causes: explanation.further_causes.into_iter().map(suspect).collect(),
        standouts: explanation.standouts.into_iter().map(standout).collect(),
        unattributed: explanation.unattributed,
        slowdown_us: explanation.slowdown_nanos / 1_000,
        p95_us: explanation.p95.as_micros() as i64,
        counterfactual_p95_us: explanation.counterfactual_p95.as_micros() as i64,
        completeness: explanation.completeness,
        clocks_adjusted: explanation.adjusted as u64,
        traces: explanation.traces as u64,
        baseline_traces: explanation.baseline_traces as u64,
        cut,
        did_you_mean: names.did_you_mean,
        other_routes: names.other_routes,
        began: None,
        coverage: Vec::new(),
        sampled: Vec::new(),
        stored_since: None,
    }
}

fn standout(found: Standout) -> answer::WhyStandout {
    let value = |(key, value)| answer::WhyValue { key, value };
    let times = |times: StandoutTimes| answer::WhyStandoutTimes {
        with_us: times.with.as_micros() as i64,
        without_us: times.without.as_micros() as i64,
        other_value: times.other_value,
    };
    answer::WhyStandout {
        key: found.key,
        value: found.value,
        affected: found.affected.part(),
        others: found.others.part(),
        affected_spans: rate(found.affected),
        other_spans: rate(found.others),
        also: found.also.into_iter().map(value).collect(),
        explains: found.explains,
        times: found.times.map(times),
    }
}

fn rate(rate: Rate) -> answer::WhyRate {
    answer::WhyRate { count: rate.count, of: rate.of }
}

fn suspect(suspect: Suspect) -> answer::WhySuspect {
    let (times, rates) = match suspect.difference {
        Difference::Time { before, now } => {
            let [before_us, now_us] = [before, now].map(|time| time.as_micros() as i64);
            (Some(answer::WhyTimes { before_us, now_us }), None)
        }
        Difference::Rate { before, now } => {
            (None, Some(answer::WhyRates { before: rate(before), now: rate(now) }))
        }
    };
    answer::WhySuspect {
        or_service: suspect.or,
        times,
        rates,
        service: suspect.service,
        component: suspect.component,
        kind: suspect.kind,
        share: suspect.share,
        score: suspect.score,
        evidence: suspect.evidence.iter().map(evidence).collect(),
    }
}

pub(super) fn evidence(seen: &Evidence) -> answer::WhyEvidence {
    answer::WhyEvidence { trace_id: seen.trace_id, span_id: seen.span_id }
}
