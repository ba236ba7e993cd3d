//! The tags of a span.

use std::collections::BTreeMap;

use coral_trace::{KeyValue, Span, SpanKind, StatusCode, Value};

use crate::zipkin::span_json::TagJson;
use crate::zipkin::{attribute, piped, tag};

type Tags<'a> = BTreeMap<String, TagJson<'a>>;

/// The attributes of the span and of its resource as text, except those of the span at the positions
/// `used`, and what Zipkin has no field for.
pub(super) fn tags<'a>(span: &'a Span, used: &[usize]) -> Tags<'a> {
    let mut tags = Tags::new();
    let resource = span.origin.resource.attributes.iter();
    let resource = resource.filter(|one| one.key != attribute::SERVICE_NAME);
    let own = span.attributes.iter().enumerate().filter(|(at, _)| !used.contains(at));
    let has_moved = super::convert::sent_ids(span).0 != span.span_id;
    let own = own.map(|(_, one)| one).filter(|one| !is_kept_elsewhere(one, has_moved));
    // Of attributes with one key, the first is used, and that of the span rather than the resource.
    for one in own.chain(resource) {
        tags.entry(one.key.clone()).or_insert_with(|| text(&one.value));
    }
    add_status(&mut tags, span);
    let mut add = |key: &str, text: String| {
        if !text.is_empty() {
            tags.insert(key.to_owned(), TagJson(text.into()));
        }
    };
    add(tag::SCOPE_NAME, span.origin.scope.name.clone());
    add(tag::SCOPE_VERSION, span.origin.scope.version.clone());
    add(tag::TRACE_STATE, span.trace_state.clone());
    if span.kind == SpanKind::Internal {
        add(tag::SPAN_KIND, "internal".to_owned());
    }
    for (at, link) in span.links.iter().enumerate() {
        add(&tag::link(at), piped::of_link(link));
    }
    tags
}

/// Adds the status, unless Zipkin's own tag `error` says it.
fn add_status(tags: &mut Tags<'_>, span: &Span) {
    let (code, message) = (span.status.code, span.status.message.as_str());
    let is_error = code == StatusCode::Error;
    let sent = span.attributes.text(tag::ERROR);
    if is_error && sent.is_some_and(|sent| message == if sent == "true" { "" } else { sent }) {
        return;
    }
    let mut add = |key: &str, text: &str| {
        tags.insert(key.to_owned(), TagJson(text.to_owned().into()));
    };
    match code {
        StatusCode::Error => {
            add(tag::STATUS_CODE, "ERROR");
            add(tag::ERROR, tag::error_of(message));
        }
        StatusCode::Ok => add(tag::STATUS_CODE, "OK"),
        StatusCode::Unset => {}
    }
    if !is_error {
        // Zipkin shows a span with any tag `error` as failed.
        tags.remove(tag::ERROR);
        if code == StatusCode::Ok && !message.is_empty() {
            tags.insert(tag::STATUS_DESCRIPTION.to_owned(), TagJson(message.to_owned().into()));
        }
    }
}

/// Whether the attribute keeps a field of Zipkin's JSON. Only a span that `has_moved` to another id
/// keeps ids.
fn is_kept_elsewhere(one: &KeyValue, has_moved: bool) -> bool {
    match one.value {
        Value::Bool(_) => {
            [attribute::SHARED, attribute::DEBUG, attribute::NO_TIMESTAMP].contains(&&*one.key)
        }
        Value::String(_) => has_moved && [attribute::ID, attribute::PARENT_ID].contains(&&*one.key),
        _ => false,
    }
}

fn text(value: &Value) -> TagJson<'_> {
    TagJson(match value {
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    })
}
