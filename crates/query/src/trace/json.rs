//! A whole span as JSON, and back.

use std::borrow::Cow;
use std::sync::Arc;

use coral_trace::{
    Attributes, Collector, Double, Event, KeyValue, Link, Origin, Resource, Scope, Span, SpanId,
    SpanKind, Status, StatusCode, TraceId, UNKNOWN_SERVICE, UnixNanos, Value,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::answer::TraceSpan;
use crate::json::{micros, nanos, text, text_or_null};

/// The JSON of a span. The first fourteen fields are as old as the API; the others were added.
#[derive(Serialize, Deserialize, JsonSchema)]
struct SpanJson<'a> {
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    #[serde(with = "text_or_null")]
    #[schemars(with = "Option<String>")]
    parent_span_id: Option<SpanId>,
    agent_id: Cow<'a, str>,
    service_name: Cow<'a, str>,
    span_name: Cow<'a, str>,
    span_kind: Cow<'a, str>,
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    start_time_unix_us: UnixNanos,
    duration_us: i64,
    status_code: Option<u16>,
    span_status: Cow<'a, str>,
    attributes: Texts<'a>,
    source: Cow<'a, str>,
    #[serde(default)]
    virtual_hop: bool,
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    start_time_unix_nano: Option<UnixNanos>,
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    end_time_unix_nano: Option<UnixNanos>,
    #[serde(default)]
    status_message: Cow<'a, str>,
    #[serde(default)]
    typed_attributes: Option<Typed<'a>>,
    #[serde(default)]
    resource: Typed<'a>,
    #[serde(default)]
    scope: ScopeJson<'a>,
    #[serde(default)]
    events: Vec<EventJson<'a>>,
    #[serde(default)]
    links: Vec<LinkJson<'a>>,
    #[serde(default)]
    trace_state: Cow<'a, str>,
    #[serde(default)]
    flags: u32,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct ScopeJson<'a> {
    name: Cow<'a, str>,
    version: Cow<'a, str>,
    #[serde(default)]
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct EventJson<'a> {
    name: Cow<'a, str>,
    #[serde(with = "micros")]
    #[schemars(with = "i64")]
    time_unix_us: UnixNanos,
    #[serde(default, with = "nanos")]
    #[schemars(with = "Option<String>")]
    time_unix_nano: Option<UnixNanos>,
    attributes: Typed<'a>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct LinkJson<'a> {
    #[serde(with = "text")]
    #[schemars(with = "String")]
    trace_id: TraceId,
    #[serde(with = "text")]
    #[schemars(with = "String")]
    span_id: SpanId,
    trace_state: Cow<'a, str>,
    attributes: Typed<'a>,
}

/// Attributes as an object of texts, by key; of a repeated key the first.
struct Texts<'a>(Cow<'a, Attributes>);

/// Attributes as an object of typed values, by key; of a repeated key the first.
#[derive(Default)]
struct Typed<'a>(Cow<'a, Attributes>);

impl Serialize for TraceSpan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { agent_id, span } = self;
        let Origin { resource, scope, collector } = &*span.origin;
        let json = SpanJson {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            agent_id: (&**agent_id).into(),
            service_name: span.origin.service_name().into(),
            span_name: span.name.as_str().into(),
            span_kind: span.kind.as_str().into(),
            start_time_unix_us: span.start,
            duration_us: i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX),
            status_code: span.response_status(),
            span_status: span.status.code.as_str().into(),
            attributes: Texts(Cow::Borrowed(&span.attributes)),
            source: collector.as_str().into(),
            virtual_hop: span.is_virtual_hop(),
            start_time_unix_nano: Some(span.start),
            end_time_unix_nano: Some(span.end),
            status_message: span.status.message.as_str().into(),
            typed_attributes: Some(Typed(Cow::Borrowed(&span.attributes))),
            resource: Typed(Cow::Borrowed(&resource.attributes)),
            scope: ScopeJson {
                name: scope.name.as_str().into(),
                version: scope.version.as_str().into(),
                attributes: Typed(Cow::Borrowed(&scope.attributes)),
            },
            events: span.events.iter().map(EventJson::from).collect(),
            links: span.links.iter().map(LinkJson::from).collect(),
            trace_state: span.trace_state.as_str().into(),
            flags: span.flags,
        };
        json.serialize(to)
    }
}

