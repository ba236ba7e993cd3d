//! The two endpoints of a span.

use std::borrow::Cow;

use coral_trace::{Attributes, Span, Value, remote_service};

use crate::zipkin::span_json::EndpointJson;
use crate::zipkin::{EndpointKeys, LOCAL, REMOTE, attribute};

/// An endpoint, and the positions of the attributes that say nothing else.
#[derive(Default)]
pub(super) struct Endpoint<'a> {
    pub json: Option<EndpointJson<'a>>,
    pub used: Vec<usize>,
}

/// The process that made the span.
pub(super) fn local(span: &Span) -> Endpoint<'_> {
    let mut endpoint = addressed(&span.attributes, &LOCAL);
    let name = span.origin.resource.attributes.text(attribute::SERVICE_NAME);
    endpoint.name(name.filter(|name| !name.is_empty()));
    endpoint
}

/// The other side of the call.
pub(super) fn remote(span: &Span) -> Endpoint<'_> {
    let mut endpoint = addressed(&span.attributes, &REMOTE);
    endpoint.name(remote_service(&span.attributes));
    let peer = position(&span.attributes, attribute::PEER_SERVICE);
    endpoint.used.extend(peer.filter(|at| text(&span.attributes, *at).is_some()));
    endpoint
}

impl<'a> Endpoint<'a> {
    fn name(&mut self, name: Option<&'a str>) {
        if let Some(name) = name {
            self.json.get_or_insert_default().service_name = Some(name.into());
        }
    }
}

fn addressed<'a>(attributes: &'a Attributes, keys: &EndpointKeys) -> Endpoint<'a> {
    let (mut json, mut used) = (EndpointJson::default(), Vec::new());
    for key in [keys.ip, keys.further_ip] {
        let Some(at) = position(attributes, key) else { continue };
        let Some(ip) = text(attributes, at) else { continue };
        let of_kind = if ip.contains(':') { &mut json.ipv6 } else { &mut json.ipv4 };
        if of_kind.is_none() {
            *of_kind = Some(Cow::Borrowed(ip));
            used.push(at);
        }
    }
    if let Some(at) = position(attributes, keys.port)
        && let Value::Int(port @ 1..=65_535) = attributes.0[at].value
    {
        json.port = Some(port.cast_unsigned());
        used.push(at);
    }
    Endpoint { json: (!used.is_empty()).then_some(json), used }
}

fn position(attributes: &Attributes, key: &str) -> Option<usize> {
    attributes.iter().position(|attribute| attribute.key == key)
}

fn text(attributes: &Attributes, at: usize) -> Option<&str> {
    attributes.0[at].value.as_str().filter(|text| !text.is_empty())
}
