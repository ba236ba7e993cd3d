//! A question as a type: its path, its parameters, its answer.

use coral_engine::{Budget, BudgetError, EngineError, MetricReader, TraceReader};
use coral_trace::{TraceId, UnixNanos};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fleet::FleetState;

/// A question that can be asked of a colony.
///
/// Its fields are the parameters of a URL: a field that is named in [`PATH`](Self::PATH) stands in the path, every
/// other one in the query string.
pub trait Ask: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// Where it is asked: `/api/v1/red/{protocol}`.
    const PATH: &'static str;
    /// Its name among tools and operations: `red`.
    const NAME: &'static str;
    /// What it answers, in one sentence.
    const SUMMARY: &'static str;
    /// What an asker must be allowed to do: `traces.read`.
    const PERMISSION: &'static str;
    /// Whether the answer is read from the engine. Such a question waits for its turn; one that is not, such as the
    /// colony's own status, is answered however busy the colony is.
    const READS_ENGINE: bool = true;
    /// The answer.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// Answers from `from` within `budget`. Blocks.
    ///
    /// # Errors
    /// [`QueryError`].
    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError>;
}

/// What answers are made of.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Spans and traces.
    pub traces: &'a dyn TraceReader,
    /// RED metrics.
    pub metrics: &'a dyn MetricReader,
    /// What is known of the agents.
    pub fleet: &'a dyn FleetState,
    /// The time of the question.
    pub now: UnixNanos,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// More than one trace begins like this.
    #[error("`{prefix}` is the beginning of {} traces: {}", count(.traces), list(.traces))]
    Ambiguous {
        /// What was typed, in full digits.
        prefix: String,
        /// Some of them; [`QueryError::MAX_CANDIDATES`] means that there may be more.
        traces: Vec<TraceId>,
    },
    /// A part of the question makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// The parameter.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine cannot answer now; the same question may be answered later.
    #[error(transparent)]
    Unavailable(EngineError),
    /// What is stored cannot be read. The same question fails again; a person has to look.
    #[error(transparent)]
    Damaged(EngineError),
    /// This engine never answers such a question.
    #[error(transparent)]
    Unsupported(EngineError),
    /// The question was cancelled, or costs more than one question may.
    #[error(transparent)]
    OverBudget(BudgetError),
}

impl QueryError {
    /// Traces that an ambiguous prefix is explained with.
    pub const MAX_CANDIDATES: u32 = 5;

    pub(crate) fn invalid(field: &'static str, reason: &str) -> Self {
        Self::Invalid { field, reason: reason.to_owned() }
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

/// Why a URL is not a question.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidQuestion {
    /// A segment of the path has no such value.
    #[error("{reason}")]
    Path {
        /// The parameter that the segment is.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The query string has an unknown, missing or malformed parameter.
    #[error("Failed to deserialize query string: {0}")]
    Query(String),
}

/// The path and query that ask `question`.
pub fn path_and_query<Q: Ask>(question: &Q) -> String {
    let text = serde_urlencoded::to_string(question);
    let text = text.expect("a question is flat and has text and numbers only");
    let (mut path, mut query) = (Q::PATH.to_owned(), Vec::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let segment = format!("{{{key}}}");
        match path.contains(&segment) {
            // A space in a path is `%20`; `+` is a plus there.
            true => path = path.replace(&segment, &value.replace('+', "%20")),
            false => query.push(pair),
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// The question that `segments` of a path (by their names) and a query string ask.
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
        return Err(InvalidQuestion::Query(format!("`{field}` stands in the path")));
    }
    if !text.is_empty() && !query.is_empty() {
        text.push('&');
    }
    text.push_str(query);
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        // Only an error of our own begins so, whatever the values say that it quotes.
        let of_path = error.inner().to_string();
        match of_path.strip_prefix(PATH_MARK).and_then(|rest| rest.split_once(':')) {
            Some((field, reason)) => {
                InvalidQuestion::Path { field: field.to_owned(), reason: reason.to_owned() }
            }
            None => {
                InvalidQuestion::Query(segments.iter().fold(
                    error.to_string(),
                    |reason, (field, _)| {
                        // A list of parameters that there are: this one stands in the path.
                        reason.replace(&format!("`{field}`, "), "")
                    },
                ))
            }
        }
    })
}

/// Begins the errors of fields that stand in a path: `path:FIELD:REASON`.
const PATH_MARK: &str = "path:";

/// The error of the field `field`, which stands in a path.
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
