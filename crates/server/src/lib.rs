//! Sockets, and the tasks that both roles run.
//!
//! - [`listen`] accepts connections within limits.
//! - [`door`] is the table of the routes and RPCs of a port, with their permissions.
//! - [`identity`] says who a caller is, and what it may do.
//! - [`admission`] limits how many questions run and wait.
//! - [`audit`] records each question in a log that shows changes.
//! - [`rpc`] adds gRPC health and reflection to a door.
//! - [`local_key`] is the key that proves that a process runs on this host, as the right user.
//! - [`private_file`] replaces small files that only their user can read.
//! - [`refusal`] is the JSON form of errors.
//! - [`addresses`] publishes the addresses on which a process listens.
//! - [`exposition`] is the Prometheus text format.
//! - [`tasks`] joins the tasks of a role.
//! - [`retain`] keeps a store within its limits of age and size.
//! - [`certificate`] is the certificate of this process, and [`connect`] opens connections with it.
//! - [`clock`] is the only reader of the wall clock.
#![warn(missing_docs)]

pub mod addresses;
pub mod admission;
pub mod audit;
pub mod certificate;
pub mod clock;
pub mod connect;
pub mod door;
pub mod exposition;
pub mod identity;
pub mod listen;
pub mod local_key;
pub mod private_file;
pub mod refusal;
pub mod retain;
pub mod rpc;
pub mod tasks;
