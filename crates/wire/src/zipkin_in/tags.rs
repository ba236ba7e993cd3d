//! Takes what OTLP has fields for out of the tags of a span.

use std::collections::BTreeMap;

use coral_trace::{Attributes, KeyValue, Link, Resource, Scope, Status, StatusCode};

use super::convert::key_value;
use crate::zipkin::attribute::SERVICE_NAME;
use crate::zipkin::span_json::TagJson;
use crate::zipkin::{piped, tag};

/// The tags of a span that have not been taken.
pub(super) struct Tags<'a>(BTreeMap<String, TagJson<'a>>);

impl<'a> Tags<'a> {
    pub fn new(tags: BTreeMap<String, TagJson<'a>>) -> Self {
        Self(tags)
    }

    /// The status, by OpenTelemetry's tags; without them, a span with the tag `error` has failed, as
    /// for Zipkin, unless the tag is `false`. A tag that Zipkin's clients wrote stays.
    pub fn status(&mut self) -> Status {
        let error = self.get(tag::ERROR).map(str::to_owned);
        let code = match self.get(tag::STATUS_CODE).map(status_code) {
            Some(Some(code)) => code,
            // An unknown code stays a tag.
            Some(None) | None => return status_of_error(error.as_deref()),
        };
        self.0.remove(tag::STATUS_CODE);
        let described = self.0.remove(tag::STATUS_DESCRIPTION).map(|text| text.0.into_owned());
        let of_error = || error.clone().filter(|text| code == StatusCode::Error && text != "true");
        let message = described.or_else(of_error).unwrap_or_default();
        // The tag that is made of the status again is taken.
        let made = [tag::error_of(&message), "true"];
        if code == StatusCode::Error && error.is_some_and(|error| made.contains(&error.as_str())) {
            self.0.remove(tag::ERROR);
        }
        Status { code, message }
    }

    pub fn trace_state(&mut self) -> String {
        self.0.remove(tag::TRACE_STATE).map(|text| text.0.into_owned()).unwrap_or_default()
    }

    /// Whether the kind is internal, which Zipkin does not have.
    pub fn is_internal(&mut self) -> bool {
        let is_internal = self.get(tag::SPAN_KIND) == Some("internal");
        if is_internal {
            self.0.remove(tag::SPAN_KIND);
        }
        is_internal
    }

    /// The links, up to the first tag that is none.
    pub fn links(&mut self) -> Vec<Link> {
        let mut links = Vec::new();
        loop {
            let key = tag::link(links.len());
            let Some(link) = self.get(&key).and_then(piped::link) else { return links };
            self.0.remove(&key);
            links.push(link);
        }
    }

    pub fn scope(&mut self) -> Scope {
        let names = [
            (tag::SCOPE_NAME, tag::SCOPE_VERSION),
            // The older tags of an exporter that sends both say the same and stay.
            (tag::LIBRARY_NAME, tag::LIBRARY_VERSION),
        ];
        let named = names.into_iter().find(|(name, _)| self.get(name).is_some());
        let Some((name, version)) = named else { return Scope::default() };
        let mut take = |key| self.0.remove(key).map(|text| text.0.into_owned()).unwrap_or_default();
        Scope { name: take(name), version: take(version), ..Scope::default() }
    }

    /// The resource: `service`, the name of the local endpoint, and the tags that OpenTelemetry's
    /// exporters make of resource attributes.
    pub fn resource(&mut self, service: Option<String>) -> Resource {
        let keys = self.0.keys().filter(|key| tag::is_of_resource(key));
        // Of two names, the other one stays a tag.
        let keys = keys.filter(|key| *key != SERVICE_NAME || service.is_none());
        let keys: Vec<String> = keys.cloned().collect();
        let mut attributes = Attributes::default();
        attributes.0.extend(service.map(|name| key_value(SERVICE_NAME, name.as_str())));
        for key in keys {
            let text = self.0.remove(&key);
            attributes.0.extend(text.map(|text| key_value(&key, &*text.0)));
        }
        Resource { attributes, ..Resource::default() }
    }

    /// The other tags, as attributes.
    pub fn rest(self) -> impl Iterator<Item = KeyValue> {
        self.0.into_iter().map(|(key, text)| KeyValue { key, value: text.0.as_ref().into() })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|text| &*text.0)
    }
}

/// The status that Zipkin's tag `error` means.
fn status_of_error(error: Option<&str>) -> Status {
    let (code, message) = match error {
        None | Some("false") => (StatusCode::Unset, ""),
        Some("true") => (StatusCode::Error, ""),
        Some(message) => (StatusCode::Error, message),
    };
    Status { code, message: message.to_owned() }
}

/// A status code as exporters of OpenTelemetry have written it: `OK`, `Ok`, `STATUS_CODE_OK`.
fn status_code(text: &str) -> Option<StatusCode> {
    let upper = text.to_ascii_uppercase();
    match upper.strip_prefix("STATUS_CODE_").unwrap_or(&upper) {
        "UNSET" => Some(StatusCode::Unset),
        "OK" => Some(StatusCode::Ok),
        "ERROR" => Some(StatusCode::Error),
        _ => None,
    }
}
