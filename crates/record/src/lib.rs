//! The columns of a stored row: which attributes have a column of their own, and the JSON of other
//! attributes, of an origin, and of a span's rare fields. Also, which sums of calls a trace is in.
//!
//! Both engines write this form, so that rows can be moved between them unchanged, and so that it has
//! one version.
#![warn(missing_docs)]

pub mod calls;
mod json;
pub mod promoted;
mod record;

pub use json::{FORM, double_from_text, double_text};
pub use record::{
    read_attributes, read_extra, read_origin, read_resource_attributes, trace_state_of_canonical,
    write_attributes, write_attributes_into, write_extra, write_origin,
};
