//! One whole span, with what is usual for its operation.

pub(crate) mod answer;
mod question;
mod usual;

pub use self::question::SpanQuestion;
