use std::collections::BTreeSet;

use coral_trace::{Span, SpanKind, UnixNanos};

use crate::fault::{BROKER, DATABASE};
use crate::{Detail, Fault, Kind, Request, Simulation, Topology, mix};

const BEGIN: UnixNanos = UnixNanos(1_790_000_000_000_000_000);

/// How many requests there are, at most, until a fault of any kind affects one.
const MAX_REQUESTS: u64 = 2_000;

/// The requests of `topology` with `faults`.
fn requests<'a>(
    topology: &'a Topology,
    faults: &[Fault],
    count: u64,
) -> impl Iterator<Item = Request> + use<'a> {
    let simulation = Simulation::new(topology, faults, Detail::Full);
    (0..count).map(move |number| simulation.request(mix(number), BEGIN))
}

/// Each topology with faults of each kind that is possible there.
fn possible() -> Vec<(Topology, Fault)> {
    let each = |topology: Topology| {
        let kinds = Kind::FAULTS.into_iter();
        let found = kinds.filter_map(|kind| Fault::choose(kind, &topology, mix(kind as u64)));
        found.map(|fault| (topology.clone(), fault)).collect::<Vec<_>>()
    };
    Topology::all().into_iter().flat_map(each).collect()
}

/// The part of the requests to a chain of services that a fault at its third service affects.
fn affected(kind: Kind) -> f64 {
    let [chain, ..] = Topology::all();
    let at = |service: &usize| Fault { instance: 1, ..Fault::at(kind, *service) };
    let fault = kind.places(&chain).iter().map(at).next_back().expect("the chain has a place");
    let affected = requests(&chain, &[fault], 400).filter(|request| request.is_affected);
    affected.count() as f64 / 400.0
}

fn has_text(span: &Span, text: &str) -> bool {
    let attributes = span.attributes.iter().chain(span.origin.resource.attributes.iter());
    span.name == text || attributes.into_iter().any(|pair| pair.value.as_str() == Some(text))
}

#[test]
fn every_kind_of_fault_is_possible_somewhere_and_most_are_in_each_topology() {
    let possible = possible();
    let kinds: BTreeSet<&str> = possible.iter().map(|(_, fault)| fault.kind.as_str()).collect();
    assert_eq!(kinds.len(), Kind::FAULTS.len());
    for topology in Topology::all() {
        let here = possible.iter().filter(|(of, _)| of.name == topology.name);
        let kinds: BTreeSet<&str> = here.map(|(_, fault)| fault.kind.as_str()).collect();
        assert!(kinds.len() >= 11, "{}: {kinds:?}", topology.name);
    }
}

#[test]
fn every_culprit_is_in_the_topology() {
    for (topology, fault) in possible() {
        let externals: Vec<&str> = topology
            .services
            .iter()
            .flat_map(|service| &service.operations)
            .filter_map(|operation| Some(operation.external?.address))
            .collect();
        let culprits = fault.culprits(&topology);
        assert!(!culprits.is_empty());
        for culprit in culprits {
            let is_service = topology.services.iter().any(|service| service.name == culprit);
            let is_peer = [DATABASE, BROKER].contains(&culprit.as_str());
            assert!(
                is_service || is_peer || externals.contains(&culprit.as_str()),
                "{}: {fault:?}: {culprit}",
                topology.name
            );
        }
    }
}

#[test]
fn every_value_to_name_is_in_an_affected_trace() {
    for (topology, fault) in possible() {
        let Some(value) = fault.culprit_value(&topology) else { continue };
        let mut affected =
            requests(&topology, &[fault], MAX_REQUESTS).filter(|request| request.is_affected);
        let affected = affected.next().expect("an affected request");
        assert!(
            affected.spans.iter().any(|span| has_text(span, &value)),
            "{}: {fault:?}: {value}",
            topology.name
        );
    }
}

