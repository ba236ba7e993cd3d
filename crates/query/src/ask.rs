//! A question as a type: its URL path, its parameters and its answer.

use coral_engine::{Budget, BudgetError, EngineError, MetricReader, TraceReader};
use coral_trace::{TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fleet::FleetState;
use crate::quote::shortened;

/// A question that can be asked of a colony.
///
/// The fields are the parameters of a URL. A field that is named in [`PATH`](Self::PATH) is a path
/// parameter; every other field is in the query string.
pub trait Ask: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The URL path, with path parameters in braces: `/api/v1/red/{protocol}`.
    const PATH: &'static str;
    /// The name of the question in tools and in the API's description: `red`.
    const NAME: &'static str;
    /// What the question answers, in one sentence.
    const SUMMARY: &'static str;
    /// The permission that a request needs: `traces.read`.
    const PERMISSION: &'static str;
    /// Whether answering reads from the storage engine. Such questions are subject to the limit on
    /// concurrent queries. Other questions, such as the colony's own status, are answered at once,
    /// however busy the colony is.
    const READS_ENGINE: bool = true;
    /// The type of the answer.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// The number of rows of `answer`, for the audit log: its traces, spans, services or causes.
    fn rows(answer: &Self::Answer) -> usize;

    /// Computes the answer from `from` within `budget`. Blocks the calling thread.
    ///
    /// # Errors
    /// [`QueryError`].
    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError>;
}

/// The sources from which a question is answered.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Reads spans and traces.
    pub traces: &'a dyn TraceReader,
    /// Reads RED metrics.
    pub metrics: &'a dyn MetricReader,
    /// The state of the agents.
    pub fleet: &'a dyn FleetState,
    /// The current time.
    pub now: UnixNanos,
}

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// More than one trace id begins with the given prefix.
    #[error("`{prefix}` is the beginning of {} traces: {}", count(.traces), list(.traces))]
    Ambiguous {
        /// The prefix that was given, in hex digits.
        prefix: String,
        /// Some of the matching traces. With [`QueryError::MAX_CANDIDATES`] of them there may be
        /// more.
        traces: Vec<TraceId>,
    },
    /// A parameter of the question is not valid.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter, without its unit: `compare` is `compare_us` in a URL, `until` is
        /// `until_unix_us`.
        field: &'static str,
        /// What is wrong with the value.
        reason: String,
    },
    /// The engine cannot answer now; the same question may succeed later.
    #[error(transparent)]
    Unavailable(EngineError),
    /// Stored data cannot be read. The same question will fail again until somebody repairs the
    /// data.
    #[error(transparent)]
    Damaged(EngineError),
    /// The engine does not support this question.
    #[error(transparent)]
    Unsupported(EngineError),
    /// The question was cancelled, or exceeded the time, rows or bytes that one question may cost.
    #[error(transparent)]
    OverBudget(BudgetError),
}

impl QueryError {
    /// The largest number of matching traces that the error about an ambiguous prefix lists.
    pub const MAX_CANDIDATES: u32 = 5;

    pub(crate) fn invalid(field: &'static str, reason: &str) -> Self {
        Self::Invalid { field, reason: shortened(reason.to_owned()) }
    }
}

impl From<EngineError> for QueryError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::OverBudget(error) => Self::OverBudget(error),
            EngineError::Damaged { .. } => Self::Damaged(error),
            EngineError::Unsupported { .. } => Self::Unsupported(error),
            EngineError::Unavailable { .. } => Self::Unavailable(error),
        }
    }
}

/// Why a URL is not a valid question.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidQuestion {
    /// The value of a path parameter is not valid.
    #[error("{reason}")]
    Path {
        /// The name of the path parameter.
        field: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// The query string has an unknown, missing or malformed parameter.
    #[error("Failed to deserialize query string: {0}")]
    Query(String),
}

