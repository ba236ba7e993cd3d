//! Which incidents are simulated, at which rate, and when the question is asked.

use coral_scenario::{Detail, Incident, IncidentKind, MINUTE, Simulation, Topology, mix};
use coral_trace::UnixNanos;

use super::Incidents;

/// When every incident begins.
const BEGAN: UnixNanos = UnixNanos(1_790_000_000_000_000_000);
/// How many minutes before a fault the question is asked too, when nothing is at fault yet.
const CALM_AGES: [i64; 2] = [-20, -3];
/// The largest and smallest number of minutes of requests before an incident, and the smallest
/// number after it.
const MAX_BEFORE: f64 = 150.0;
const MIN_BEFORE: f64 = 15.0;
const MIN_AFTER: f64 = 4.0;
/// Requests from which the number of spans of a request is computed.
const SAMPLES: u64 = 100;

/// One incident, and when it is asked about.
pub struct Case {
    pub incident: Incident,
    /// Requests per second.
    pub rate: f64,
    pub seed: u64,
    /// When the first request arrives.
    pub since: UnixNanos,
    /// Minutes since the incident began; negative before.
    pub ages: Vec<i64>,
}

impl Case {
    /// The cases that `args` ask for.
    pub fn all(args: &Incidents) -> Vec<Self> {
        let kinds = IncidentKind::faults().into_iter().chain(IncidentKind::WITHOUT_FAULT);
        let kinds: Vec<(usize, IncidentKind)> = kinds.enumerate().collect();
        let mut cases = Vec::new();
        for seed in args.seed..args.seed + args.seeds {
            for (at, kind) in &kinds {
                if !kind.to_string().contains(&args.only) {
                    continue;
                }
                for (nth, rate) in args.rate.iter().enumerate() {
                    cases.extend(Self::new(args, *kind, *rate, (*at, nth), seed));
                }
            }
        }
        cases
    }

    /// The case of a kind at a rate. Each has another one of the topologies in which the kind is
    /// possible.
    fn new(
        args: &Incidents,
        kind: IncidentKind,
        rate: f64,
        (at, nth): (usize, usize),
        seed: u64,
    ) -> Option<Self> {
        let of_case = mix(seed ^ mix(at as u64) ^ mix(nth as u64 + 1_000));
        let sampled = rate * args.sampled;
        let minutes =
            |topology: &Topology| args.spans as f64 / (spans_of_request(topology) * sampled * 60.0);
        let named: Vec<Topology> = Topology::all()
            .into_iter()
            .filter(|topology| topology.name.contains(&args.topology))
            .collect();
        let of_topologies = |least: f64| {
            let fitting = named.iter().filter(|topology| minutes(topology) >= least);
            let incident =
                |topology: &Topology| Incident::new(kind, topology.clone(), BEGAN, of_case);
            fitting.filter_map(incident).collect::<Vec<_>>()
        };
        // A topology with many spans is left out at a high rate, if there is another one.
        let mut possible = of_topologies(MIN_BEFORE + MIN_AFTER);
        if possible.is_empty() {
            possible = of_topologies(0.0);
        }
        let count = possible.len();
        let turn = at + nth + seed as usize;
        let incident = (count > 0).then(|| possible.swap_remove(turn % count))?;
        let minutes = minutes(&incident.topology);
        let before = (minutes / 3.0).clamp(MIN_BEFORE, MAX_BEFORE).round();
        let after = (minutes - before).max(MIN_AFTER);
        let mut ages: Vec<i64> =
            args.ages.iter().map(|age| *age as i64).filter(|age| *age as f64 <= after).collect();
        if !incident.faults().is_empty() {
            ages.extend(CALM_AGES.iter().filter(|age| (-**age as f64) < before / 2.0));
        }
        ages.sort_unstable();
        let since = UnixNanos(BEGAN.0 - before as u64 * MINUTE);
        Some(Self { incident, rate, seed, since, ages })
    }
}

/// The mean number of spans of a request.
fn spans_of_request(topology: &Topology) -> f64 {
    let simulation = Simulation::new(topology, &[], Detail::Full);
    let spans = |number| simulation.request(mix(number), BEGAN).spans.len();
    (0..SAMPLES).map(spans).sum::<usize>() as f64 / SAMPLES as f64
}
