//! Bytes to spans and back: OTLP in and out, and the contracts between Coral's processes.
//!
//! The only crate that knows protobuf, OTLP's JSON and gRPC status details. Others see
//! `coral_trace`'s words, and the generated messages of the contracts:
//!
//! - [`otlp_in`]: what an exporter sent, as spans, with everything refused counted and named.
//! - [`otlp_metrics_in`]: what an exporter measured, as points of RED metrics, likewise.
//! - [`otlp_out`]: spans as OTLP, and how long they will be.
//! - [`metrics_replay`]: recorded metrics, re-timed to be sent again.
//! - [`agent_rpc`], [`colony_rpc`]: what agents and colonies say to each other.
//! - [`otlp_service`], [`status`]: OTLP's gRPC service, and how refusals are worded in it.
//!
//! `tools/generate-protos` writes `src/generated/` from `proto/`; CI fails when the two differ.
#![warn(missing_docs)]

pub mod agent_rpc;
pub mod colony_rpc;
pub mod metrics_replay;
mod otlp;
pub mod otlp_in;
mod otlp_json;
pub mod otlp_metrics_in;
pub mod otlp_out;
mod otlp_protobuf;
pub mod otlp_service;
mod refusal;
pub mod status;

/// Coral's own `.proto` files as a `google.protobuf.FileDescriptorSet`, imports included, for
/// gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/coral.bin");

/// OTLP's `.proto` files, likewise.
pub const OTLP_FILE_DESCRIPTOR_SET: &[u8] = opentelemetry_proto::DESCRIPTORS;
