//! OTLP's protobuf: what spans and metrics share of reading it.

pub(crate) mod fast_path;
pub(crate) mod fields;
pub(crate) mod value;
