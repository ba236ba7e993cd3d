//! Tests with real servers.

mod calls;
mod colonies;
mod conformance;
mod exactly_once;
mod handover;
mod heartbeat;
mod keeping;
mod measure;
mod metrics;
mod migration;
mod newest;
mod opening;
mod proxy;
mod select;
mod server;
