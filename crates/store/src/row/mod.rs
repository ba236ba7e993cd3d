//! What a row is: a span as columns, and back.

pub(crate) mod batch;
pub(crate) mod json;
pub(crate) mod promoted;
pub(crate) mod reader;
pub(crate) mod record;

pub use reader::StoredSpan;
pub(crate) use reader::{SpanReader, damaged, trace_id};
