//! Causes from the colony's spans: the traces of a window beside those before it.

use std::collections::{BTreeMap, HashSet};

use coral_store::{Order, StoreError, TraceQuery, TraceSummary};
use coral_trace::explain::{Entry, Evidence, Explanation, explain};
use coral_trace::{Span, SpanId, SpanKind, TimeRange, TraceId, UnixNanos};

use super::{QueryError, Sources, answer};
use crate::question::WhyFilter;

/// Traces of the window, and of the baseline, that are looked at.
const MOST_TRACES: u32 = 2_000;
/// Where there are more, the newest of each of so many parts of the window are.
const PARTS: u32 = 20;
/// Spans of each that are read.
const MOST_SPANS: u64 = 100_000;
/// Names that are offered for one that nobody has.
const MOST_NAMES: usize = 3;
/// Names less alike than this are not offered.
const ALIKE: f64 = 0.7;

/// Whole traces.
#[derive(Default)]
pub(super) struct Cohort {
    pub(super) traces: Vec<Vec<Span>>,
    /// There were more.
    pub(super) cut: bool,
}

/// What is compared.
struct Cohorts {
    /// Everybody, when there is none.
    service: Option<String>,
    operation: Option<String>,
    window: Cohort,
    baseline: Cohort,
    range: TimeRange,
}

impl Sources {
    /// Why what `filter` asks about is slow.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the parameter that makes no sense; [`QueryError::Ambiguous`];
    /// [`QueryError::Store`].
    pub fn why(&self, filter: &WhyFilter) -> Result<answer::Why, QueryError> {
        if filter.baseline_us <= 0 {
            return Err(invalid("baseline", "it is not longer than nothing"));
        }
        let cohorts = match (&filter.trace_id, &filter.service) {
            (Some(id), _) => self.trace_cohorts(id, filter)?,
            (None, service) => self.service_cohorts(service.as_deref(), filter)?,
        };
        let Cohorts { service, operation, window, baseline, range } = cohorts;
        let entry = Entry { service: service.as_deref(), operation: operation.as_deref() };
        let explanation = explain(
            entry,
            baseline.traces.iter().map(Vec::as_slice),
            window.traces.iter().map(Vec::as_slice),
        );
        let is_unknown = explanation.traces == 0 && filter.trace_id.is_none();
        // The service has traces: it is the route that nobody asked for.
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
        Ok(answer::Why {
            route: operation.filter(|_| filter.trace_id.is_none()),
            trace_id: filter
                .trace_id
                .as_ref()
                .and_then(|_| window.traces.first()?.first().map(|span| span.trace_id.to_string())),
            service: service.unwrap_or_default(),
            cut: window.cut || baseline.cut,
            did_you_mean,
            other_routes,
            ..why(explanation)
        })
    }

    fn service_cohorts(
        &self,
        service: Option<&str>,
        filter: &WhyFilter,
    ) -> Result<Cohorts, QueryError> {
        let (since, until) = (filter.since_unix_us, filter.until_unix_us);
        if until <= since {
            return Err(invalid("until", "the range is empty: its end is not after its start"));
        }
        let window = range(since, until);
        let before = range(since.saturating_sub(filter.baseline_us), since);
        let (now, usual) = self.cohorts(service, window, before)?;
        Ok(Cohorts {
            service: service.map(str::to_owned),
            operation: filter.route.clone(),
            window: now,
            baseline: usual,
            range: TimeRange { start: before.start, end: window.end },
        })
    }

    /// One trace beside the healthy ones of those with the same operation.
    fn trace_cohorts(&self, id: &str, filter: &WhyFilter) -> Result<Cohorts, QueryError> {
        let prefix = id.parse().map_err(|reason| invalid("trace_id", &format!("{reason}")))?;
        let spans = match self.resolve(prefix)? {
            Some(id) => self.spans(&[id])?,
            None => Vec::new(),
        };
        let Some(first) = spans.first() else {
            return Err(invalid("trace_id", &format!("no trace `{id}` is stored")));
        };
        let root = spans.iter().find(|span| span.parent_span_id.is_none()).unwrap_or(first);
        let service = filter.service.as_deref().unwrap_or(root.origin.service_name()).to_owned();
        let operation = topmost(&spans, &service).map(|span| span.name.clone());
        let start = spans.iter().map(|span| span.start.as_micros()).min().unwrap_or_default();
        let before = range(start.saturating_sub(filter.baseline_us), start);
        let mut baseline = self.cohort(Some(&service), operation.as_deref(), before)?;
        keep_healthy(&mut baseline.traces);
        Ok(Cohorts {
            baseline,
            window: Cohort { traces: vec![spans], cut: false },
            service: Some(service),
            operation,
            range: before,
        })
    }

