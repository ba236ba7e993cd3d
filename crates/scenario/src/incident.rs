//! Incidents: what happens to an application and to its agents, and when.

mod kind;
mod observation;
mod traffic;

use coral_trace::UnixNanos;

pub use self::kind::IncidentKind;
pub use self::observation::{AgentGap, is_sampled};
pub use self::traffic::{Arrival, Traffic};
use crate::fault::{Fault, Kind};
use crate::random::{mix, pick};
use crate::topology::Topology;

/// A minute, in nanoseconds.
pub const MINUTE: u64 = 60_000_000_000;
/// How long a fault that comes and goes is there, and how long it is not, in minutes.
const COMES_FOR: u64 = 5;
/// How many minutes the second of two faults begins after the first.
const SECOND_FAULT: u64 = 12;
/// How long an agent that returns was dead, and how long Beyla takes to restart, in minutes.
const DEAD_FOR: u64 = 40;
const RESTARTS_FOR: u64 = 3;
/// How many minutes after each other the instances of a service are replaced.
const ROLLOUT: u64 = 2;

/// An application to which something happens.
#[derive(Clone, Debug)]
pub struct Incident {
    /// What happens.
    pub kind: IncidentKind,
    /// The application.
    pub topology: Topology,
    /// When it begins to happen.
    pub began: UnixNanos,
    /// The faults, each with the time at which it begins.
    faults: Vec<(Fault, UnixNanos)>,
    /// The host that an event of a host is about.
    host: String,
    /// The index of the service that is deployed.
    deployed: usize,
    seed: u64,
}

impl Incident {
    /// What happens to `topology`. The services and hosts follow from `seed`; `None` when the
    /// topology has no place for it.
    pub fn new(
        kind: IncidentKind,
        topology: Topology,
        began: UnixNanos,
        seed: u64,
    ) -> Option<Self> {
        let seed = mix(seed);
        let later = UnixNanos(began.0 + SECOND_FAULT * MINUTE);
        let (fault, second) = match kind {
            IncidentKind::Fault(kind) | IncidentKind::ComesAndGoes(kind) => (Some(kind), None),
            IncidentKind::TwoAtOnce => (Some(Kind::SlowNode), Some(began)),
            IncidentKind::OneAfterTheOther => (Some(Kind::SlowNode), Some(later)),
            _ => (None, None),
        };
        let mut faults = Vec::new();
        if let Some(kind) = fault {
            faults.push((Fault::choose(kind, &topology, seed)?, began));
        }
        if let Some(begins) = second {
            let is_other = |at: &usize| faults.iter().all(|(fault, _)| fault.service != *at);
            let places: Vec<usize> = (0..topology.services.len()).filter(is_other).collect();
            let place = pick(&places, seed ^ 11)?;
            faults.push((Fault::at(Kind::SlowNode, place), begins));
        }
        let host = pick(&topology.hosts(), seed ^ 12)?.to_owned();
        let deployed = pick(&(0..topology.services.len()).collect::<Vec<_>>(), seed ^ 13)?;
        Some(Self { kind, topology, began, faults, host, deployed, seed })
    }

    /// The faults, and when each begins; empty when nothing is at fault.
    pub fn faults(&self) -> &[(Fault, UnixNanos)] {
        &self.faults
    }

    /// Whether `name`, as an answer names a service, is a right answer.
    pub fn is_culprit(&self, name: &str) -> bool {
        self.faults.iter().any(|(fault, _)| fault.is_culprit(&self.topology, name))
    }

    /// The value that the first sentence of an answer has to name; `None` when a service is all
    /// there is to name.
    pub fn culprit_value(&self) -> Option<String> {
        let [(fault, _)] = self.faults.as_slice() else { return None };
        fault.culprit_value(&self.topology)
    }

    /// The starts of the faults before `now`: several when a fault comes and goes.
    pub fn beginnings(&self, now: UnixNanos) -> Vec<UnixNanos> {
        let mut found: Vec<UnixNanos> = self.faults.iter().map(|(_, begins)| *begins).collect();
        if matches!(self.kind, IncidentKind::ComesAndGoes(_)) {
            let period = 2 * COMES_FOR * MINUTE;
            let count = now.0.saturating_sub(self.began.0) / period;
            found.extend((1..=count).map(|at| UnixNanos(self.began.0 + at * period)));
        }
        found.retain(|begins| *begins < now);
        found
    }

    /// The faults that are there at `at`, as a set of bits.
    fn active(&self, at: UnixNanos) -> u8 {
        let comes_and_goes = matches!(self.kind, IncidentKind::ComesAndGoes(_));
        let is_active = |begins: UnixNanos| {
            let since = at.0.checked_sub(begins.0);
            since.is_some_and(|since| {
                !comes_and_goes || (since / MINUTE / COMES_FOR).is_multiple_of(2)
            })
        };
        let faults = self.faults.iter().enumerate();
        faults.filter(|(_, (_, begins))| is_active(*begins)).fold(0, |set, (bit, _)| set | 1 << bit)
    }

    /// How many instances of the deployed service run the new version at `at`.
    fn replaced(&self, at: UnixNanos) -> usize {
        let since = at.0.checked_sub(self.began.0);
        let minutes =
            since.filter(|_| self.kind == IncidentKind::Deploy).map(|nanos| nanos / MINUTE);
        let instances = self.topology.services[self.deployed].hosts.len();
        minutes.map_or(0, |minutes| instances.min(1 + (minutes / ROLLOUT) as usize))
    }

    /// The factor by which there are more requests than usual at `at`.
    fn demand(&self, at: UnixNanos) -> f64 {
        let minutes = (at.0 as f64 - self.began.0 as f64) / MINUTE as f64;
        match self.kind {
            IncidentKind::DailyRhythm => {
                1.0 + 0.6 * (minutes / 1_440.0 * std::f64::consts::TAU).sin()
            }
            IncidentKind::MoreLoad if minutes >= 0.0 => 3.0,
            IncidentKind::LessLoad if minutes >= 0.0 => 1.0 / 3.0,
            _ => 1.0,
        }
    }
}
