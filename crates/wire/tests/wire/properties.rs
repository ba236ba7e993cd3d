//! Properties of any input. The tests of this crate check them briefly, also on damaged captures;
//! `fuzz/` includes this file and checks them for hours.

use coral_trace::{Attributes, Origin, Recogniser, Resource, Scope, Span, Value};
use coral_wire::agent_rpc::proto::{BeylaTraceSpan, QueryBeylaMetricsResponse};
use coral_wire::agent_rpc::span_message_len;
use coral_wire::otlp_in::{DecodeError, DecodedSpans, Encoding, convert, decode, decode_each};
use coral_wire::otlp_out::{encode, encode_json};
use coral_wire::otlp_service::ExportTraceServiceRequest;
use prost::Message as _;

/// Limit of the memory of a decoded body, as a multiple of the body's length: see
/// `otlp_in::decode`.
const MULTIPLE: usize = 64;
/// Bytes of memory that are allowed in addition, because a list of one member reserves room for
/// more.
const BESIDES: usize = 8 * 1024;

/// Protobuf is decoded or refused, uses little memory, survives encoding, and is decoded as prost
/// does.
pub fn protobuf(body: &[u8]) {
    let ours = checked(body, Encoding::Protobuf);
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return };
    let ours = ours.expect("prost reads what we refuse");
    one_by_one(body, &ours);
    let theirs = convert(request, &Recogniser::everything_sdk());
    assert_eq!(ours.spans, theirs.spans);
    assert_eq!(
        (ours.refused.spans, ours.refused.links),
        (theirs.refused.spans, theirs.refused.links)
    );
}

/// Spans that are decoded into the memory of the span before are the same spans.
fn one_by_one(body: &[u8], expected: &DecodedSpans) {
    let mut spans = Vec::new();
    let mut take = |span: Span| {
        spans.push(span.clone());
        Some(span)
    };
    let refused = decode_each(body, Encoding::Protobuf, &Recogniser::everything_sdk(), &mut take);
    assert_eq!(refused.expect("it was decoded before"), expected.refused);
    assert_eq!(spans, expected.spans);
}

/// JSON is decoded or refused, uses little memory, and survives encoding.
pub fn json(body: &[u8]) {
    let _ = checked(body, Encoding::Json);
}

/// An agent's answer is decoded or refused by a colony, whatever it contains.
pub fn answer(bytes: &[u8]) {
    let Ok(answer) = QueryBeylaMetricsResponse::decode(bytes) else { return };
    let Some(page) = answer.page else { return };
    for recogniser in [Recogniser::everything_ebpf(), Recogniser::everything_sdk()] {
        if let Ok(decoded) = decode(&page.otlp, Encoding::Protobuf, &recogniser) {
            let _ = decoded.refused.message();
            decoded.spans.iter().for_each(message_size);
        }
    }
}

/// Decodes `body`, and decodes the result again after encoding it in both encodings.
pub fn checked(body: &[u8], encoding: Encoding) -> Result<DecodedSpans, DecodeError> {
    let sdk = Recogniser::everything_sdk();
    let outcome = decode(body, encoding, &sdk);
    let said = match &outcome {
        Ok(decoded) => decoded.refused.message(),
        Err(error) => error.to_string(),
    };
    assert!(said.len() < 2_048 && !said.contains(char::is_control), "{said:?}");
    if let Ok(decoded) = &outcome {
        let held = memory(&decoded.spans);
        assert!(held <= MULTIPLE * body.len() + BESIDES, "{held} bytes of {}", body.len());
        survives(&decoded.spans);
        decoded.spans.iter().for_each(message_size);
    }
    outcome
}

/// Encoding and decoding loses nothing of an accepted request.
fn survives(spans: &[Span]) {
    let sdk = Recogniser::everything_sdk();
    let expected = grouped(spans);
    let again = decode(&encode(spans), Encoding::Protobuf, &sdk).expect("we wrote it");
    assert!(again.refused.is_empty(), "{}", again.refused.message());
    assert_eq!(again.spans, expected);
    let json = encode_json(spans);
    let again = decode(json.as_bytes(), Encoding::Json, &sdk).expect("we wrote it");
    assert!(again.refused.is_empty(), "{}", again.refused.message());
    // As text, since JSON has a single NaN.
    assert_eq!(encode_json(&again.spans), encode_json(&expected));
}

/// The size of a span's message is at most the computed size.
fn message_size(span: &Span) {
    let bytes = BeylaTraceSpan::from(span).encode_to_vec();
    assert!(bytes.len() <= span_message_len(span));
    BeylaTraceSpan::decode(&bytes[..]).expect("we wrote it");
}

/// `spans` in the order in which encoding groups them.
pub fn grouped(spans: &[Span]) -> Vec<Span> {
    let first = |span: &Span, equal: fn(&Span, &Span) -> bool| {
        spans.iter().position(|other| equal(span, other))
    };
    let mut grouped = spans.to_vec();
    grouped.sort_by_cached_key(|span| {
        let resource = first(span, |a, b| a.origin.resource == b.origin.resource);
        (resource, first(span, |a, b| a.origin == b.origin))
    });
    grouped
}

/// Bytes of heap that `spans` use. An origin counts again after each span that has another origin.
#[allow(clippy::ptr_arg, reason = "as below")]
fn memory(spans: &Vec<Span>) -> usize {
    let mut bytes = list(spans);
    let mut last: Option<&Origin> = None;
    for span in spans {
        if last.is_none_or(|last| !std::ptr::eq(last, &*span.origin)) {
            bytes += size_of::<Origin>() + origin(&span.origin);
        }
        last = Some(&span.origin);
        bytes +=
            span.name.capacity() + span.trace_state.capacity() + span.status.message.capacity();
        bytes += attributes(&span.attributes) + list(&span.events) + list(&span.links);
        bytes += span
            .events
            .iter()
            .map(|it| it.name.capacity() + attributes(&it.attributes))
            .sum::<usize>();
        let links = span.links.iter();
        bytes +=
            links.map(|it| it.trace_state.capacity() + attributes(&it.attributes)).sum::<usize>();
    }
    bytes
}

/// Bytes of heap that `list` has reserved: its capacity counts, not its length.
#[allow(clippy::ptr_arg, reason = "a slice does not know how much room its list has")]
fn list<T>(list: &Vec<T>) -> usize {
    list.capacity() * size_of::<T>()
}

fn origin(Origin { resource, scope, .. }: &Origin) -> usize {
    let Resource { attributes: of_resource, schema_url, entity_refs, .. } = resource;
    let Scope { attributes: of_scope, name, version, .. } = scope;
    let texts = schema_url.capacity() + name.capacity() + version.capacity();
    let entities = entity_refs.iter().map(|entity| {
        let keys = entity.id_keys.iter().chain(&entity.description_keys);
        let lists = list(&entity.id_keys) + list(&entity.description_keys);
        keys.map(String::capacity).sum::<usize>() + lists + entity.kind.capacity()
    });
    let entities = entities.sum::<usize>() + list(entity_refs);
    attributes(of_resource) + attributes(of_scope) + texts + entities
}

fn attributes(attributes: &Attributes) -> usize {
    let each = attributes.iter().map(|it| it.key.capacity() + value(&it.value));
    list(&attributes.0) + each.sum::<usize>()
}

fn value(of: &Value) -> usize {
    match of {
        Value::String(text) => text.capacity(),
        Value::Bytes(bytes) => bytes.capacity(),
        Value::Array(values) => list(values) + values.iter().map(value).sum::<usize>(),
        Value::Map(map) => attributes(map),
        Value::Empty | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
    }
}
