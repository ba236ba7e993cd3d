//! Simulated applications: topologies, traffic and faults with known culprits, as spans.
//!
//! A [`Simulation`] makes single requests at given times. An [`Incident`] is an application to
//! which something happens at a given time: its [`Traffic`] is the requests in the order of their
//! arrival, and [`Incident::reported`] says which of the spans the agents report. Everything
//! follows from a seed.
//!
//! ```
//! use coral_scenario::{Detail, Simulation, Topology};
//! use coral_trace::UnixNanos;
//!
//! let [.., shop, _bookings] = Topology::all();
//! let simulation = Simulation::new(&shop, &[], Detail::Full);
//! let request = simulation.request(7, UnixNanos::from_secs(1_790_000_000));
//! assert_eq!(request.spans[0].origin.service_name(), "frontend");
//! ```

mod comparison;
mod data_quality;
mod fault;
mod incident;
mod random;
mod request;
mod topology;

pub use self::comparison::{Scenario, faults, without_fault};
pub use self::data_quality::DataQuality;
pub use self::fault::{Fault, Kind};
pub use self::incident::{AgentGap, Arrival, Incident, IncidentKind, MINUTE, Traffic, is_sampled};
pub use self::random::mix;
pub use self::request::{Detail, Request, Simulation};
pub use self::topology::Topology;

#[cfg(test)]
mod tests;
