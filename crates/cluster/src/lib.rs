//! The engine on ClickHouse: one or more shards, under one or more colonies.
//!
//! [`Cluster`] implements the contract of `coral-engine` over HTTP. Coral itself divides spans among
//! shards, by trace id, and asks all shards itself; ClickHouse knows nothing of the others.
//!
//! **Exactly once.** A page is written in four steps, to each shard its part: the buckets of its
//! traces (`places`), their summaries (`traces`), the spans, and a checkpoint. The last row of the
//! spans has, in its last column, how far the page goes. A step that is repeated changes no answer,
//! because every answer counts each key once. So a page whose outcome is not known is sent again, in
//! any cut.
#![warn(missing_docs)]

mod bucket;
mod calls;
mod cluster;
mod config;
mod dialect;
mod engine;
mod error;
mod migrate;
mod origins;
mod read;
mod requests;
mod row;
mod schema;
mod select;
mod sequence;
mod server;
mod shard;
mod sql;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod write;

pub use cluster::Cluster;
pub use config::ClusterConfig;
pub use error::ClusterError;
pub use select::{SelectLimits, SelectPart};
