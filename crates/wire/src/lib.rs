//! Conversion between bytes and spans: OTLP in and out, and the RPCs of Coral's processes.
//!
//! This is the only crate that uses protobuf, OTLP's JSON and gRPC status details. Other crates use
//! the types of `coral_trace` and the generated messages of the RPCs:
//! - [`otlp_in`]: decodes spans of an export, and counts refused ones with their reason.
//! - [`otlp_metrics_in`]: decodes metrics of an export as points of RED metrics, and counts refused
//!   points with their reason.
//! - [`otlp_out`]: encodes spans as OTLP, and computes their size in advance.
//! - [`agent_rpc`], [`colony_rpc`]: the RPCs of agents and colonies; [`jaeger_rpc`]: those of Jaeger.
//! - [`tempo_rpc`]: Tempo's gRPC API, for Grafana.
//! - [`zipkin_in`], [`zipkin_out`]: the JSON of Zipkin's v2 API, to spans and back.
//! - [`jaeger_in`]: decodes the JSON of Jaeger's user interface.
//! - [`trace_file`]: reads a file of spans in any of these formats.
//! - [`agent_rpc`], [`colony_rpc`]: the RPCs of agents and colonies.
//! - [`otlp_service`], [`status`]: OTLP's gRPC service, and its answers to refused exports.
//! - [`export_answer`]: reads the answers of other receivers of OTLP.
//!
//! `tools/generate-protos` writes `src/generated/` from `proto/`; CI fails when they differ.
#![warn(missing_docs)]

pub mod agent_rpc;
pub mod colony_rpc;
pub mod export_answer;
pub mod jaeger_in;
pub mod jaeger_rpc;
mod otlp;
pub mod otlp_in;
mod otlp_json;
pub mod otlp_metrics_in;
pub mod otlp_out;
mod otlp_protobuf;
pub mod otlp_service;
mod refusal;
pub mod status;
pub mod tempo_rpc;
pub mod trace_file;
mod zipkin;
pub mod zipkin_in;
pub mod zipkin_out;

/// Coral's own `.proto` files as a `google.protobuf.FileDescriptorSet`, imports included, for
/// gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/coral.bin");

/// OTLP's `.proto` files, also as a `google.protobuf.FileDescriptorSet`.
pub const OTLP_FILE_DESCRIPTOR_SET: &[u8] = opentelemetry_proto::DESCRIPTORS;
