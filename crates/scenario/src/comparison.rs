//! Pairs of a baseline and a window with a fault, for several topologies, kinds of faults, services
//! and seeds.

use coral_trace::{Span, UnixNanos};

use crate::data_quality::DataQuality;
use crate::fault::{Fault, Kind};
use crate::random::mix;
use crate::request::{Detail, Simulation};
use crate::topology::Topology;

/// A fault, with the traces before and during the fault.
pub struct Scenario {
    /// The name of the kind of fault.
    pub kind: &'static str,
    /// The name of the topology.
    pub topology: &'static str,
    /// The services that a correct answer may name; empty when there is no fault.
    pub culprits: Vec<String>,
    /// The traces before the fault.
    pub baseline: Vec<Vec<Span>>,
    /// The traces during the fault.
    pub window: Vec<Vec<Span>>,
}

/// The number of requests in a baseline, before sampling.
const BASELINE: u64 = 400;
/// The number of requests in a window, before sampling. A load step triples it.
const WINDOW: u64 = 200;
/// The first second of a baseline and of a window, and their length in seconds.
const BEGIN: u64 = 1_790_000_000;
const SECONDS: u64 = 900;

/// `seeds` scenarios for each topology and kind of fault. With degraded data, each scenario has a
/// second fault, and a correct answer may name the culprit of either fault.
pub fn faults(seeds: u64, quality: DataQuality) -> impl Iterator<Item = Scenario> {
    scenarios(Kind::COMPARED.to_vec(), seeds, quality)
}

/// For each topology: `seeds` scenarios without a fault, and as many with a load step.
pub fn without_fault(seeds: u64, quality: DataQuality) -> impl Iterator<Item = Scenario> {
    scenarios(vec![Kind::None, Kind::LoadStep], seeds, quality)
}

fn scenarios(kinds: Vec<Kind>, seeds: u64, quality: DataQuality) -> impl Iterator<Item = Scenario> {
    let each = move |topology: Topology| {
        let kinds = kinds.clone();
        let seeds =
            kinds.into_iter().flat_map(move |kind| (0..seeds).map(move |seed| (kind, seed)));
        seeds.map(move |(kind, seed)| scenario(&topology, kind, seed, quality))
    };
    Topology::plain().into_iter().flat_map(each)
}

fn scenario(topology: &Topology, kind: Kind, seed: u64, quality: DataQuality) -> Scenario {
    let random = mix(mix(seed) ^ mix(kind as u64) ^ mix(topology.services.len() as u64));
    let is_without_fault = matches!(kind, Kind::None | Kind::LoadStep);
    let place = |kind: Kind, random: u64| {
        let places = kind.places(topology);
        Fault::at(kind, places[(random % places.len() as u64) as usize])
    };
    let mut faults = vec![place(kind, mix(random ^ 1))];
    if quality == DataQuality::Degraded && !is_without_fault {
        let other = Kind::COMPARED[(mix(random ^ 2) % Kind::COMPARED.len() as u64) as usize];
        faults.push(place(other, mix(random ^ 3)));
    }
    let decoy = (mix(random ^ 4) % topology.services.len() as u64) as usize;
    let traces = |count: u64, first: u64, faults: &[Fault], decoy: Option<usize>| {
        let mut simulation = Simulation::new(topology, faults, Detail::Names);
        simulation.decoy = decoy;
        let trace = |number: u64| {
            let random = mix(random) ^ number;
            let second = BEGIN + random % SECONDS;
            let begin = UnixNanos(second * 1_000_000_000);
            quality.keeps(random).then(|| simulation.request(random, begin))
        };
        let received = |number| {
            let random = mix(random) ^ number;
            trace(number).map(|request| quality.degrade(request.spans, random))
        };
        (first..first + count).filter_map(received).collect()
    };
    let count = if kind == Kind::LoadStep { 3 * WINDOW } else { WINDOW };
    let culprits =
        faults.iter().filter(|_| !is_without_fault).flat_map(|fault| fault.culprits(topology));
    Scenario {
        kind: kind.as_str(),
        topology: topology.name,
        culprits: culprits.collect(),
        baseline: traces(BASELINE, 0, &[], None),
        window: traces(count, BASELINE, &faults, Some(decoy)),
    }
}
