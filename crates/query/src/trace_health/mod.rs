//! Whether traces are whole: which spans are missing or not linked, and why.

pub(crate) mod answer;
pub(crate) mod question;
mod read;

use std::collections::{HashMap, HashSet};

use coral_engine::{Budget, EngineError};
use coral_trace::dependency::Dependencies;
use coral_trace::wholeness::{
    self, EdgeWholeness, Example, LoopbackService, Problem, Scope, ServiceWholeness, examine,
    loopback_services,
};
use coral_trace::{Span, SpanId, TimeRange, TraceId};

use self::answer::{
    EdgeHealth, InferredLink, ServiceHealth, TraceHealth, TraceProblem, TraceProblemExample,
};
use crate::ask::{Ask, QueryError, Sources};
use crate::cohort::range;
use crate::coverage::TracesOf;
use crate::reader::Reader;

pub use self::question::TraceHealthQuestion;

/// What is wrong with one trace, and which spans of other traces belong to its calls.
#[derive(Default)]
pub(crate) struct TornTrace {
    pub(crate) problems: Vec<TraceProblem>,
    pub(crate) links: Vec<InferredLink>,
}

impl Ask for TraceHealthQuestion {
    const PATH: &'static str = "/api/v1/doctor/traces";
    const NAME: &'static str = "trace_health";
    const SUMMARY: &'static str =
        "Whether traces are whole: which spans are missing or not linked, and why.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = TraceHealth;

    fn rows(answer: &Self::Answer) -> usize {
        answer.services.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<TraceHealth, QueryError> {
        if self.until_unix_us <= self.since_unix_us {
            return Err(QueryError::invalid(
                "until",
                "the range is empty: its end is not after its start",
            ));
        }
        Reader::new(from, budget).trace_health(self)
    }
}

impl Reader<'_> {
    fn trace_health(&self, question: &TraceHealthQuestion) -> Result<TraceHealth, QueryError> {
        let window = range(question.since_unix_us, question.until_unix_us);
        let sample = self.stretches(window)?;
        let coverage = self.missing_in(TracesOf { range: window, traces: &sample.traces })?;
        let scope = Scope { now: self.from.now, covered: &sample.covered };
        let found = examine(&sample.spans(), &scope);
        let asked = question.service.as_deref();
        let is_asked = |name: &str| asked.is_none_or(|asked| asked == name);
        let services: Vec<ServiceHealth> = found
            .services
            .iter()
            .filter(|service| is_asked(&service.service))
            .map(ServiceHealth::from)
            .collect();
        let did_you_mean = match asked {
            Some(service) if services.is_empty() => self.similar(service, window)?,
            _ => Vec::new(),
        };
        let problems = found.problems().into_iter();
        let edges = found.edges.iter();
        Ok(TraceHealth {
            service: question.service.clone().unwrap_or_default(),
            traces: found.traces,
            whole: found.whole,
            expected_spans: found.seen + found.missing,
            seen_spans: found.seen,
            missing_spans: found.missing,
            sampling_ratio: found.sampling_ratio,
            problems: problems
                .filter(|problem| {
                    is_asked(&problem.service) || problem.caller.as_deref().is_some_and(is_asked)
                })
                .map(TraceProblem::from)
                .collect(),
            services,
            edges: edges
                .filter(|edge| is_asked(&edge.caller) || is_asked(&edge.callee))
                .map(EdgeHealth::from)
                .collect(),
            cut: sample.cut,
            oversized_traces: sample.oversized,
            did_you_mean,
            coverage,
        })
    }

    /// Tells `maps` which services answer at loopback addresses, if their calls go to any. The
    /// newest traces of `window` are read for that.
    pub(crate) fn name_loopback(
        &self,
        maps: &mut [&mut Dependencies],
        window: TimeRange,
    ) -> Result<(), EngineError> {
        if !maps.iter().any(|map| map.calls_loopback()) {
            return Ok(());
        }
        let sample = self.newest_traces(window)?;
        for found in loopback_services(&sample.spans()) {
            let LoopbackService { caller, address, service } = &found;
            maps.iter_mut().for_each(|map| map.learn_loopback(caller, address, service));
        }
        Ok(())
    }

