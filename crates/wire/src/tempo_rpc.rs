//! Tempo's gRPC API (`proto/tempopb/tempo.proto`), and the trace that Tempo answers by id.

mod attributes;
mod trace_by_id;

pub use attributes::{any_value, key_value};
pub use trace_by_id::trace_by_id;

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
