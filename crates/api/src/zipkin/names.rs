//! Lists of names: services, spans, other sides of calls, keys and values of tags.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use coral_query::service_search::{remote_services as remote_names, span_names};
use coral_query::{Ask, AttributesQuestion};
use coral_server::audit::AuditDetails;
use coral_trace::{REMOTE_SERVICE_KEYS, TimeRange};

use super::parameters::Parameters;
use super::refused::Refused;
use super::{Answer, Caller, answer};
use crate::answering::Answering;

/// Keys of Coral's own search, which are no tags.
const NO_TAGS: [&str; 6] = ["service", "name", "status", "kind", "duration", "code"];
/// The longest list of keys.
const MAX_KEYS: u32 = 100;

/// `GET /api/v2/services`.
pub(super) async fn services(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    Parameters::read(query.as_deref(), &[])?;
    let details = AuditDetails::default();
    let services = answer(&answering, caller, "services", details, |sources, budget| {
        Ok(list(sources.traces.services(TimeRange::ALL, budget)?))
    });
    Ok(services.await)
}

/// `GET /api/v2/spans?serviceName=`.
pub(super) async fn spans(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let (service, details) = service(query.as_deref())?;
    let spans = answer(&answering, caller, "spans", details, move |sources, budget| {
        Ok(list(span_names(&service, TimeRange::ALL, sources, budget)?))
    });
    Ok(spans.await)
}

/// `GET /api/v2/remoteServices?serviceName=`.
pub(super) async fn remote_services(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let (service, details) = service(query.as_deref())?;
    let remote = answer(&answering, caller, "remote-services", details, move |sources, budget| {
        Ok(list(remote_names(&service, TimeRange::ALL, sources, budget)?))
    });
    Ok(remote.await)
}

/// `GET /api/v2/autocompleteKeys`: keys of tags in the newest traces.
pub(super) async fn keys(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    Parameters::read(query.as_deref(), &[])?;
    let details = AuditDetails::default();
    let keys = answer(&answering, caller, "keys", details, |sources, budget| {
        let question = AttributesQuestion { limit: MAX_KEYS, ..AttributesQuestion::default() };
        let found = question.answer(sources, budget)?;
        let keys = found.items.into_iter().map(|item| item.text);
        Ok(list(keys.filter(|key| is_tag(key))))
    });
    Ok(keys.await)
}

/// `GET /api/v2/autocompleteValues?key=`: values of a tag in the newest traces.
pub(super) async fn values(
    State(answering): State<Answering>,
    RawQuery(query): RawQuery,
    caller: Caller,
) -> Result<Response, Refused> {
    let parameters = Parameters::read(query.as_deref(), &["key"])?;
    let key = parameters.required("key")?.to_owned();
    let details = AuditDetails::of_parameters(parameters.pairs());
    let values = answer(&answering, caller, "values", details, move |sources, budget| {
        if !is_tag(&key) {
            return Ok(list([]));
        }
        let limit = AttributesQuestion::MAX;
        let question = AttributesQuestion { key, limit, ..AttributesQuestion::default() };
        let found = question.answer(sources, budget)?;
        Ok(list(found.items.into_iter().map(|item| item.text)))
    });
    Ok(values.await)
}

/// Whether spans have tags with that key: not if the attribute becomes an endpoint.
fn is_tag(key: &str) -> bool {
    let is_endpoint = key == "service.name"
        || REMOTE_SERVICE_KEYS.first() == Some(&key)
        || ["net.host.ip", "net.host.port", "net.peer.ip", "net.peer.port"].contains(&key)
        || key.starts_with("zipkin.")
        || key.starts_with("otel.zipkin.");
    !is_endpoint && !NO_TAGS.contains(&key)
}

/// The parameter `serviceName`.
fn service(query: Option<&str>) -> Result<(String, AuditDetails), Refused> {
    let parameters = Parameters::read(query, &["serviceName"])?;
    let service = parameters.required("serviceName")?.to_owned();
    let details = AuditDetails { services: vec![service.clone()], ..AuditDetails::default() };
    Ok((service, details))
}

/// `names` as an array, sorted.
fn list(names: impl IntoIterator<Item = String>) -> Answer {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    Answer { json: serde_json::Value::from(names.clone()).to_string(), rows: names.len() }
}
