//! Tests with real servers.

mod conformance;
mod exactly_once;
mod keeping;
mod measure;
mod metrics;
mod migration;
mod newest;
mod opening;
mod proxy;
mod select;
mod server;
