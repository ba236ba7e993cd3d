//! Everything about a socket, and what both roles run.
//!
//! [`listen`] accepts connections within limits, [`door`] is the table of what a port answers, [`admission`] gives
//! questions their turns, [`rpc`] is gRPC health and reflection, and [`refusal`] is how errors look in JSON. [`addresses`] says where a process listens,
//! [`exposition`] is Prometheus' text format, [`tasks`] is the set of tasks a role consists of, [`retain`] keeps a
//! store within its limits, and [`clock`] is the one reader of the wall clock.
#![warn(missing_docs)]

pub mod addresses;
pub mod admission;
pub mod clock;
pub mod door;
pub mod exposition;
pub mod listen;
pub mod refusal;
pub mod retain;
pub mod rpc;
pub mod tasks;
