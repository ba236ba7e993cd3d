//! The keys of attributes, in both versions of Tempo's API.

use std::collections::BTreeSet;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::tag_names::{TagNames, TagNamesQuestion, TagScope};
use coral_query::{Budget, QueryError, Sources};
use coral_server::audit::AuditDetails;
use coral_trace::{TimeRange, UnixNanos};
use coral_wire::tempo_rpc::proto;
use http::{Extensions, HeaderMap};

use super::operation::{Operation, respond};
use super::parameters::{Parameters, time_range};
use super::refused::Refused;
use super::search::of_range;
use crate::answering::Answering;

const KNOWN: &[&str] = &["scope", "q", "start", "end", "limit", "maxStaleValues"];
/// The largest number of keys of each scope.
const MAX_KEYS: u32 = 10_000;
/// The scope of fields that every span has.
const INTRINSIC: &str = "intrinsic";
/// The fields that every span has, by the names that TraceQL has for them.
const INTRINSICS: [&str; 25] = [
    "duration",
    "event:name",
    "event:timeSinceStart",
    "instrumentation:name",
    "instrumentation:version",
    "kind",
    "link:spanID",
    "link:traceID",
    "name",
    "rootName",
    "rootServiceName",
    "span:duration",
    "span:id",
    "span:kind",
    "span:name",
    "span:parentID",
    "span:status",
    "span:statusMessage",
    "status",
    "statusMessage",
    "trace:duration",
    "trace:id",
    "trace:rootName",
    "trace:rootService",
    "traceDuration",
];

/// A question for keys.
pub(super) struct TagNameList {
    /// The scopes whose keys are listed.
    scopes: Vec<TagScope>,
    /// Whether intrinsic fields are listed.
    intrinsic: bool,
    question: TagNamesQuestion,
}

/// As [`TagNameList`], with an answer without scopes.
pub(super) struct FlatTagNames(TagNameList);

/// `GET /api/search/tags`.
pub(super) async fn v1(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let list = of_url(query.as_deref()).map(FlatTagNames);
    respond(&answering, &extensions, &headers, list).await
}

/// `GET /api/v2/search/tags`.
pub(super) async fn v2(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    respond(&answering, &extensions, &headers, of_url(query.as_deref())).await
}

fn of_url(query: Option<&str>) -> Result<TagNameList, Refused> {
    let parameters = Parameters::of(query, KNOWN)?;
    parameters.number::<u32>("maxStaleValues")?;
    let scope = parameters.text("scope").unwrap_or_default();
    let limit = parameters.number("limit")?.unwrap_or_default();
    TagNameList::of(scope, parameters.text("q"), parameters.closed_range()?, limit)
}

impl TagNameList {
    /// The list for a gRPC request, in which 0 and empty texts are defaults.
    pub(super) fn of_request(request: &proto::SearchTagsRequest) -> Result<Self, Refused> {
        let seconds = |number: u32| Some(UnixNanos::from_secs(number.into()));
        let range = time_range(seconds(request.start), seconds(request.end))?;
        let q = Some(request.query.as_str()).filter(|q| !q.is_empty());
        Self::of(&request.scope, q, range, request.max_tags_per_scope)
    }

    fn of(scope: &str, q: Option<&str>, started: TimeRange, limit: u32) -> Result<Self, Refused> {
        let (scopes, intrinsic) = match scope {
            "" | "none" => (TagScope::ALL.to_vec(), true),
            INTRINSIC => (Vec::new(), true),
            // The trace has intrinsic fields alone.
            "trace" => (Vec::new(), false),
            named => match TagScope::ALL.into_iter().find(|scope| scope.as_str() == named) {
                Some(scope) => (vec![scope], false),
                None => return Err(Refused::invalid(format!("invalid scope: {named}"))),
            },
        };
        let limit = if limit == 0 { MAX_KEYS } else { limit.min(MAX_KEYS) } as usize;
        let question = TagNamesQuestion { q: q.map(str::to_owned), started, limit };
        Ok(Self { scopes, intrinsic, question })
    }

    fn names(&self, from: &Sources<'_>, budget: &Budget) -> Result<TagNames, QueryError> {
        match self.scopes.is_empty() {
            true => Ok(TagNames::new()),
            false => self.question.answer(from, budget),
        }
    }
}

impl Operation for TagNameList {
    type Answer = proto::SearchTagsV2Response;

    fn audit(&self) -> AuditDetails {
        let q = self.question.q.iter().map(|q| format!("q={q}"));
        AuditDetails { filters: q.collect(), ..of_range(self.question.started) }
    }

    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let mut found = self.names(from, budget)?;
        let scopes = self.scopes.iter().filter_map(|scope| {
            let tags = found.remove(scope)?.into_iter().collect();
            Some(proto::SearchTagsV2Scope { name: scope.as_str().to_owned(), tags })
        });
        let intrinsic = self.intrinsic.then(|| proto::SearchTagsV2Scope {
            name: INTRINSIC.to_owned(),
            tags: INTRINSICS.map(str::to_owned).to_vec(),
        });
        Ok(proto::SearchTagsV2Response {
            scopes: scopes.chain(intrinsic).collect(),
            metrics: Some(read()),
        })
    }
}

impl FlatTagNames {
    /// As [`TagNameList::of_request`].
    pub(super) fn of_request(request: &proto::SearchTagsRequest) -> Result<Self, Refused> {
        TagNameList::of_request(request).map(Self)
    }
}

impl Operation for FlatTagNames {
    type Answer = proto::SearchTagsResponse;

    fn audit(&self) -> AuditDetails {
        self.0.audit()
    }

    /// The keys of all scopes. Intrinsic fields are listed only if the scope is named.
    fn answer(&self, from: &Sources<'_>, budget: &Budget) -> Result<Self::Answer, QueryError> {
        let list = &self.0;
        let found = list.names(from, budget)?;
        let mut names: BTreeSet<String> = found
            .into_iter()
            .filter(|(scope, _)| list.scopes.contains(scope))
            .flat_map(|(_, keys)| keys)
            .collect();
        if list.intrinsic && list.scopes.is_empty() {
            names.extend(INTRINSICS.map(str::to_owned));
        }
        Ok(proto::SearchTagsResponse {
            tag_names: names.into_iter().take(list.question.limit).collect(),
            metrics: Some(read()),
        })
    }
}

/// What a question for keys or values read: one part, which is done.
pub(super) fn read() -> proto::MetadataMetrics {
    proto::MetadataMetrics { total_jobs: 1, completed_jobs: 1, ..proto::MetadataMetrics::default() }
}
