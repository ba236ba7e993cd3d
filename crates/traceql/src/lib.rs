//! TraceQL, the query language of Grafana Tempo.
//!
//! [`parse`] accepts and refuses what Tempo accepts and refuses, [`Query`] is displayed in Tempo's
//! printed form, and evaluation works on the spans of one trace. The crate knows no store: it is
//! told the spans.
#![warn(missing_docs)]

mod error;
mod query;
mod value;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use query::{Query, parse, parse_syntax};
pub use value::Static;
