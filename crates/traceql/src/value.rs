//! Values of TraceQL.

use coral_trace::{SpanKind, StatusCode};

/// A value, with its type.
#[derive(Clone, PartialEq, Debug)]
pub enum Static {
    /// No value.
    Nil,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    String(String),
    /// A boolean.
    Bool(bool),
    /// A duration in nanoseconds.
    Duration(i64),
    /// The status of a span.
    Status(StatusCode),
    /// The kind of a span.
    Kind(SpanKind),
    /// A list of values of one type: integers, floats, texts or booleans.
    Array(Vec<Static>),
}
