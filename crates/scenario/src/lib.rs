//! Simulated applications.

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
pub use self::incident::{AgentGap, Arrival, Incident, IncidentKind, MINUTE, Traffic};
pub use self::random::mix;
pub use self::request::{Detail, Request, Simulation};
pub use self::topology::Topology;

#[cfg(test)]
mod tests;
