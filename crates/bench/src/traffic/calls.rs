//! Which service calls which, computed from the description of the traffic and not read from a
//! store.

use std::collections::BTreeMap;

use super::Traffic;
use super::encode::service_name;
use super::trace::{Role, Trace};

/// All calls of one caller to one callee over one protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// The number of calls.
    pub calls: u64,
    /// How many of the calls failed.
    pub errors: u64,
    /// The 50th, 95th and 99th percentile of the durations, by nearest rank, in whole microseconds.
    pub percentiles_us: [u64; 3],
}

/// Caller, callee and protocol.
pub type Pair = (String, String, &'static str);

/// By caller and callee: the durations of the calls in microseconds, and how many calls failed.
type CallSamples = BTreeMap<(u64, Callee), (Vec<u64>, u64)>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Callee {
    Database,
    Service(u64),
}

impl Traffic {
    /// The smallest `attributes` with which client spans name their callee and protocol.
    pub const NAMING_ATTRIBUTES: usize = 9;

    /// All calls of all traces. A client span and a server span of one call are one call.
    pub fn calls(&self) -> BTreeMap<Pair, Calls> {
        let mut seen = CallSamples::new();
        for number in 0..self.traces() {
            let trace = self.trace(number);
            for index in 0..self.spans_per_trace {
                self.add_call(&trace, index, &mut seen);
            }
        }
        seen.into_iter().map(|((caller, callee), calls)| named(caller, callee, calls)).collect()
    }

    fn add_call(&self, trace: &Trace, index: u64, seen: &mut CallSamples) {
        let span = self.span(trace, index);
        let callee = match span.role {
            Role::Sql => Callee::Database,
            Role::Call => {
                // The last call of a trace has no server span, and is named by its address, which
                // is that of a service.
                Callee::Service(self.service(trace, span.hop + 1))
            }
            Role::Server | Role::InQueue | Role::Processing => return,
        };
        let caller = self.service(trace, span.hop);
        let (durations, errors) = seen.entry((caller, callee)).or_default();
        durations.push((span.end - span.start) / 1_000);
        *errors += u64::from(trace.failed && span.fails());
    }
}

fn named(caller: u64, callee: Callee, seen: (Vec<u64>, u64)) -> (Pair, Calls) {
    let (mut durations, errors) = seen;
    durations.sort_unstable();
    let nearest = |percent: usize| durations[(durations.len() * percent).div_ceil(100) - 1];
    let percentiles_us = [50, 95, 99].map(nearest);
    let (to, protocol) = match callee {
        Callee::Database => ("postgresql://postgres:5432/orders".to_owned(), "sql"),
        Callee::Service(service) => (service_name(service), "http"),
    };
    let calls = Calls { calls: durations.len() as u64, errors, percentiles_us };
    ((service_name(caller), to, protocol), calls)
}
