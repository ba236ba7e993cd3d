//! What faults do to a request.

use super::progress::Progress;
use crate::fault::Kind;
use crate::random::{mix, unit};
use crate::topology::Call;

impl Progress<'_> {
    /// The factor by which everything that `service` does for this request takes longer, because of
    /// load, decoy and CPU faults.
    pub fn slowness(&mut self, service: usize) -> f64 {
        let simulation = self.simulation;
        let load = if simulation.anywhere(Kind::LoadStep) { 1.1 } else { simulation.load };
        let decoy = if simulation.decoy == Some(service) { 1.15 } else { 1.0 };
        let is_starved =
            simulation.is(Kind::HostCpu, service) || self.is_on_host(Kind::SlowHost, service);
        self.is_affected |= is_starved;
        load * decoy * if is_starved { 6.0 } else { 1.0 }
    }

    /// The factor by which the own work of an operation takes longer.
    pub fn own_slowness(&mut self, call: Call) -> f64 {
        let simulation = self.simulation;
        let runs_bad_version = simulation.faults.iter().any(|fault| {
            fault.kind == Kind::BadVersion
                && fault.service == call.service
                && self.instance(call.service) == fault.instance
        });
        let is_slow = runs_bad_version
            || simulation.is(Kind::SlowNode, call.service)
            || simulation.is_about(Kind::SlowRoute, call);
        self.is_affected |= is_slow;
        if is_slow { 10.0 } else { 1.0 }
    }

    /// The status of an error before anything is called.
    pub fn early_error(&mut self, service: usize) -> Option<u16> {
        if self.simulation.is(Kind::EarlyError, service) && self.breaks(0.7) {
            return Some(500);
        }
        let is_of_host = self.simulation.is(Kind::ErrorsOnHost, service)
            && self.is_on_host(Kind::ErrorsOnHost, service);
        (is_of_host && self.breaks(0.2)).then_some(503)
    }

    /// The status of an error after everything was called.
    pub fn late_error(&mut self, service: usize) -> Option<u16> {
        for (kind, share, status) in [
            (Kind::RetryStorm, 0.8, 503),
            (Kind::ErrorsEverywhere, 0.3, 500),
            (Kind::DeepError, 0.25, 500),
        ] {
            if self.simulation.is(kind, service) && self.breaks(share) {
                return Some(status);
            }
        }
        let fails = unit(self.random ^ 51 ^ (service as u64) << 8);
        (fails < self.simulation.topology.error_share).then_some(500)
    }

    /// Whether the instance of `service` runs on the host of a fault of this kind.
    fn is_on_host(&self, kind: Kind, service: usize) -> bool {
        let topology = self.simulation.topology;
        let host = &topology.services[service].hosts[self.instance(service)];
        let faults = self.simulation.faults.iter().filter(|fault| fault.kind == kind);
        faults.into_iter().any(|fault| fault.host(topology) == host)
    }

    /// Whether a fault that concerns a part of the requests concerns this one.
    pub fn breaks(&mut self, share: f64) -> bool {
        let breaks = self.chance(share);
        self.is_affected |= breaks;
        breaks
    }

    /// Which instance of `service` serves this request.
    pub fn instance(&self, service: usize) -> usize {
        let instances = self.simulation.topology.services[service].hosts.len();
        (mix(self.random ^ 31 ^ service as u64) % instances as u64) as usize
    }
}
