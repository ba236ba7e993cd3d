//! Decoding of OTLP's protobuf that spans and metrics share.

pub(crate) mod fast_path;
pub(crate) mod fields;
pub(crate) mod value;