    /// The service at each loopback address that the newest traces of `window` call. Addresses at
    /// which callers reach different services, as on several hosts, are left out.
    pub(crate) fn loopback_names(
        &self,
        window: TimeRange,
    ) -> Result<HashMap<String, String>, EngineError> {
        let mut services: HashMap<String, Option<String>> = HashMap::new();
        for LoopbackService { address, service, .. } in
            loopback_services(&self.newest_traces(window)?.spans())
        {
            let known = services.entry(address).or_insert_with(|| Some(service.clone()));
            *known = known.take().filter(|known| *known == service);
        }
        let names = services.into_iter();
        Ok(names.filter_map(|(address, service)| Some((address, service?))).collect())
    }

    /// The problems that the trace with these `spans` has a part in, and its inferred links. Traces
    /// of about the same time are read too, because the other side of a call may be in one of them.
    pub(crate) fn torn_trace(&self, spans: Vec<&Span>) -> Result<TornTrace, QueryError> {
        let Some(trace) = spans.first().map(|span| span.trace_id) else {
            return Ok(TornTrace::default());
        };
        let sample = self.neighbours(&spans)?;
        let mut traces = sample.spans();
        traces.push(spans);
        let scope = Scope { now: self.from.now, covered: &sample.covered };
        let found = examine(&traces, &scope);
        let problems = found.problems_of(trace).into_iter().map(TraceProblem::from).collect();
        let links = found.inferred_links_of(trace);
        let ends: HashSet<(TraceId, SpanId)> =
            links.iter().flat_map(|link| [link.client, link.server]).collect();
        let by_id: HashMap<(TraceId, SpanId), &Span> = traces
            .iter()
            .flatten()
            .map(|span| ((span.trace_id, span.span_id), *span))
            .filter(|(id, _)| ends.contains(id))
            .collect();
        let links = links.iter().filter_map(|link| inferred_link(link, &by_id)).collect();
        Ok(TornTrace { problems, links })
    }
}

fn inferred_link(
    link: &wholeness::InferredLink,
    spans: &HashMap<(TraceId, SpanId), &Span>,
) -> Option<InferredLink> {
    let (client, server) = (spans.get(&link.client)?, spans.get(&link.server)?);
    Some(InferredLink {
        client_trace_id: client.trace_id,
        client_span_id: client.span_id,
        client_service: client.origin.service_name().to_owned(),
        server_trace_id: server.trace_id,
        server_span_id: server.span_id,
        server_service: server.origin.service_name().to_owned(),
        server_operation: server.name.clone(),
        server_duration_us: i64::try_from(server.duration().as_micros()).unwrap_or(i64::MAX),
    })
}

impl From<Problem> for TraceProblem {
    fn from(problem: Problem) -> Self {
        Self {
            kind: problem.kind,
            cause: problem.cause,
            service: problem.service,
            caller: problem.caller,
            protocol: problem.protocol.map(str::to_owned),
            count: problem.count,
            of: problem.of,
            examples: problem.examples.iter().map(TraceProblemExample::from).collect(),
        }
    }
}

impl From<&Example> for TraceProblemExample {
    fn from(example: &Example) -> Self {
        Self {
            trace_id: example.trace_id,
            span_id: example.span_id,
            peer_trace_id: example.peer.map(|(trace, _)| trace),
            peer_span_id: example.peer.map(|(_, span)| span),
            peer_is_certain: example.peer_is_certain,
        }
    }
}

impl From<&ServiceWholeness> for ServiceHealth {
    fn from(found: &ServiceWholeness) -> Self {
        let sources = [("ebpf", found.has_ebpf), ("sdk", found.has_sdk)];
        let sources = sources.into_iter().filter(|(_, has)| *has);
        Self {
            service: found.service.clone(),
            sources: sources.map(|(source, _)| source.to_owned()).collect(),
            expected: found.seen + found.missing,
            seen: found.seen,
            missing: found.missing,
            orphans: found.orphans,
            cut_roots: found.cut_roots,
        }
    }
}

impl From<&EdgeWholeness> for EdgeHealth {
    fn from(found: &EdgeWholeness) -> Self {
        Self {
            caller: found.caller.clone(),
            callee: found.callee.clone(),
            protocol: found.protocol.clone(),
            expected: found.expected,
            linked: found.linked,
            unlinked: found.unlinked,
            missing: found.missing,
            clock_ahead_us: found.clock_ahead_nanos.map(|nanos| nanos / 1_000),
        }
    }
}
