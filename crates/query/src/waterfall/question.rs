//! The question for a waterfall.

use coral_engine::Budget;
use coral_trace::TraceIdPrefix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Waterfall;
use super::rows::Rows;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::source::Source;

/// Asks for the waterfall of one trace. The answer has no rows when no such trace is stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaterfallQuestion {
    /// The trace id, or a prefix of the id that only one stored trace has: 1 to 32 hex digits.
    #[serde(
        serialize_with = "crate::json::text::serialize",
        deserialize_with = "crate::trace::from_digits"
    )]
    #[schemars(with = "String")]
    pub id: TraceIdPrefix,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
    /// Whether server spans are moved into the calls that they answer, so that the clocks of all
    /// hosts agree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adjust_clocks: bool,
}

impl Ask for WaterfallQuestion {
    const PATH: &'static str = "/api/v1/traces/{id}/waterfall";
    const NAME: &'static str = "waterfall";
    const SUMMARY: &'static str =
        "The rows of one trace as columns, with self times and the critical path.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = Waterfall;

    fn rows(answer: &Self::Answer) -> usize {
        answer.depth.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Waterfall, QueryError> {
        let reader = Reader::new(from, budget);
        match reader.resolve(self.id)? {
            Some(id) => Ok(Waterfall::of(&reader.rows(id, self.source, self.adjust_clocks)?)),
            None => Ok(Waterfall::of(&Rows::none(self.id))),
        }
    }
}
