//! Trust at rest: the certificate authority of a colony, who was let in, and who was shut out.
//!
//! - [`authority`] is the certificate authority (CA), which signs certificates and audit files.
//! - [`workload`] is the identity in a certificate: a colony, or the agent with an id.
//! - [`material`] is the certificate, key and CA of one process, as files.
//! - [`tls`] makes rustls configurations of them, which check identities and not host names.
//! - [`public_tls`] makes those with which servers of others are asked.
//! - [`token`] is what people and tools show, and [`join`] is what an agent shows once.
//! - [`ledger`] stores what was issued, and what was revoked.
//!
//! The crate opens no socket and reads no clock.
#![warn(missing_docs)]

pub mod authority;
pub mod directory;
pub mod join;
pub mod ledger;
pub mod material;
pub mod public_tls;
pub mod role;
pub mod secret;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod token;
pub mod workload;
