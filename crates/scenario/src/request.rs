//! Simulates one request to an application.

mod attributes;
mod effects;
mod failure;
mod peers;
mod progress;

use std::sync::Arc;

use coral_trace::{Origin, Span, TraceId, UnixNanos};

pub use self::attributes::Detail;
use self::attributes::origin;
use self::progress::Progress;
use crate::fault::{Fault, Kind, NEW_VERSION, VERSION};
use crate::random::{mix, unit};
use crate::topology::{Call, Topology};

/// An application, with the faults that it has.
pub struct Simulation<'a> {
    topology: &'a Topology,
    faults: Vec<Fault>,
    detail: Detail,
    /// The origin of the spans of each instance of each service.
    origins: Vec<Vec<Arc<Origin>>>,
    /// The factor by which everything takes longer because of the number of requests.
    pub load: f64,
    /// The index of a service that is a little slower, but is not a culprit.
    pub decoy: Option<usize>,
}

/// A simulated request.
pub struct Request {
    /// The spans of its trace. The first one is the root.
    pub spans: Vec<Span>,
    /// Whether a fault changed this request.
    pub is_affected: bool,
}

impl<'a> Simulation<'a> {
    /// An application with `faults`; `detail` says which attributes its spans have.
    pub fn new(topology: &'a Topology, faults: &[Fault], detail: Detail) -> Self {
        let is_new = |service: usize, instance: usize| {
            let is_at = |fault: &Fault| (fault.service, fault.instance) == (service, instance);
            faults.iter().any(|fault| fault.kind == Kind::BadVersion && is_at(fault))
        };
        Self {
            topology,
            faults: faults.to_vec(),
            detail,
            origins: origins(topology, detail, is_new),
            load: 1.0,
            decoy: None,
        }
    }

    /// The same application, in which the first `instances` instances of `service` run a new
    /// version that behaves like the old one.
    pub fn with_deployed(self, service: usize, instances: usize) -> Self {
        let is_new = |at: usize, instance: usize| at == service && instance < instances;
        Self { origins: origins(self.topology, self.detail, is_new), ..self }
    }

    /// The request with the random number `random` that arrives at `begin`.
    pub fn request(&self, random: u64, begin: UnixNanos) -> Request {
        let id = u128::from(mix(random ^ 21)) << 64 | u128::from(mix(random ^ 22));
        let mut progress = Progress {
            simulation: self,
            begin,
            random,
            draws: 0,
            trace_id: TraceId::try_from(id.max(1)).expect("not zero"),
            spans: Vec::new(),
            is_affected: false,
        };
        progress.serve(self.entry(random), None, 0.0);
        // Spans are recorded when they end. The root is last, except for consumers of messages.
        progress.spans.reverse();
        progress.spans.sort_by_key(|span| span.parent_span_id.is_some());
        Request { spans: progress.spans, is_affected: progress.is_affected }
    }

    fn entry(&self, random: u64) -> Call {
        let mut rest = unit(random ^ 61);
        let entries = &self.topology.entries;
        let found = entries.iter().find(|entry| {
            rest -= entry.share;
            rest < 0.0
        });
        found.unwrap_or(&entries[entries.len() - 1]).call
    }

    fn is(&self, kind: Kind, service: usize) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind && fault.service == service)
    }

    /// Whether there is a fault of this kind about this operation.
    fn is_about(&self, kind: Kind, call: Call) -> bool {
        let is_about = |fault: &Fault| {
            fault.kind == kind && fault.service == call.service && fault.operation == call.operation
        };
        self.faults.iter().any(is_about)
    }

    fn anywhere(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    /// Whether `caller` has a slow network to `callee`.
    fn is_slow_edge(&self, caller: usize, callee: usize) -> bool {
        self.is(Kind::SlowNetwork, callee)
            || self.is(Kind::SlowEdge, callee)
                && self.topology.callers(callee).next() == Some(caller)
    }
}

fn origins(
    topology: &Topology,
    detail: Detail,
    is_new: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<Arc<Origin>>> {
    let of_service = |service: usize| {
        let instances = 0..topology.services[service].hosts.len();
        let of_instance = |instance| {
            let version = if is_new(service, instance) { NEW_VERSION } else { VERSION };
            Arc::new(origin(topology, service, instance, version, detail))
        };
        instances.map(of_instance).collect()
    };
    (0..topology.services.len()).map(of_service).collect()
}