    /// Traces with a span of `service` that started in each of two windows, read side by side.
    pub(super) fn cohorts(
        &self,
        service: Option<&str>,
        window: TimeRange,
        before: TimeRange,
    ) -> Result<(Cohort, Cohort), StoreError> {
        let (window, baseline) = side_by_side(
            || self.cohort(service, None, window),
            || self.cohort(service, None, before),
        );
        Ok((window?, baseline?))
    }

    /// Traces with a span of `service`, and of that name, that started in `started`.
    pub(super) fn cohort(
        &self,
        service: Option<&str>,
        name: Option<&str>,
        started: TimeRange,
    ) -> Result<Cohort, StoreError> {
        let search = |started, limit| {
            self.store.search(&TraceQuery {
                started,
                services: service.map(str::to_owned).into_iter().collect(),
                name: name.map(str::to_owned),
                order: Order::Newest,
                ..TraceQuery::newest(limit)
            })
        };
        const OF_EACH: usize = (MOST_TRACES / PARTS) as usize;
        let of_parts = parts(started, PARTS)
            .map(|part| search(part, MOST_TRACES / PARTS + 1))
            .collect::<Result<Vec<_>, _>>()?;
        let mut cut = of_parts.iter().any(|part| part.len() > OF_EACH);
        let mut found: Vec<TraceSummary> =
            of_parts.into_iter().flat_map(|part| part.into_iter().take(OF_EACH)).collect();
        if cut && found.len() < MOST_TRACES as usize {
            // Not evenly spread: there may be room for all of them.
            let all = search(started, MOST_TRACES + 1)?;
            cut = all.len() > MOST_TRACES as usize;
            found = if cut { found } else { all };
        }
        cut |= thin_out(&mut found);
        // All at once: traces that lie in one page of a segment are read together.
        let ids: Vec<TraceId> = found.iter().map(|summary| summary.trace_id).collect();
        let spans = self.spans(&ids)?;
        let lengths: Vec<usize> =
            spans.chunk_by(|one, next| one.trace_id == next.trace_id).map(<[Span]>::len).collect();
        let mut spans = spans.into_iter();
        let traces = lengths.into_iter().map(|length| spans.by_ref().take(length).collect());
        Ok(Cohort { traces: traces.collect(), cut })
    }

    pub(super) fn spans(&self, traces: &[TraceId]) -> Result<Vec<Span>, StoreError> {
        let stored = self.store.spans_of(traces, None, None, MOST_SPANS as u32)?;
        Ok(stored.into_iter().map(|stored| stored.span).collect())
    }

    /// Services with spans in `started` or near it, by name.
    pub(super) fn known_services(&self, started: TimeRange) -> Result<Vec<String>, StoreError> {
        Ok(self.store.services(started)?.into_iter().collect())
    }

    /// Services seen in `started` whose names are like `service`, the most alike first.
    pub(super) fn similar(
        &self,
        service: &str,
        started: TimeRange,
    ) -> Result<Vec<String>, StoreError> {
        let names = self.known_services(started)?.into_iter().filter(|name| name != service);
        let mut alike: Vec<(f64, String)> = names
            .map(|name| (strsim::jaro_winkler(&name, service), name))
            .filter(|(alike, _)| *alike >= ALIKE)
            .collect();
        alike.sort_by(|one, other| other.0.total_cmp(&one.0));
        Ok(alike.into_iter().take(MOST_NAMES).map(|(_, name)| name).collect())
    }
}

/// The first span of `service` that somebody else called, or nobody did.
fn topmost<'a>(spans: &'a [Span], service: &str) -> Option<&'a Span> {
    let is_of = |span: &Span| span.origin.service_name() == service;
    let own: HashSet<SpanId> =
        spans.iter().filter(|span| is_of(span)).map(|span| span.span_id).collect();
    let is_below = |span: &Span| span.parent_span_id.is_some_and(|parent| own.contains(&parent));
    spans.iter().filter(|span| is_of(span) && !is_below(span)).min_by_key(|span| span.start)
}

