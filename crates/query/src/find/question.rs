//! The question for rows of a waterfall.

use coral_engine::{Budget, BudgetError, Columns};
use coral_trace::TraceIdPrefix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::FoundRows;
use crate::ask::{Ask, QueryError, Sources};
use crate::reader::Reader;
use crate::search::row::{RowSearch, SearchedRow};
use crate::source::Source;
use crate::waterfall::rows::Rows;

/// Asks which rows of a waterfall a search selects. A search without a condition selects all.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindQuestion {
    /// The trace id, or a prefix of the id that only one stored trace has: 1 to 32 hex digits.
    #[serde(
        serialize_with = "crate::json::text::serialize",
        deserialize_with = "crate::trace::from_digits"
    )]
    #[schemars(with = "String")]
    pub id: TraceIdPrefix,
    /// The search, in the language of the parameter `q` of lists of traces. Here it selects spans:
    /// `-service:health` are the spans of other services. Two more keys compare what the waterfall
    /// shows: `self>10ms` the self time, `critical:true` the critical path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Which spans count: `all`, `ebpf` or `sdk`.
    #[serde(default)]
    pub source: Source,
    /// Whether the rows are those of a waterfall with `adjust_clocks`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adjust_clocks: bool,
}

impl Ask for FindQuestion {
    const PATH: &'static str = "/api/v1/traces/{id}/find";
    const NAME: &'static str = "find";
    const SUMMARY: &'static str = "The rows of a trace's waterfall that a search selects.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = FoundRows;

    fn rows(answer: &Self::Answer) -> usize {
        answer.rows.len()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<FoundRows, QueryError> {
        let search = RowSearch::parse(&self.q)
            .map_err(|error| QueryError::Invalid { field: "q", reason: error.to_string() })?;
        let reader = Reader::new(from, budget);
        let Some(id) = reader.resolve(self.id)? else { return Ok(FoundRows::default()) };
        let columns = search.as_ref().map_or(Columns::CORE, RowSearch::columns);
        let rows = reader.rows_with(id, self.source, self.adjust_clocks, columns)?;
        found(&rows, search.as_ref(), budget).map_err(QueryError::OverBudget)
    }
}

fn found(
    rows: &Rows,
    search: Option<&RowSearch>,
    budget: &Budget,
) -> Result<FoundRows, BudgetError> {
    let searched = |(at, row)| {
        let stored = rows.span(row)?;
        let self_nanos = i64::try_from(row.own.as_nanos()).unwrap_or(i64::MAX);
        let row = SearchedRow { span: &stored.span, self_nanos, is_critical: row.is_critical };
        Some((at, row))
    };
    let (numbers, searched): (Vec<u32>, Vec<SearchedRow<'_>>) =
        (0..).zip(&rows.waterfall.rows).filter_map(searched).unzip();
    let spans = numbers.len() as u64;
    let trace = rows.stored.spans.iter().map(|stored| &stored.span);
    let selected = match search {
        Some(search) => {
            let is_met = search.matches(&searched, &trace, budget)?;
            numbers
                .into_iter()
                .zip(is_met)
                .filter(|(_, is_met)| *is_met)
                .map(|(at, _)| at)
                .collect()
        }
        None => numbers,
    };
    Ok(FoundRows { rows: selected, spans })
}
