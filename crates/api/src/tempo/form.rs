//! The form in which a client wants an answer.

use http::{HeaderMap, header};

/// The form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// Protobuf's JSON mapping.
    Json,
    /// Protobuf.
    Protobuf,
    /// JSON for language models, which has fewer words.
    Llm,
}

pub(super) const JSON: &str = "application/json";
pub(super) const PROTOBUF: &str = "application/protobuf";
/// The type of JSON for language models, and the type of the answer.
const LLM: &str = "application/vnd.grafana.llm";
pub(super) const LLM_JSON: &str = "application/vnd.grafana.llm+json";

impl Form {
    /// The form that `Accept` in `headers` names. As in Tempo, the first of these that it has a part
    /// of: protobuf, JSON, JSON for language models.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter();
        let accepted = accepted.filter_map(|value| value.to_str().ok());
        let accepted = accepted.collect::<Vec<_>>().join(",").to_ascii_lowercase();
        match () {
            () if accepted.contains(PROTOBUF) => Self::Protobuf,
            () if accepted.contains(JSON) => Self::Json,
            () if accepted.contains(LLM) => Self::Llm,
            () => Self::Json,
        }
    }
}
