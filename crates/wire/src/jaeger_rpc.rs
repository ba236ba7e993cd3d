//! The RPCs of Jaeger that a colony answers: `proto/jaeger`. Spans are OTLP's messages.

pub use opentelemetry_proto::tonic::trace::v1::TracesData;

/// `jaeger.api_v3`: the generated messages, client and server.
#[allow(missing_docs, clippy::all)]
pub mod api_v3 {
    include!("generated/jaeger.api_v3.rs");
}

/// `jaeger.storage.v2`: the generated messages, clients and servers.
#[allow(missing_docs, clippy::all)]
pub mod storage_v2 {
    include!("generated/jaeger.storage.v2.rs");
}
