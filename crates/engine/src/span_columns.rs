//! Spans by column: for questions that count many spans and need few of their fields.

use std::hash::Hash;

use coral_trace::{SpanId, TraceId, UnixNanos, Value};
use hashbrown::HashMap;

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

/// What is read of spans by column, besides their times.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WantedColumns {
    /// The columns.
    pub columns: Vec<SpanColumn>,
    /// Whether the ids of the spans are read too.
    pub ids: bool,
}

/// The ids of a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanIds {
    /// The span's trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// The span's parent; `None` for a root.
    pub parent: Option<SpanId>,
}

/// Some spans, by column. All columns are equally long.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SpanColumns {
    /// When each span started.
    pub starts: Vec<UnixNanos>,
    /// How long each span took, in nanoseconds; 0 when a span ended before it started.
    pub durations: Vec<u64>,
    /// The ids of each span; empty unless they are wanted.
    pub ids: Vec<SpanIds>,
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

impl CodedColumn {
    /// The column of `rows`, equal ones of which have one code. `value` is the value of a row.
    pub fn of<T: Hash + Eq + Copy>(
        rows: impl Iterator<Item = T>,
        value: impl Fn(T) -> Option<Value>,
    ) -> Self {
        let (mut known, mut found) = (HashMap::new(), Self::default());
        for row in rows {
            let code = *known.entry(row).or_insert_with(|| {
                found.values.push(value(row));
                found.values.len() as u32 - 1
            });
            found.codes.push(code);
        }
        found
    }
}
