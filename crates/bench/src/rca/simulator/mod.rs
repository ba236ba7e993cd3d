//! Faults whose culprit is known, because we made them: topologies, kinds of faults, places, seeds.

mod fault;
mod request;
mod topology;
mod weather;

use coral_trace::Span;

use self::fault::{Fault, Kind};
use self::request::Simulation;
use self::topology::Topology;
pub use self::weather::Weather;
use crate::traffic::trace::mix;

/// A fault, and the traces before and during it.
pub struct Scenario {
    /// What kind of fault.
    pub kind: &'static str,
    /// What kind of application.
    pub topology: &'static str,
    /// Services that are rightly named; none when there is no fault.
    pub culprits: Vec<String>,
    pub baseline: Vec<Vec<Span>>,
    pub window: Vec<Vec<Span>>,
}

/// Requests in a baseline and in a window before anything is lost.
const BASELINE: u64 = 400;
const WINDOW: u64 = 200;

/// `seeds` scenarios for each topology and kind of fault. In bad weather each fault has a second one
/// beside it, and either may be named.
pub fn faults(seeds: u64, weather: Weather) -> impl Iterator<Item = Scenario> {
    scenarios(Kind::FAULTS.to_vec(), seeds, weather)
}

/// `seeds` scenarios for each topology without a fault, and with a load step.
pub fn calm(seeds: u64, weather: Weather) -> impl Iterator<Item = Scenario> {
    scenarios(vec![Kind::None, Kind::LoadStep], seeds, weather)
}

fn scenarios(kinds: Vec<Kind>, seeds: u64, weather: Weather) -> impl Iterator<Item = Scenario> {
    let each = move |topology: Topology| {
        let kinds = kinds.clone();
        let seeds =
            kinds.into_iter().flat_map(move |kind| (0..seeds).map(move |seed| (kind, seed)));
        seeds.map(move |(kind, seed)| scenario(&topology, kind, seed, weather))
    };
    Topology::all().into_iter().flat_map(each)
}

fn scenario(topology: &Topology, kind: Kind, seed: u64, weather: Weather) -> Scenario {
    let random = mix(mix(seed) ^ mix(kind as u64) ^ mix(topology.services.len() as u64));
    let calm = matches!(kind, Kind::None | Kind::LoadStep);
    let place = |kind: Kind, random: u64| {
        let places = kind.places(topology);
        Fault { kind, at: places[(random % places.len() as u64) as usize] }
    };
    let mut faults = vec![place(kind, mix(random ^ 1))];
    if weather == Weather::Bad && !calm {
        let other = Kind::FAULTS[(mix(random ^ 2) % Kind::FAULTS.len() as u64) as usize];
        faults.push(place(other, mix(random ^ 3)));
    }
    let decoy = (mix(random ^ 4) % topology.services.len() as u64) as usize;
    let traces = |count: u64, first: u64, faults: &[Fault], decoy: Option<usize>| {
        let simulation = Simulation { topology, faults, decoy };
        let trace = |number: u64| simulation.trace(mix(random) ^ number, weather);
        (first..first + count).filter_map(trace).collect()
    };
    let count = if kind == Kind::LoadStep { 3 * WINDOW } else { WINDOW };
    let culprits = faults.iter().filter(|_| !calm).flat_map(|fault| fault.culprits(topology));
    Scenario {
        kind: kind.as_str(),
        topology: topology.name,
        culprits: culprits.collect(),
        baseline: traces(BASELINE, 0, &[], None),
        window: traces(count, BASELINE, &faults, Some(decoy)),
    }
}
