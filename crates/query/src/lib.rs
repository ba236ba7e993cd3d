//! Questions and their answers: a folder a question, each a type that implements [`Ask`].
//!
//! A question is asked of [`Sources`]: the readers of an engine, what is known of the agents, and the time. Its
//! answer is typed and has no sentences: `coral-text` words it, and every surface (command line, JSON) is a projection
//! of it. [`for_each_question!`] is the one list of questions.
#![warn(missing_docs)]

// What tests share with `coral-text` names this crate as that one does.
#[cfg(test)]
extern crate self as coral_query;

pub mod anomalies;
pub mod answer;
mod ask;
mod cohort;
pub mod english;
mod fleet;
mod json;
mod reader;
pub mod red;
mod shared;
mod size;
mod source;
pub mod status;
#[cfg(test)]
mod tests;
pub mod topology;
pub mod trace;
pub mod traces;
pub mod why;

pub use anomalies::AnomaliesQuestion;
pub use ask::{Ask, InvalidQuestion, QueryError, Sources, path_and_query, question_from_url};
pub use coral_engine::{Budget, BudgetError};
pub use english::EnglishQuestion;
pub use fleet::FleetState;
pub use red::{RedProtocol, RedQuestion, RedSide, RedSource};
pub use shared::SharedSources;
pub use source::Source;
pub use status::StatusQuestion;
pub use topology::TopologyQuestion;
pub use trace::TraceQuestion;
pub use traces::{Sort, SpanStatus, TracesQuestion};
pub use why::WhyQuestion;

/// Calls the macro `$each` once with the type of every question: the list from which routes, the API's description
/// and tools are made. A new question is one line here.
#[macro_export]
macro_rules! for_each_question {
    ($each:ident) => {
        $each! {
            $crate::TracesQuestion,
            $crate::TraceQuestion,
            $crate::RedQuestion,
            $crate::WhyQuestion,
            $crate::TopologyQuestion,
            $crate::AnomaliesQuestion,
            $crate::EnglishQuestion,
            $crate::StatusQuestion,
        }
    };
}
