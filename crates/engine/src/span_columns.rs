//! Spans by column: for questions that count many spans and need few of their fields.

use coral_trace::{UnixNanos, Value};

/// A field of spans that may be read by column.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SpanColumn {
    /// The service, as [`SpanField::Service`](crate::filter::SpanField::Service).
    Service,
    /// The name.
    Name,
    /// The kind: an integer, by the numbers of OTLP.
    Kind,
    /// The status code: an integer, by the numbers of OTLP.
    Status,
    /// The first attribute of the span with this key.
    SpanAttribute(String),
    /// The first attribute of the resource with this key.
    ResourceAttribute(String),
}

/// Some spans, by column. All columns are equally long.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SpanColumns {
    /// When each span started.
    pub starts: Vec<UnixNanos>,
    /// How long each span took, in nanoseconds; 0 when a span ended before it started.
    pub durations: Vec<u64>,
    /// The wanted columns, in their order.
    pub columns: Vec<CodedColumn>,
}

/// A column as codes of distinct values.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CodedColumn {
    /// The code of each span: an index in `values`.
    pub codes: Vec<u32>,
    /// The values; `None` for spans without the field. A value may occur repeatedly.
    pub values: Vec<Option<Value>>,
}
