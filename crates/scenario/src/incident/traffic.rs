//! The requests of an incident, in the order of their arrival.

use std::collections::HashMap;
use std::time::Duration;

use coral_trace::UnixNanos;

use super::{Incident, IncidentKind};
use crate::fault::Fault;
use crate::random::mix;
use crate::request::{Detail, Request, Simulation};

/// The requests of an incident, in the order of their arrival. Never ends.
pub struct Traffic<'a> {
    incident: &'a Incident,
    /// The usual number of requests per second.
    rate: f64,
    /// When the next request arrives.
    at: UnixNanos,
    number: u64,
    /// The application in each state that it had: which faults it has, and how many instances are
    /// replaced.
    states: HashMap<(u8, usize), Simulation<'a>>,
}

/// A request that arrived.
pub struct Arrival {
    /// When the request arrived.
    pub at: UnixNanos,
    /// The request, as every service would report it.
    pub request: Request,
}

impl Incident {
    /// The requests that arrive from `since` on: usually `rate` per second, at random intervals.
    pub fn traffic(&self, rate: f64, since: UnixNanos) -> Traffic<'_> {
        let number = mix(self.seed ^ 31);
        Traffic { incident: self, rate, at: since, number, states: HashMap::new() }
    }
}

impl Iterator for Traffic<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let at = self.at;
        self.number += 1;
        let demand = self.incident.demand(at);
        let request = self.request(mix(self.number), at, demand);
        // The pauses are distributed exponentially.
        let uniform = (mix(self.number ^ 41) >> 11) as f64 / (1u64 << 53) as f64;
        let pause = Duration::from_secs_f64(-(1.0 - uniform).ln() / (self.rate * demand));
        self.at = UnixNanos(at.0 + 1 + pause.as_nanos() as u64);
        Some(Arrival { at, request })
    }
}

impl<'a> Traffic<'a> {
    /// The request with the random number `random` that arrives at `at`.
    fn request(&mut self, random: u64, at: UnixNanos, demand: f64) -> Request {
        let incident = self.incident;
        let state = (incident.active(at), incident.replaced(at));
        let simulation = self.states.entry(state).or_insert_with(|| simulation(incident, state));
        simulation.load = match incident.kind {
            IncidentKind::MoreLoad => 1.0 + (demand - 1.0) * 0.05,
            IncidentKind::DailyRhythm => 1.0 + (demand - 1.0) * 0.15,
            _ => 1.0,
        };
        simulation.request(random, at)
    }
}

/// The application with some of the faults of the incident, and some instances replaced.
fn simulation(incident: &Incident, (active, replaced): (u8, usize)) -> Simulation<'_> {
    let faults = incident.faults.iter().enumerate();
    let faults: Vec<Fault> =
        faults.filter(|(bit, _)| active & 1 << bit != 0).map(|(_, (fault, _))| *fault).collect();
    let simulation = Simulation::new(&incident.topology, &faults, Detail::Full);
    match replaced {
        0 => simulation,
        instances => simulation.with_deployed(incident.deployed, instances),
    }
}
