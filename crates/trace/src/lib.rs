//! Spans, and everything that can be computed from spans: trees, critical paths, service maps, RED
//! metrics and root causes.
//!
//! This crate is pure: no I/O, no async, no clock, no serde. All other crates of Coral use its
//! types, which are named as in OpenTelemetry. A [`Span`] has a [`TraceId`], a [`SpanId`] and an
//! [`Origin`]: the resource and scope that the exporter reported the span under, and the
//! [`Collector`] that made the span.
#![warn(missing_docs)]

mod attribute;
mod chain;
pub mod clock;
pub mod comparison;
pub mod critical_path;
pub mod dependency;
mod exception;
pub mod explain;
mod failure;
pub mod go_duration;
mod ids;
pub mod layout;
mod origin;
mod recognise;
pub mod red;
mod remote;
pub mod sanitize;
mod side_by_side;
mod span;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod time;
pub mod tree;
pub mod units;
pub mod waterfall;
pub mod wholeness;
mod work;

pub use attribute::{Attributes, Double, KeyValue, Value};
pub use chain::chain;
pub use exception::Exception;
pub use failure::DeepestFailure;
pub use ids::{InvalidId, SpanId, TraceId, TraceIdPrefix};
pub use origin::{Collector, EntityRef, Origin, Resource, Scope, UNKNOWN_SERVICE};
pub use recognise::{BUILT_IN_RULES, InvalidRule, Recogniser, Rule, RuleField};
pub use remote::{REMOTE_SERVICE_KEYS, remote_service};
pub use side_by_side::side_by_side;
pub use span::{
    Event, Link, Span, SpanKind, Status, StatusCode, VIRTUAL_HOP_ATTRIBUTE, grpc_status_name,
    may_be_virtual_hop,
};
pub use time::{TimeRange, UnixNanos};
