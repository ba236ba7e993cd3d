//! Tempo's gRPC API (`proto/tempopb/tempo.proto`), and the trace that Tempo answers by id.

mod trace_by_id;

pub use trace_by_id::trace_by_id;

/// A message of protobuf.
pub use prost::Message;

/// The generated messages, client and server; documented in the `.proto` file.
#[allow(missing_docs, clippy::all)]
pub mod proto {
    include!("generated/tempopb.rs");

    /// Attributes.
    pub mod common {
        /// Attributes.
        pub mod v1 {
            include!("generated/tempopb.common.v1.rs");
        }
    }
}

/// `message` in protobuf.
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}
