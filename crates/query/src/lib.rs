//! The questions that can be asked of a colony, and their answers. Each question is a type that
//! implements [`Ask`], in a folder of its own.
//!
//! A question is answered from [`Sources`]: the readers of a storage engine, the state of the
//! agents, and the current time. Answers are typed and contain no sentences: `coral-text` writes
//! the sentences, and the command line and the JSON API present the same typed answer.
//! [`for_each_question!`] is the only list of questions.
#![warn(missing_docs)]

// Test helpers shared with `coral-text` refer to this crate as `coral_query`.
#[cfg(test)]
extern crate self as coral_query;

pub mod anomalies;
pub mod answer;
mod ask;
pub mod attributes;
mod beginning;
mod cohort;
pub mod compare;
mod coverage;
pub mod english;
pub mod find;
mod fleet;
pub mod heatmap;
mod json;
mod limited;
mod quote;
mod reader;
mod recorded_minutes;
pub mod red;
mod sample;
mod sampling;
pub mod search;
pub mod series;
pub mod service_search;
pub mod services;
mod shared;
mod size;
mod source;
pub mod span;
pub mod span_rates;
pub mod span_search;
pub mod status;
pub mod tag_names;
pub mod tagged;
#[cfg(test)]
mod tests;
pub mod topology;
pub mod trace;
pub mod trace_health;
pub mod traceql;
pub mod traces;
mod url_text;
pub mod waterfall;
pub mod why;
mod zone;

pub use anomalies::AnomaliesQuestion;
pub use ask::{Ask, InvalidQuestion, QueryError, Sources, path_and_query, question_from_url};
pub use attributes::AttributesQuestion;
pub use compare::CompareQuestion;
pub use coral_engine::{Budget, BudgetError};
pub use english::EnglishQuestion;
pub use find::FindQuestion;
pub use fleet::FleetState;
pub use heatmap::HeatmapQuestion;
pub use limited::{InvalidScope, NOT_FOUND_FLOOR, ServiceScope};
pub use red::{RedProtocol, RedQuestion, RedSide, RedSource};
pub use search::{Search, SyntaxError};
pub use series::SeriesQuestion;
pub use services::ServicesQuestion;
pub use shared::SharedSources;
pub use source::Source;
pub use span::SpanQuestion;
pub use status::StatusQuestion;
pub use topology::{LayoutDirection, TopologyQuestion};
pub use trace::TraceQuestion;
pub use trace_health::TraceHealthQuestion;
pub use traces::{Sort, SpanStatus, TracesQuestion, WholeTraces};
pub use url_text::{TextKind, ZONE_PARAMETER, text_form, with_numbers};
pub use waterfall::WaterfallQuestion;
pub use why::WhyQuestion;
pub use zone::{InvalidZone, zone};

/// Calls the macro `$each` once with the types of all questions. Routes, the API's description and
/// tools are generated from this list; a new question is added to it with one line.
#[macro_export]
macro_rules! for_each_question {
    ($each:ident) => {
        $each! {
            $crate::TracesQuestion,
            $crate::TraceQuestion,
            $crate::WaterfallQuestion,
            $crate::FindQuestion,
            $crate::HeatmapQuestion,
            $crate::SpanQuestion,
            $crate::AttributesQuestion,
            $crate::TraceHealthQuestion,
            $crate::RedQuestion,
            $crate::SeriesQuestion,
            $crate::WhyQuestion,
            $crate::CompareQuestion,
            $crate::ServicesQuestion,
            $crate::TopologyQuestion,
            $crate::AnomaliesQuestion,
            $crate::EnglishQuestion,
            $crate::StatusQuestion,
        }
    };
}