impl<'de> Deserialize<'de> for TraceSpan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = SpanJson::deserialize(from)?;
        let kind = named(&SPAN_KINDS, &json.span_kind, SpanKind::as_str)?;
        let code = named(&STATUS_CODES, &json.span_status, StatusCode::as_str)?;
        let collector = named(&COLLECTORS, &json.source, Collector::as_str)?;
        let mut resource = Resource { attributes: json.resource.owned(), ..Resource::default() };
        // A colony that says no resource says the service all the same.
        if resource.attributes.is_empty() && json.service_name != UNKNOWN_SERVICE {
            resource.attributes = [("service.name", &*json.service_name)].into_iter().collect();
        }
        let start = json.start_time_unix_nano.unwrap_or(json.start_time_unix_us);
        let length = u64::try_from(json.duration_us).unwrap_or(0).saturating_mul(1_000);
        let end = json.end_time_unix_nano.unwrap_or(UnixNanos(start.0.saturating_add(length)));
        let scope = Scope {
            name: json.scope.name.into_owned(),
            version: json.scope.version.into_owned(),
            attributes: json.scope.attributes.owned(),
            ..Scope::default()
        };
        let span = Span {
            trace_id: json.trace_id,
            span_id: json.span_id,
            parent_span_id: json.parent_span_id,
            trace_state: json.trace_state.into_owned(),
            flags: json.flags,
            name: json.span_name.into_owned(),
            kind,
            start,
            end,
            attributes: match json.typed_attributes {
                Some(typed) => typed.owned(),
                None => json.attributes.0.into_owned(),
            },
            dropped_attributes: 0,
            events: json.events.into_iter().map(Event::from).collect(),
            dropped_events: 0,
            links: json.links.into_iter().map(Link::from).collect(),
            dropped_links: 0,
            status: Status { code, message: json.status_message.into_owned() },
            origin: Arc::new(Origin { resource, scope, collector }),
        };
        Ok(Self { agent_id: json.agent_id.into(), span })
    }
}

const SPAN_KINDS: [SpanKind; 5] = [
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];
const STATUS_CODES: [StatusCode; 3] = [StatusCode::Unset, StatusCode::Ok, StatusCode::Error];
const COLLECTORS: [Collector; 2] = [Collector::Ebpf, Collector::Sdk];

fn named<T: Copy, E: de::Error>(
    all: &[T],
    name: &str,
    as_str: fn(T) -> &'static str,
) -> Result<T, E> {
    let found = all.iter().copied().find(|value| as_str(*value) == name);
    found.ok_or_else(|| E::custom(format!("`{name}` is unknown here")))
}

impl<'a> From<&'a Event> for EventJson<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            name: event.name.as_str().into(),
            time_unix_us: event.time,
            time_unix_nano: Some(event.time),
            attributes: Typed(Cow::Borrowed(&event.attributes)),
        }
    }
}

impl From<EventJson<'_>> for Event {
    fn from(json: EventJson<'_>) -> Self {
        Self {
            time: json.time_unix_nano.unwrap_or(json.time_unix_us),
            name: json.name.into_owned(),
            attributes: json.attributes.owned(),
            dropped_attributes: 0,
        }
    }
}

impl<'a> From<&'a Link> for LinkJson<'a> {
    fn from(link: &'a Link) -> Self {
        Self {
            trace_id: link.trace_id,
            span_id: link.span_id,
            trace_state: link.trace_state.as_str().into(),
            attributes: Typed(Cow::Borrowed(&link.attributes)),
        }
    }
}

impl From<LinkJson<'_>> for Link {
    fn from(json: LinkJson<'_>) -> Self {
        Self {
            trace_id: json.trace_id,
            span_id: json.span_id,
            trace_state: json.trace_state.into_owned(),
            attributes: json.attributes.owned(),
            dropped_attributes: 0,
            flags: 0,
        }
    }
}

impl Typed<'_> {
    fn owned(self) -> Attributes {
        self.0.into_owned()
    }
}

/// More attributes than this are sorted to find repeated keys; of fewer each is compared with those before it.
const MAX_COMPARED: usize = 64;

/// The first attribute of each key.
fn distinct(attributes: &Attributes) -> Cow<'_, [KeyValue]> {
    let pairs = &attributes.0;
    let is_repeated = |at: usize| pairs[..at].iter().any(|earlier| earlier.key == pairs[at].key);
    if pairs.len() <= MAX_COMPARED && !(1..pairs.len()).any(is_repeated) {
        return Cow::Borrowed(pairs);
    }
    let mut by_key: Vec<&KeyValue> = pairs.iter().collect();
    by_key.sort_by(|one, other| one.key.cmp(&other.key));
    by_key.dedup_by(|next, first| next.key == first.key);
    Cow::Owned(by_key.into_iter().cloned().collect())
}

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let pairs = distinct(&self.0);
        let mut map = to.serialize_map(Some(pairs.len()))?;
        for KeyValue { key, value } in pairs.iter() {
            match value {
                Value::String(text) => map.serialize_entry(key, text)?,
                value => map.serialize_entry(key, &AsText(value))?,
            }
        }
        map.end()
    }
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        object(&self.0, to)
    }
}

fn object<S: Serializer>(attributes: &Attributes, to: S) -> Result<S::Ok, S::Error> {
    let pairs = distinct(attributes);
    let mut map = to.serialize_map(Some(pairs.len()))?;
    for KeyValue { key, value } in pairs.iter() {
        map.serialize_entry(key, &AsJson(value))?;
    }
    map.end()
}

struct AsText<'a>(&'a Value);

