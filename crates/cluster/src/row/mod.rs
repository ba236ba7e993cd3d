//! Rows of the tables, and what they are made of.

pub(crate) mod delta;
mod json;
pub(crate) mod minute;
pub(crate) mod part;
pub(crate) mod record;
pub(crate) mod span;