/// The URL path and query string that ask `question`.
pub fn path_and_query<Q: Ask>(question: &Q) -> String {
    let text = serde_urlencoded::to_string(question);
    let text = text.expect("the fields of a question are texts and numbers");
    let (mut path, mut query) = (Q::PATH.to_owned(), Vec::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let segment = format!("{{{key}}}");
        match path.contains(&segment) {
            // In a path, a space is `%20`, and `+` is a plus sign.
            true => path = path.replace(&segment, &value.replace('+', "%20")),
            false => query.push(pair),
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// Parses a question from the path parameters `segments`, as (name, value) pairs, and a query
/// string.
///
/// # Errors
/// [`InvalidQuestion`].
pub fn question_from_url<Q: Ask>(
    segments: &[(String, String)],
    query: &str,
) -> Result<Q, InvalidQuestion> {
    let mut text = serde_urlencoded::to_string(segments)
        .map_err(|error| InvalidQuestion::Query(error.to_string()))?;
    if let Some((field, _)) = segments.iter().find(|(field, _)| names(query, field)) {
        return Err(InvalidQuestion::Query(format!("`{field}` is a path parameter")));
    }
    if !text.is_empty() && !query.is_empty() {
        text.push('&');
    }
    text.push_str(query);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let limit = MAX_BYTES_OF.iter().find(|(limited, _)| *limited == name);
        if let Some((_, most)) = limit.filter(|(_, most)| value.len() > *most) {
            let reason = format!("{name}: {} bytes are more than {most}", value.len());
            return Err(InvalidQuestion::Query(reason));
        }
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        // Only errors made by `path_error` begin with the mark; a quoted value comes later in the
        // text.
        let of_path = error.inner().to_string();
        match of_path.strip_prefix(PATH_MARK).and_then(|rest| rest.split_once(':')) {
            Some((field, reason)) => InvalidQuestion::Path {
                field: field.to_owned(),
                reason: shortened(reason.to_owned()),
            },
            None => {
                InvalidQuestion::Query(segments.iter().fold(
                    error.to_string(),
                    |reason, (field, _)| {
                        // The message lists the known parameters. A path parameter is not a
                        // parameter of the query string, so it is removed from the list.
                        reason.replace(&format!("`{field}`, "), "")
                    },
                ))
            }
        }
    })
}

/// The largest numbers of bytes of parameters that name something.
const MAX_BYTES_OF: [(&str, usize); 4] =
    [("key", 256), ("by", 256), ("prefix", 256), ("service", 1_024)];

/// The prefix of an error about a path parameter: `path:FIELD:REASON`.
const PATH_MARK: &str = "path:";

/// The error about the path parameter `field`, marked with [`PATH_MARK`].
pub(crate) fn path_error<E: serde::de::Error>(field: &str, reason: &str) -> E {
    E::custom(format!("{PATH_MARK}{field}:{reason}"))
}

fn names(query: &str, field: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some(field))
}

fn count(traces: &[TraceId]) -> String {
    let some = if traces.len() >= QueryError::MAX_CANDIDATES as usize { "at least " } else { "" };
    format!("{some}{}", traces.len())
}

fn list(traces: &[TraceId]) -> String {
    traces.iter().map(TraceId::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttributesQuestion, FindQuestion, TracesQuestion};

    #[test]
    fn a_parameter_that_names_something_has_a_limit_and_is_not_repeated() {
        let long = |name: &str, bytes| format!("{name}={}", "g".repeat(bytes));
        assert!(question_from_url::<AttributesQuestion>(&[], &long("key", 256)).is_ok());
        let error = question_from_url::<AttributesQuestion>(&[], &long("prefix", 257)).unwrap_err();
        assert!(error.to_string().ends_with("prefix: 257 bytes are more than 256"), "{error}");
        assert!(question_from_url::<TracesQuestion>(&[], &long("by", 257)).is_err());
        assert!(question_from_url::<TracesQuestion>(&[], &long("service", 1_025)).is_err());
        assert!(question_from_url::<TracesQuestion>(&[], &long("service", 1_024)).is_ok());
    }

    #[test]
    fn an_error_about_a_path_repeats_only_the_ends_of_a_long_value() {
        let id = [("id".to_owned(), "g".repeat(50_000))];
        let error = question_from_url::<FindQuestion>(&id, "").unwrap_err().to_string();
        assert!(error.starts_with("trace id `ggg") && error.chars().count() == 401, "{error}");
    }
}