impl Serialize for AsText<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            // The most common ones, without the detour over a formatter.
            Value::Int(number) => to.serialize_str(itoa::Buffer::new().format(*number)),
            Value::Bool(truth) => to.serialize_str(if *truth { "true" } else { "false" }),
            other => to.collect_str(other),
        }
    }
}

struct AsJson<'a>(&'a Value);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => to.serialize_unit(),
            Value::String(text) => to.serialize_str(text),
            Value::Bool(truth) => to.serialize_bool(*truth),
            Value::Int(number) => to.serialize_i64(*number),
            Value::Double(Double(number)) if number.is_finite() => to.serialize_f64(*number),
            Value::Array(values) => {
                let mut list = to.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&AsJson(value))?;
                }
                list.end()
            }
            Value::Map(attributes) => object(attributes, to),
            Value::Double(_) | Value::Bytes(_) => to.collect_str(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Texts<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Typed::deserialize(from).map(|typed| Self(typed.0))
    }
}

impl<'de> Deserialize<'de> for Typed<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = serde_json::Map::deserialize(from)?;
        Ok(Self(Cow::Owned(attributes(pairs))))
    }
}

fn attributes(pairs: serde_json::Map<String, serde_json::Value>) -> Attributes {
    let pairs = pairs.into_iter().map(|(key, json)| KeyValue { key, value: value(json) });
    Attributes(pairs.collect())
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Empty,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(double)) => Value::Double(Double(double)),
            (None, None) => Value::String(number.to_string()),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(values) => Value::Array(values.into_iter().map(value).collect()),
        serde_json::Value::Object(pairs) => Value::Map(attributes(pairs)),
    }
}

impl JsonSchema for TraceSpan {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        SpanJson::json_schema(generator)
    }
}

impl JsonSchema for Texts<'_> {
    fn schema_name() -> Cow<'static, str> {
        "TextAttributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Attributes as text, by key; lists and maps as JSON.",
            "additionalProperties": { "type": "string" },
        })
    }
}

impl JsonSchema for Typed<'_> {
    fn schema_name() -> Cow<'static, str> {
        "TypedAttributes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Attributes with their JSON types, by key; bytes are base64 text.",
            "additionalProperties": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::testing;
    use proptest::prelude::*;

    use super::*;

    /// Without `attributes`: the text of a map has its keys in the order in which they came, JSON's objects have none.
    fn json(span: &TraceSpan) -> serde_json::Value {
        let mut json = serde_json::to_value(span).unwrap();
        json.as_object_mut().unwrap().remove("attributes");
        json
    }

    proptest! {
        #[test]
        fn a_span_comes_back_from_its_json_as_it_was_but_for_what_json_has_no_form_for(
            span in testing::span(),
        ) {
            let sent = TraceSpan { agent_id: "web-1".into(), span };
            let text = serde_json::to_string(&sent).unwrap();
            let back: TraceSpan = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(json(&back), json(&sent));
            let (back, sent) = (back.span, sent.span);
            prop_assert_eq!(
                (back.trace_id, back.span_id, back.parent_span_id, back.start, back.end),
                (sent.trace_id, sent.span_id, sent.parent_span_id, sent.start, sent.end)
            );
            prop_assert_eq!(back.events.len(), sent.events.len());
            prop_assert_eq!(&back.status, &sent.status);
            prop_assert_eq!(back.response_status(), sent.response_status());
            prop_assert_eq!(back.is_virtual_hop(), sent.is_virtual_hop());
        }
    }

    #[test]
    fn of_a_repeated_key_the_first_value_stays() {
        for others in [0, 3, 2 * MAX_COMPARED] {
            let pair =
                |key: &str, value: i64| KeyValue { key: key.to_owned(), value: value.into() };
            let mut pairs = vec![pair("b", 1)];
            pairs.extend((0..others as i64).map(|other| pair(&format!("a{other}"), other)));
            pairs.push(pair("b", 2));
            let json = serde_json::to_string(&Typed(Cow::Owned(Attributes(pairs)))).unwrap();
            assert_eq!(json.matches("\"b\":").count(), 1, "{json}");
            assert!(json.contains("\"b\":1"), "{json}");
        }
    }

    #[test]
    fn the_json_of_a_colony_that_knows_neither_types_nor_resources_is_read() {
        let old = serde_json::json!({
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
            "parent_span_id": null, "agent_id": "web-1", "service_name": "shop",
            "span_name": "GET /", "span_kind": "server", "start_time_unix_us": 5,
            "duration_us": 7, "status_code": 200, "span_status": "unset",
            "attributes": {"http.response.status_code": "200"}, "source": "ebpf",
        });
        let span = serde_json::from_value::<TraceSpan>(old).unwrap().span;
        assert_eq!(span.origin.service_name(), "shop");
        assert_eq!((span.start, span.end), (UnixNanos(5_000), UnixNanos(12_000)));
        assert_eq!(span.response_status(), Some(200));
    }
}