/// Keeps the faster half of the traces in which nothing failed: a fault may be older than the trace that is
/// asked about.
fn keep_healthy(traces: &mut Vec<Vec<Span>>) {
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

/// Routes that `service`, or anybody, has instead of `route`: the most alike, and then those with the most requests.
fn routes(service: Option<&str>, route: &str, traces: &[Vec<Span>]) -> Vec<String> {
    let is_asked = |span: &&Span| service.is_none_or(|name| span.origin.service_name() == name);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in traces.iter().flatten().filter(is_asked).filter_map(|span| {
        let is_request = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
        span.attributes.text("http.route").or(is_request.then_some(span.name.as_str()))
    }) {
        *counts.entry(name).or_default() += 1;
    }
    let mut found: Vec<(bool, u64, &str)> = counts
        .into_iter()
        .map(|(name, count)| (strsim::jaro_winkler(name, route) >= ALIKE, count, name))
        .collect();
    found.sort_by_key(|(is_alike, count, _)| std::cmp::Reverse((*is_alike, *count)));
    found.into_iter().take(MOST_NAMES).map(|(_, _, name)| name.to_owned()).collect()
}

/// What both make, each in a thread of its own.
pub(super) fn side_by_side<A, B: Send>(
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// That many equal parts.
pub(super) fn parts(started: TimeRange, parts: u32) -> impl Iterator<Item = TimeRange> {
    let (start, length) = (started.start.0, started.end.0.saturating_sub(started.start.0));
    let at = move |part: u32| UnixNanos(start + length / u64::from(parts) * u64::from(part));
    (0..parts).map(move |part| TimeRange {
        start: at(part),
        end: if part + 1 == parts { started.end } else { at(part + 1) },
    })
}

/// Keeps traces of [`MOST_SPANS`] together, chosen by their ids, which are random; says whether that left any out.
fn thin_out(found: &mut Vec<TraceSummary>) -> bool {
    let all = found.len();
    if found.iter().map(|summary| summary.spans).sum::<u64>() > MOST_SPANS {
        // Ids of 64 bits lie in the lower half.
        found.sort_unstable_by_key(|summary| summary.trace_id.as_u128().swap_bytes());
        let mut spans = 0;
        let kept = found.iter().take_while(|summary| {
            spans += summary.spans;
            spans <= MOST_SPANS
        });
        let kept = kept.count();
        // One that is longer than all that may be read is still the only one there is.
        found.truncate(kept.max(1));
        found.sort_unstable_by_key(|summary| std::cmp::Reverse(summary.start));
    }
    found.len() < all
}

fn why(explanation: Explanation) -> answer::Why {
    let suspects = explanation.ranking.into_iter().map(|suspect| answer::WhySuspect {
        service: suspect.service,
        component: suspect.component,
        kind: suspect.kind.as_str().to_owned(),
        share: suspect.share,
        score: suspect.score,
        evidence: suspect.evidence.iter().map(evidence).collect(),
    });
    answer::Why {
        verdict: explanation.verdict.as_str().to_owned(),
        reason: explanation.reason,
        ranking: suspects.collect(),
        standouts: explanation
            .standouts
            .into_iter()
            .map(|found| answer::WhyStandout {
                key: found.key,
                value: found.value,
                affected: found.affected,
                others: found.others,
            })
            .collect(),
        unattributed: explanation.unattributed,
        slowdown_us: explanation.slowdown_nanos / 1_000,
        p95_us: explanation.p95.as_micros() as i64,
        counterfactual_p95_us: explanation.counterfactual_p95.as_micros() as i64,
        completeness: explanation.completeness,
        clocks_adjusted: explanation.adjusted as u64,
        traces: explanation.traces as u64,
        baseline_traces: explanation.baseline_traces as u64,
        ..answer::Why::default()
    }
}

pub(super) fn evidence(seen: &Evidence) -> answer::WhyEvidence {
    answer::WhyEvidence { trace_id: seen.trace_id.to_string(), span_id: seen.span_id.to_string() }
}

pub(super) fn range(since: i64, until: i64) -> TimeRange {
    TimeRange { start: UnixNanos::from_micros(since), end: UnixNanos::from_micros(until) }
}

pub(super) fn invalid(field: &'static str, reason: &str) -> QueryError {
    QueryError::Invalid { field, reason: reason.to_owned() }
}
