//! The question for one span.

use coral_engine::{Budget, Columns};
use coral_trace::{Span, SpanId, TraceId, TraceIdPrefix};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::answer::SpanDetails;
use crate::ask::{Ask, QueryError, Sources, path_error};
use crate::reader::Reader;
use crate::source::Source;
use crate::trace::answer::TraceSpan;
use crate::traces::failure_of;

/// Asks for one whole span.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SpanQuestion {
    /// The trace id, or a prefix of the id that only one stored trace has: 1 to 32 hex digits.
    #[serde(
        serialize_with = "crate::json::text::serialize",
        deserialize_with = "crate::trace::from_digits"
    )]
    #[schemars(with = "String")]
    pub id: TraceIdPrefix,
    /// The span id: 16 hex digits.
    #[serde(serialize_with = "crate::json::text::serialize", deserialize_with = "from_digits")]
    #[schemars(with = "String")]
    pub span: SpanId,
}

/// The self time needs the tree of the trace, and is left out for larger traces.
const MAX_TREE_SPANS: u64 = 20_000;

impl Ask for SpanQuestion {
    const PATH: &'static str = "/api/v1/traces/{id}/spans/{span}";
    const NAME: &'static str = "span";
    const SUMMARY: &'static str = "One whole span, and how long its operation usually takes.";
    const PERMISSION: &'static str = "traces.read";
    type Answer = SpanDetails;

    fn rows(answer: &Self::Answer) -> usize {
        usize::from(answer.span.is_some())
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<SpanDetails, QueryError> {
        let reader = Reader::new(from, budget);
        let Some(id) = reader.resolve(self.id)? else { return Ok(SpanDetails::default()) };
        let Some(stored) = from.traces.span(id, self.span, Columns::ALL, budget)? else {
            return Ok(SpanDetails::default());
        };
        Ok(SpanDetails {
            self_us: reader.self_us(id, &stored.span)?,
            usual: reader.usual_duration(&stored.span)?,
            failure: failure_of(std::slice::from_ref(&stored.span)),
            span: Some(TraceSpan { agent_id: stored.agent_id, span: stored.span }),
        })
    }
}

impl Reader<'_> {
    fn self_us(&self, trace: TraceId, span: &Span) -> Result<Option<i64>, QueryError> {
        let sum = self.from.traces.trace(trace, None, Columns::CORE, 0, self.budget)?;
        if sum.span_count > MAX_TREE_SPANS {
            return Ok(None);
        }
        let rows = self.rows(trace, Source::All, false)?;
        let is_it =
            |at: usize| rows.stored.spans.get(at).map(|one| one.span.span_id) == Some(span.span_id);
        let row = rows.waterfall.rows.iter().find(|row| is_it(row.span));
        Ok(row.map(|row| i64::try_from(row.own.as_micros()).unwrap_or(i64::MAX)))
    }
}

fn from_digits<'de, D: Deserializer<'de>>(from: D) -> Result<SpanId, D::Error> {
    let id = String::deserialize(from)?;
    id.parse().map_err(|reason| path_error("span", &format!("span id `{id}`: {reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InvalidQuestion, path_and_query, question_from_url};

    #[test]
    fn both_ids_are_in_the_path() {
        let question =
            SpanQuestion { id: "4bf9".parse().unwrap(), span: "00f067aa0ba902b7".parse().unwrap() };
        let path = "/api/v1/traces/4bf9/spans/00f067aa0ba902b7";
        assert_eq!(path_and_query(&question), path);
        let segments = [("id", "4bf9"), ("span", "00f067aa0ba902b7")];
        let segments = segments.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(question_from_url(&segments, ""), Ok(question));
        let segments = [("id", "4bf9"), ("span", "1")];
        let segments = segments.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let error = question_from_url::<SpanQuestion>(&segments, "").unwrap_err();
        assert!(
            matches!(&error, InvalidQuestion::Path { field, .. } if field == "span"),
            "{error}"
        );
    }
}
