use std::collections::BTreeSet;

use coral_trace::{Span, UnixNanos};

use crate::{Incident, IncidentKind, Kind, MINUTE, Topology};

const BEGAN: UnixNanos = UnixNanos(1_790_000_000_000_000_000);

fn incident(kind: IncidentKind, topology: &str) -> Incident {
    let topology = Topology::all().into_iter().find(|of| of.name == topology).expect("a topology");
    Incident::new(kind, topology, BEGAN, 7).expect("the kind is possible")
}

/// The spans of some minutes before and after the beginning, as agents report them.
fn spans(incident: &Incident, rate: f64, minutes: u64) -> Vec<Span> {
    let since = UnixNanos(BEGAN.0 - minutes * MINUTE);
    let until = UnixNanos(BEGAN.0 + minutes * MINUTE);
    let arrivals = incident.traffic(rate, since).take_while(|arrival| arrival.at < until);
    let spans = arrivals.flat_map(|arrival| arrival.request.spans);
    spans.filter_map(|span| incident.reported(span)).collect()
}

fn host(span: &Span) -> &str {
    span.origin.resource.attributes.text("host.name").expect("a host")
}

/// How many of the traces of `spans` began before and after the beginning.
fn traces(spans: &[Span]) -> (usize, usize) {
    let roots = spans.iter().filter(|span| span.parent_span_id.is_none());
    let (after, before): (Vec<&Span>, Vec<&Span>) = roots.partition(|span| span.start >= BEGAN);
    (before.len(), after.len())
}

#[test]
fn the_same_seed_gives_the_same_spans_and_another_seed_others() {
    let of_seed = |seed| {
        let topology = Topology::all().into_iter().next_back().expect("a topology");
        let kind = IncidentKind::Fault(Kind::ErrorsEverywhere);
        let incident = Incident::new(kind, topology, BEGAN, seed).expect("possible");
        spans(&incident, 1.0, 3)
    };
    assert_eq!(of_seed(1), of_seed(1));
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn requests_arrive_at_the_rate_that_is_asked_for_and_thrice_as_often_with_load() {
    let (before, after) = traces(&spans(&incident(IncidentKind::MoreLoad, "fan-out"), 2.0, 4));
    assert!((420..540).contains(&before), "{before}");
    assert!((1_330..1_550).contains(&after), "{after}");
}

#[test]
fn one_trace_in_four_is_sampled_and_it_is_whole() {
    let spans = spans(&incident(IncidentKind::SamplingBegins, "fan-out"), 2.0, 10);
    let (before, after) = traces(&spans);
    let share = after as f64 / before as f64;
    assert!((share - 0.25).abs() < 0.05, "{before} {after}");
    let roots: BTreeSet<u128> = spans
        .iter()
        .filter(|span| span.parent_span_id.is_none())
        .map(|span| span.trace_id.as_u128())
        .collect();
    assert!(spans.iter().all(|span| roots.contains(&span.trace_id.as_u128())));
}

#[test]
fn an_agent_reports_nothing_while_it_is_dead_and_others_report_all_the_time() {
    for (kind, before, after) in [
        (IncidentKind::AgentDies, true, false),
        (IncidentKind::AgentJoins, false, true),
        (IncidentKind::AgentReturns, false, true),
        (IncidentKind::Nothing, true, true),
    ] {
        let incident = incident(kind, "chain");
        let gap_host = incident.gap().map(|gap| gap.host);
        let spans = spans(&incident, 1.0, 3);
        for name in incident.topology.hosts() {
            let of_host = |is_after: bool| {
                let mut spans = spans.iter().filter(|span| host(span) == name);
                spans.any(|span| (span.end >= BEGAN) == is_after)
            };
            let expected = match gap_host.as_deref() == Some(name) {
                true => (before, after),
                false => (true, true),
            };
            assert_eq!((of_host(false), of_host(true)), expected, "{kind}, {name}");
        }
    }
}

#[test]
fn a_clock_that_is_off_moves_the_spans_of_one_host() {
    let (right, off) =
        (incident(IncidentKind::Nothing, "chain"), incident(IncidentKind::ClockOff, "chain"));
    let mut hosts = BTreeSet::new();
    for (one, other) in spans(&right, 1.0, 2).iter().zip(spans(&off, 1.0, 2)) {
        let moved = other.start.since(one.start).as_secs();
        assert!(moved == 0 || moved == 3 && one.start >= BEGAN);
        if moved > 0 {
            hosts.insert(host(one).to_owned());
        }
    }
    assert_eq!(hosts.len(), 1);
}

#[test]
fn a_fault_that_comes_and_goes_is_there_for_five_minutes_in_ten() {
    let incident = incident(IncidentKind::ComesAndGoes(Kind::SlowNode), "chain");
    let until = UnixNanos(BEGAN.0 + 20 * MINUTE);
    for arrival in incident.traffic(1.0, BEGAN).take_while(|arrival| arrival.at < until) {
        let minute = (arrival.at.0 - BEGAN.0) / MINUTE;
        assert_eq!(arrival.request.is_affected, minute % 10 < 5, "minute {minute}");
    }
    let minutes = |now: u64| {
        let beginnings = incident.beginnings(UnixNanos(BEGAN.0 + now * MINUTE));
        beginnings.iter().map(|began| (began.0 - BEGAN.0) / MINUTE).collect::<Vec<_>>()
    };
    assert_eq!((minutes(8), minutes(25)), (vec![0], vec![0, 10, 20]));
}

#[test]
fn two_faults_are_at_different_services() {
    for kind in [IncidentKind::TwoAtOnce, IncidentKind::OneAfterTheOther] {
        for topology in Topology::all() {
            for seed in 0..20 {
                let incident = Incident::new(kind, topology.clone(), BEGAN, seed);
                let incident = incident.expect("two services");
                let [(one, begins), (other, later)] = incident.faults() else {
                    panic!("{} faults", incident.faults().len())
                };
                assert_ne!(one.service, other.service);
                assert_eq!(kind == IncidentKind::TwoAtOnce, begins == later);
            }
        }
    }
}

#[test]
fn a_deployed_version_replaces_one_instance_after_another() {
    let incident = incident(IncidentKind::Deploy, "shop");
    let spans = spans(&incident, 2.0, 8);
    let new =
        |span: &&Span| span.origin.resource.attributes.text("service.version") == Some("2.4.0");
    let services: BTreeSet<&str> =
        spans.iter().filter(new).map(|span| span.origin.service_name()).collect();
    assert_eq!(services.len(), 1);
    assert!(spans.iter().filter(new).all(|span| span.end >= BEGAN));
}
