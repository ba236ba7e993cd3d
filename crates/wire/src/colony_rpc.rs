//! The RPCs between an agent and its colony: `proto/coral/colony/v1/colony.proto`.

/// The generated messages, client and server; documented in the `.proto` file.
#[allow(missing_docs, clippy::all)]
pub mod proto {
    include!("generated/coral.colony.v1.rs");
}
