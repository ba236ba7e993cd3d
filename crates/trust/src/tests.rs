//! The crate from outside.

mod handshakes;
mod ledger;
