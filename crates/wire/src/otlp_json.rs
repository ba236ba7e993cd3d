//! OTLP/JSON: protobuf's JSON mapping with OTLP's exceptions, decoded leniently.
//!
//! Names in lowerCamelCase or snake_case; unknown fields are ignored; `null` means absent; 64-bit
//! integers as text or numbers; enums as numbers or names; ids in hex of either case.
//! Source: "OTLP Specification 1.x", JSON Protobuf Encoding; protobuf.dev, "ProtoJSON Format".

pub(crate) mod origin;
pub(crate) mod scalar;
pub(crate) mod value;

use crate::otlp::DecodeError;
use crate::refusal::bounded;

/// The error for a body that serde_json cannot read.
pub(crate) fn syntax_error(error: &serde_json::Error) -> DecodeError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    match text.strip_suffix(&place).unwrap_or(&text) {
        "recursion limit exceeded" => DecodeError::Nesting { line, column },
        what => DecodeError::Json { line, column, what: bounded(what) },
    }
}
