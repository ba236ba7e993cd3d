//! TraceQL, the query language of Grafana Tempo, on the stored spans.
//!
//! `coral-traceql` parses and evaluates the language on the spans of a trace. This module finds the
//! candidate traces with a filter of the engine, and aggregates. The questions are plain types and
//! not [`Ask`](crate::Ask): the surface that speaks Tempo's protocol is their only caller.

mod candidates;
mod fields;
mod metrics;
mod necessary;
mod search;
mod sieve;
mod tag_values;

pub use coral_traceql::{Query, Static, SyntaxError, SyntaxErrorKind, parse, parse_syntax};

pub use self::metrics::{Exemplar, MetricsAnswer, MetricsQuestion, Sample, Series};
pub use self::search::{
    FoundSpan, FoundTrace, SearchAnswer, SearchQuestion, ServiceStats, SpanSet,
};
pub use self::tag_values::TagValuesQuestion;
