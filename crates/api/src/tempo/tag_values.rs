//! The values of an attribute, in both versions of Tempo's API.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use coral_query::traceql::TagValuesQuestion;
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_server::clock;
use coral_trace::{TimeRange, UnixNanos};
use coral_wire::tempo_rpc::proto;
use http::{Extensions, HeaderMap};

use super::operation::{Operation, respond};
use super::parameters::{Parameters, time_range};
use super::refused::Refused;
use super::search::of_range;
use super::tag_names::read;
use crate::answering::Answering;

const KNOWN: &[&str] = &["q", "start", "end", "limit", "maxStaleValues"];
/// The largest number of values.
const MAX_VALUES: u32 = 10_000;

/// A question for the values of an attribute, with their types.
pub(super) struct TagValueList(TagValuesQuestion);

/// As [`TagValueList`], with values as text. The attribute has no scope.
pub(super) struct FlatTagValues(TagValueList);

/// `GET /api/search/tag/{tag}/values`.
pub(super) async fn v1(
    State(answering): State<Answering>,
    tag: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let list = of_url(tag, query.as_deref()).map(FlatTagValues::of);
    respond(&answering, &extensions, &headers, list).await
}

/// `GET /api/v2/search/tag/{tag}/values`.
pub(super) async fn v2(
    State(answering): State<Answering>,
    tag: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let list = of_url(tag, query.as_deref()).map(TagValueList);
    respond(&answering, &extensions, &headers, list).await
}

fn of_url(
    tag: Result<Path<String>, PathRejection>,
    query: Option<&str>,
) -> Result<TagValuesQuestion, Refused> {
    let Path(tag) = tag.map_err(|error| Refused::invalid(error.body_text()))?;
    let parameters = Parameters::of(query, KNOWN)?;
    parameters.number::<u32>("maxStaleValues")?;
    let limit = parameters.number("limit")?.unwrap_or_default();
    Ok(question(decoded(tag), parameters.text("q"), parameters.closed_range()?, limit))
}

/// The attribute of a path. Grafana encodes it twice, and its proxy decodes it once or not at all.
fn decoded(tag: String) -> String {
    let digits = |at: usize| tag.get(at + 1..at + 3).and_then(|it| u8::from_str_radix(it, 16).ok());
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(byte) = tag.as_bytes().get(at) {
        let encoded = if *byte == b'%' { digits(at) } else { None };
        bytes.push(encoded.unwrap_or(*byte));
        at += if encoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(bytes).unwrap_or(tag)
}

fn question(tag: String, q: Option<&str>, range: TimeRange, limit: u32) -> TagValuesQuestion {
    TagValuesQuestion {
        tag,
        q: q.map(str::to_owned),
        since: range.start,
        until: range.end.min(UnixNanos(clock::now().0.saturating_add(1))).max(range.start),
        limit: if limit == 0 { MAX_VALUES } else { limit.min(MAX_VALUES) },
    }
}

impl TagValueList {
    /// The list for a gRPC request, in which 0 and empty texts are defaults.
    pub(super) fn of_request(request: &proto::SearchTagValuesRequest) -> Result<Self, Refused> {
        let seconds = |number: u32| Some(UnixNanos::from_secs(number.into()));
        let range = time_range(seconds(request.start), seconds(request.end))?;
        let q = Some(request.query.as_str()).filter(|q| !q.is_empty());
        if request.tag_name.is_empty() {
            return Err(Refused::invalid("please provide a non-empty tagName"));
        }
        Ok(Self(question(request.tag_name.clone(), q, range, request.max_tag_values)))
    }

    /// Types and values. Those of fields with few possible values are all possible ones, as in Tempo.
    fn values(
        &self,
        from: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Vec<(&'static str, String)>, QueryError> {
        if let Some(values) = possible_values(&self.0.tag) {
            return Ok(values.iter().map(|value| ("keyword", (*value).to_owned())).collect());
        }
        let stored = self.0.answer(from, budget)?;
        Ok(stored.into_iter().map(|value| (value.type_name(), value.text())).collect())
    }
}

impl Operation for TagValueList {
    type Answer = proto::SearchTagValuesV2Response;

    fn audit(&self) -> AuditDetails {
        let question = &self.0;
        let tag = format!("tag={}", question.tag);
        let q = question.q.iter().map(|q| format!("q={q}"));
        let range = TimeRange { start: question.since, end: question.until };
        AuditDetails { filters: [tag].into_iter().chain(q).collect(), ..of_range(range) }
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let values = self.values(from, budget)?.into_iter();
        let values = values.map(|(kind, value)| proto::TagValue { r#type: kind.to_owned(), value });
        Ok(proto::SearchTagValuesV2Response { tag_values: values.collect(), metrics: Some(read()) })
    }
}

/// The values that a field can have, whatever is stored. Durations have none: nobody chooses one.
fn possible_values(tag: &str) -> Option<&'static [&'static str]> {
    match tag {
        "status" | "span:status" => Some(&["error", "ok", "unset"]),
        "kind" | "span:kind" => {
            Some(&["client", "consumer", "internal", "producer", "server", "unspecified"])
        }
        "duration" | "span:duration" | "traceDuration" | "trace:duration" => Some(&[]),
        // The first version's own name of a failed span.
        ERROR => Some(&["true"]),
        _ => None,
    }
}

/// The attribute `error` of the first version, which is a status; no attribute of TraceQL has the
/// name.
const ERROR: &str = "error";

impl FlatTagValues {
    /// As [`TagValueList::of_request`].
    pub(super) fn of_request(request: &proto::SearchTagValuesRequest) -> Result<Self, Refused> {
        TagValueList::of_request(request).map(|list| Self::of(list.0))
    }

    /// The question with the attribute as TraceQL writes it: a key without a scope is that of a span
    /// or of its resource.
    fn of(question: TagValuesQuestion) -> Self {
        let is_intrinsic = matches!(&*question.tag, "name" | "status" | "kind" | "duration");
        let tag = match question.tag.starts_with('.') || is_intrinsic {
            true => question.tag,
            false => match &*question.tag {
                "root.name" => "trace:rootName".to_owned(),
                "root.service.name" => "trace:rootService".to_owned(),
                "status.code" => "status".to_owned(),
                ERROR => ERROR.to_owned(),
                key => format!(".{key}"),
            },
        };
        Self(TagValueList(TagValuesQuestion { tag, ..question }))
    }
}

impl Operation for FlatTagValues {
    type Answer = proto::SearchTagValuesResponse;

    fn audit(&self) -> AuditDetails {
        self.0.audit()
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let values = self.0.values(from, budget)?;
        Ok(proto::SearchTagValuesResponse {
            tag_values: values.into_iter().map(|(_, value)| value).collect(),
            metrics: Some(read()),
        })
    }
}
