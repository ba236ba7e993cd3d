//! Counts: how many spans were expected, seen and missing, by service and by edge.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::calls::{Call, Outcome, To};
use super::findings::{Finding, name};
use super::links::{Parent, Spans};
use super::reason::Context;
use super::{EdgeWholeness, ProblemKind, ServiceWholeness, Wholeness};
use crate::ids::SpanId;

/// By trace and service: missing spans. The service is `None` for parents of an unknown service.
#[derive(Default)]
struct Missing {
    /// Server spans of calls that have none.
    servers: u64,
    /// Different parents that spans name.
    parents: HashSet<SpanId>,
}

impl Missing {
    /// The spans that are missing for certain. Children of a missing server span may be stored, so
    /// that the span is known twice: as a parent, and as the other side of a call.
    fn count(&self) -> u64 {
        self.servers.max(self.parents.len() as u64)
    }
}

/// Puts everything together.
pub(super) fn tally(
    spans: &Spans<'_>,
    calls: &[Call<'_>],
    context: &Context<'_>,
    findings: Vec<Finding>,
) -> Wholeness {
    let missing = missing(spans, calls);
    let mut by_service = vec![0u64; spans.services.len()];
    let mut all_missing = 0;
    for ((_, service), missing) in &missing {
        all_missing += missing.count();
        if let Some(service) = service {
            by_service[*service] += missing.count();
        }
    }
    let torn: HashSet<usize> = findings.iter().flat_map(|finding| finding.traces).collect();
    Wholeness {
        traces: spans.traces as u64,
        whole: (spans.traces - torn.len()) as u64,
        seen: spans.list.len() as u64,
        missing: all_missing,
        sampling_ratio: context.sampling_ratio,
        services: services(spans, context, &by_service, &findings),
        edges: edges(spans, context),
        findings,
    }
}

fn missing(spans: &Spans<'_>, calls: &[Call<'_>]) -> HashMap<(usize, Option<usize>), Missing> {
    let mut missing: HashMap<(usize, Option<usize>), Missing> = HashMap::new();
    // By server span: the service that called it, if that is known.
    let mut callers: HashMap<usize, usize> = HashMap::new();
    for call in calls {
        let client = &spans.list[call.client.span];
        match (call.outcome, call.callee) {
            (Outcome::Missing, To::Service { service, .. }) => {
                missing.entry((client.trace, Some(service))).or_default().servers += 1;
            }
            (Outcome::Missing, To::Loopback { .. }) => {
                missing.entry((client.trace, None)).or_default().servers += 1;
            }
            (Outcome::Unlinked(pair), _) => {
                callers.insert(pair.server, client.service);
            }
            (Outcome::Linked(_), _) => {}
        }
    }
    for (at, seen) in spans.list.iter().enumerate() {
        if let Parent::Missing(parent) = seen.parent {
            let service =
                if seen.is_callee() { callers.get(&at).copied() } else { Some(seen.service) };
            missing.entry((seen.trace, service)).or_default().parents.insert(parent);
        }
    }
    missing
}

fn services(
    spans: &Spans<'_>,
    context: &Context<'_>,
    missing: &[u64],
    findings: &[Finding],
) -> Vec<ServiceWholeness> {
    let mut orphans = vec![0u64; spans.services.len()];
    for seen in spans.list.iter().filter(|seen| matches!(seen.parent, Parent::Missing(_))) {
        orphans[seen.service] += 1;
    }
    let mut cut: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.key.kind == ProblemKind::CutRoot) {
        *cut.entry(&finding.key.service).or_default() += 1;
    }
    let mut services: Vec<ServiceWholeness> = (0..spans.services.len())
        .map(|id| {
            let (service, facts) = (spans.services.name(id), &context.services[id]);
            ServiceWholeness {
                service: service.to_owned(),
                has_ebpf: facts.has_ebpf,
                has_sdk: facts.has_sdk,
                seen: facts.spans,
                missing: missing[id],
                orphans: orphans[id],
                cut_roots: cut.get(service).copied().unwrap_or(0),
            }
        })
        .collect();
    services.sort_by(|one, other| one.service.cmp(&other.service));
    services
}

fn edges(spans: &Spans<'_>, context: &Context<'_>) -> Vec<EdgeWholeness> {
    let edges = context.edges().map(|((caller, callee, protocol), facts)| EdgeWholeness {
        caller: spans.services.name(*caller).to_owned(),
        callee: name(spans, *callee),
        protocol: (*protocol).to_owned(),
        expected: facts.calls,
        linked: facts.linked,
        unlinked: facts.unlinked,
        missing: facts.missing(),
        clock_ahead_nanos: facts.clock_ahead(),
    });
    let mut edges: Vec<EdgeWholeness> = edges.collect();
    edges.sort_by(|one, other| {
        let key = |edge: &EdgeWholeness| {
            (edge.caller.clone(), edge.callee.clone(), edge.protocol.clone())
        };
        key(one).cmp(&key(other))
    });
    edges
}
