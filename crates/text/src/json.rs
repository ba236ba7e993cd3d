//! Answers as JSON: every field of the typed answer, and beside the fields the same answer in
//! words.
//!
//! Programs read the fields, people read the words. Deserialising ignores the words, so the typed
//! answer can be read back from its JSON.

use coral_query::answer::{
    Anomalies, Anomaly, AttributeList, ColonyStatus, Comparison, English, FoundRows, Heatmap,
    RedTable, RequestSeries, Services, SlowRow, SpanDetails, Topology, Trace, TraceHealth,
    TraceList, TraceSummary, Waterfall, Why,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Error;

use crate::anomalies;
use crate::comparison::not_aligned;
use crate::english::{self, Page};
use crate::failure::deepest_failure;
use crate::red_table::no_slow_trace;
use crate::root_cause::root_cause;
use crate::services;
use crate::trace_health::words::{Advice, Extent, advice_of};
use crate::why::words::reason;

/// An answer that has a JSON form.
pub trait Projection: JsonSchema {
    /// The answer as a JSON document of one line: every field of the typed answer, and the words
    /// that the JSON adds for some answers.
    ///
    /// # Errors
    /// When a value of the answer has no JSON form.
    fn json(&self) -> Result<Vec<u8>, Error>;

    /// The schema of [`json`](Self::json).
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

/// Answers without words: their JSON is what serde makes of the types.
macro_rules! without_words {
    ($($answer:ty),* $(,)?) => {
        $(impl Projection for $answer {
            fn json(&self) -> Result<Vec<u8>, Error> {
                serde_json::to_vec(self)
            }
        })*
    };
}

without_words!(AttributeList, ColonyStatus, FoundRows, Heatmap, RequestSeries, Topology, Waterfall,);

/// What changed, and the changes in words.
#[derive(Serialize, JsonSchema)]
struct WordedAnomalies<'a> {
    #[serde(flatten)]
    found: &'a Anomalies,
    /// How many changes there are, or why none is known: a sentence without a full stop.
    summary: String,
}

/// The field that is added to each anomaly: the change in words.
const TITLE: &str = "title";

impl Projection for Anomalies {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let summary = anomalies::summary(self);
        let mut json = serde_json::to_value(WordedAnomalies { found: self, summary })?;
        for (at, anomaly) in self.anomalies.iter().enumerate() {
            json["anomalies"][at][TITLE] = anomalies::title(anomaly).into();
        }
        serde_json::to_vec(&json)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let found = generator.subschema_for::<WordedAnomalies<'_>>();
        let anomaly = Anomaly::schema_name();
        if let Some(anomaly) = generator.definitions_mut().get_mut(anomaly.as_ref()) {
            let words = json_schema!({
                "description": "The change as a sentence without a full stop, from the value before to the value now: `stock is slower in GET /stock/{id}: 23ms → 305ms`. Absent in answers in plain English.",
                "type": "string",
            });
            anomaly["properties"][TITLE] = words.to_value();
        }
        found
    }
}

/// The health of services, and the verdict in words.
#[derive(Serialize, JsonSchema)]
struct WordedServices<'a> {
    #[serde(flatten)]
    services: &'a Services,
    /// The answer in sentences: which services are not well, and what was not seen.
    verdict: String,
}

impl Projection for Services {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let verdict = services::verdict(self);
        serde_json::to_vec(&WordedServices { services: self, verdict })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedServices<'_>>()
    }
}

/// A trace, and its problems in words.
#[derive(Serialize, JsonSchema)]
struct WordedTrace<'a> {
    #[serde(flatten)]
    trace: &'a Trace,
    /// One object for each of `problems`, in the same order: the problem in words.
    advice: Vec<Advice>,
}

impl Projection for Trace {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let advice = advice_of(&self.problems, Extent::Trace);
        serde_json::to_vec(&WordedTrace { trace: self, advice })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedTrace<'_>>()
    }
}

