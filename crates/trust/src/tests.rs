//! The crate from outside.

mod found;
mod handshakes;
mod ledger;