#[test]
fn every_fault_affects_requests_and_only_a_fault_does() {
    for (topology, fault) in possible() {
        let calm: Vec<Request> = requests(&topology, &[], 6).collect();
        assert!(calm.iter().all(|request| !request.is_affected), "{}", topology.name);
        let mut faulty = requests(&topology, &[fault], MAX_REQUESTS);
        assert!(faulty.any(|request| request.is_affected), "{}: {fault:?}", topology.name);
        let faulty = requests(&topology, &[fault], 6);
        for (before, after) in calm.iter().zip(faulty) {
            let is_same = before.spans.len() == after.spans.len()
                && before.spans.iter().zip(&after.spans).all(|(one, other)| {
                    (one.end, one.status.code) == (other.end, other.status.code)
                });
            assert!(is_same || after.is_affected || draws(fault.kind), "{fault:?}");
        }
    }
}

/// Whether a kind draws a random number in unaffected requests too, which changes their durations.
const fn draws(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::SlowQuery | Kind::BadVersion | Kind::SlowHost | Kind::SlowNetwork | Kind::SlowRoute
    )
}

#[test]
fn the_share_of_affected_requests_is_as_specified() {
    for (kind, expected) in [
        (Kind::SlowNode, 1.0),
        (Kind::SlowQuery, 1.0),
        (Kind::NPlusOne, 1.0),
        (Kind::PoolWait, 1.0),
        (Kind::SlowNetwork, 1.0),
        (Kind::CacheMiss, 0.95),
        (Kind::RetryStorm, 0.8),
        (Kind::EarlyError, 0.7),
        (Kind::Timeout, 0.6),
        (Kind::BadVersion, 0.5),
        (Kind::ErrorsEverywhere, 0.3),
        (Kind::DeepError, 0.25),
        (Kind::ErrorsOnHost, 0.1),
    ] {
        let found = affected(kind);
        assert!((found - expected).abs() < 0.06, "{kind:?}: {found}");
    }
}

#[test]
fn errors_on_one_host_are_a_fifth_of_its_requests_and_have_the_status_503() {
    let topology = Topology::all().into_iter().find(|of| of.name == "shop").expect("a shop");
    let payments = topology.services.iter().position(|of| of.name == "payments").expect("payments");
    let fault = Fault { instance: 1, ..Fault::at(Kind::ErrorsOnHost, payments) };
    let (mut on_host, mut failed) = (0, 0);
    for request in requests(&topology, &[fault], 4_000) {
        let served = request.spans.iter().filter(|span| {
            span.kind == SpanKind::Server && span.origin.service_name() == "payments"
        });
        for span in served {
            let is_503 = span.response_status() == Some(503);
            let is_there = has_text(span, "pay-2");
            assert!(is_there || !is_503);
            on_host += u32::from(is_there);
            failed += u32::from(is_503);
        }
    }
    let share = f64::from(failed) / f64::from(on_host);
    assert!((share - 0.2).abs() < 0.05, "{failed} of {on_host}");
}

#[test]
fn a_database_may_be_named_with_its_own_address_and_not_with_another() {
    let topology = Topology::all().into_iter().find(|of| of.name == "bookings").expect("bookings");
    let seats = topology.services.iter().position(|of| of.name == "seats").expect("seats");
    let fault = Fault { operation: 1, ..Fault::at(Kind::SlowQuery, seats) };
    for (name, expected) in [
        ("seats", true),
        ("postgresql", true),
        ("postgresql pg-seats", true),
        ("pg-seats:5432", true),
        ("postgresql pg-ledger", false),
        ("bookings", false),
        ("redis", false),
    ] {
        assert_eq!(fault.is_culprit(&topology, name), expected, "{name}");
    }
}

#[test]
fn the_first_span_is_the_root_and_every_parent_is_in_the_trace() {
    for (topology, fault) in possible() {
        for request in requests(&topology, &[fault], 4) {
            let ids: BTreeSet<u64> =
                request.spans.iter().map(|span| span.span_id.as_u64()).collect();
            assert_eq!(ids.len(), request.spans.len());
            assert!(request.spans[0].parent_span_id.is_none());
            let mut parents = request.spans[1..].iter().map(|span| span.parent_span_id);
            assert!(
                parents.all(|parent| parent.is_some_and(|parent| ids.contains(&parent.as_u64())))
            );
            assert!(request.spans.iter().all(|span| span.start <= span.end));
        }
    }
}
