//! Rows of the tables, and what they are made of.

pub(crate) mod attributes;
pub(crate) mod delta;
pub(crate) mod minute;
pub(crate) mod part;
pub(crate) mod read;
pub(crate) mod span;

use coral_trace::{Attributes, KeyValue};

use crate::error::ClusterError;

/// The text of a column of attributes; empty when there are none.
fn write_attributes(attributes: &Attributes) -> String {
    let all: Vec<&KeyValue> = attributes.iter().collect();
    coral_record::write_attributes(&all).unwrap_or_default()
}

/// Reads what [`write_attributes`] has written.
fn read_attributes(column: &str) -> Result<Attributes, ClusterError> {
    if column.is_empty() {
        return Ok(Attributes::default());
    }
    coral_record::read_attributes(column).map_err(|error| ClusterError::value("attributes", error))
}
