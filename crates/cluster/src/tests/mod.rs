//! Tests with real servers.

mod conformance;
mod exactly_once;
mod metrics;
mod opening;
mod proxy;
mod server;
