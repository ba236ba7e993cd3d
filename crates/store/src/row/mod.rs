//! Rows: spans as columns, and back.

pub(crate) mod arrived;
pub(crate) mod batch;
pub(crate) mod reader;

pub(crate) use reader::{SpanReader, column_named, damaged, trace_id};