/// A span, and its failure in words.
#[derive(Serialize, JsonSchema)]
struct WordedSpanDetails<'a> {
    #[serde(flatten)]
    details: &'a SpanDetails,
    /// The failure of the span in words: `payments-api on pay-2: POST /charge 503: no answer`. Null
    /// when it did not fail.
    cause: Option<String>,
}

impl Projection for SpanDetails {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let cause = self.failure.as_ref().map(deepest_failure);
        serde_json::to_vec(&WordedSpanDetails { details: self, cause })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedSpanDetails<'_>>()
    }
}

/// Whether traces are whole, and their problems in words.
#[derive(Serialize, JsonSchema)]
struct WordedTraceHealth<'a> {
    #[serde(flatten)]
    health: &'a TraceHealth,
    /// One object for each of `problems`, in the same order: the problem in words.
    advice: Vec<Advice>,
}

impl Projection for TraceHealth {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let advice = advice_of(&self.problems, Extent::Window);
        serde_json::to_vec(&WordedTraceHealth { health: self, advice })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedTraceHealth<'_>>()
    }
}

/// The field that is added to each trace of a list: the root cause in words.
const ROOT_CAUSE: &str = "root_cause";

impl Projection for TraceList {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let mut json = serde_json::to_value(self)?;
        for (at, trace) in self.traces.iter().enumerate() {
            json["traces"][at][ROOT_CAUSE] = trace.cause.as_ref().map(root_cause).into();
        }
        serde_json::to_vec(&json)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let list = generator.subschema_for::<Self>();
        let trace = TraceSummary::schema_name();
        if let Some(trace) = generator.definitions_mut().get_mut(trace.as_ref()) {
            let words = json_schema!({
                "description": "Why it was slow, in a few words: `card-validator-svc timeout (4.8s)`. Null when that was not asked, when the trace is no slower than usual (`usual_us`), or when no cause was found.",
                "type": ["string", "null"],
            });
            trace["properties"][ROOT_CAUSE] = words.to_value();
        }
        list
    }
}

/// A cause, and its reason in words.
#[derive(Serialize, JsonSchema)]
struct WordedWhy<'a> {
    #[serde(flatten)]
    why: &'a Why,
    /// Why a cause is named or not: a sentence without a full stop.
    reason: String,
}

impl Projection for Why {
    fn json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&WordedWhy { why: self, reason: reason(self.because) })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedWhy<'_>>()
    }
}

/// A comparison, and why it is not aligned in words.
#[derive(Serialize, JsonSchema)]
struct WordedComparison<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    /// Why the sides are not aligned: a sentence without a full stop; null if they are.
    not_aligned_because: Option<&'static str>,
}

impl Projection for Comparison {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let not_aligned_because = self.not_aligned.map(not_aligned);
        serde_json::to_vec(&WordedComparison { comparison: self, not_aligned_because })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedComparison<'_>>()
    }
}

/// An answer to a question in plain English, and its page in words.
#[derive(Serialize, JsonSchema)]
struct WordedEnglish<'a> {
    #[serde(flatten)]
    answer: &'a English,
    #[serde(flatten)]
    page: Page,
}

impl Projection for English {
    fn json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&WordedEnglish { answer: self, page: english::page(self) })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<WordedEnglish<'_>>()
    }
}

/// The field that is added to each row of `slow`: why no trace of the row is stored, in words.
const WHY_NONE: &str = "why_none";

impl Projection for RedTable {
    fn json(&self) -> Result<Vec<u8>, Error> {
        let mut json = serde_json::to_value(self)?;
        for (at, row) in self.slow.iter().flatten().enumerate() {
            json["slow"][at][WHY_NONE] = row.none_because.map(no_slow_trace).into();
        }
        serde_json::to_vec(&json)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<Self>();
        let row = SlowRow::schema_name();
        if let Some(row) = generator.definitions_mut().get_mut(row.as_ref()) {
            let words = json_schema!({
                "description": "Why no trace behind the row is stored, in words; null when one is.",
                "type": ["string", "null"],
            });
            row["properties"][WHY_NONE] = words.to_value();
        }
        table
    }
}
