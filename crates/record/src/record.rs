//! JSON in the columns of a row: an origin, and a span's rare fields.

use coral_trace::{
    Attributes, Collector, EntityRef, Event, KeyValue, Link, Origin, Resource, Scope, Span, SpanId,
    TraceId, UnixNanos,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{Object, ReadObject};

/// The JSON of the column `origin`: resource and scope. The collector is in the column `ebpf`.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct OriginRecord {
    resource: ResourceRecord,
    #[serde(skip_serializing_if = "is_default")]
    scope: ScopeRecord,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct ResourceRecord {
    attributes: Pairs,
    #[serde(skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(skip_serializing_if = "is_default")]
    schema_url: String,
    #[serde(skip_serializing_if = "is_default")]
    entity_refs: Vec<EntityRefRecord>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct EntityRefRecord {
    schema_url: String,
    kind: String,
    id_keys: Vec<String>,
    description_keys: Vec<String>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct ScopeRecord {
    name: String,
    version: String,
    attributes: Pairs,
    dropped_attributes: u32,
    schema_url: String,
}

/// The JSON of the column `extra`: fields that most spans lack.
#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct ExtraRecord {
    #[serde(skip_serializing_if = "is_default")]
    trace_state: String,
    #[serde(skip_serializing_if = "is_default")]
    flags: u32,
    #[serde(skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(skip_serializing_if = "is_default")]
    dropped_events: u32,
    #[serde(skip_serializing_if = "is_default")]
    dropped_links: u32,
    #[serde(skip_serializing_if = "is_default")]
    status_message: String,
    #[serde(skip_serializing_if = "is_default")]
    events: Vec<EventRecord>,
    #[serde(skip_serializing_if = "is_default")]
    links: Vec<LinkRecord>,
}

#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct EventRecord {
    time_unix_nano: u64,
    name: String,
    attributes: Pairs,
    #[serde(skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

#[derive(Serialize, Deserialize, PartialEq)]
struct LinkRecord {
    trace_id: String,
    span_id: String,
    #[serde(default, skip_serializing_if = "is_default")]
    trace_state: String,
    attributes: Pairs,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    flags: u32,
}

/// Attributes as one JSON object.
#[derive(Default, PartialEq)]
struct Pairs(Attributes);

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Object(self.0.iter()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReadObject::deserialize(deserializer).map(|read| Self(read.0))
    }
}

/// Attributes without a column, as JSON; `None` when there are none.
pub fn write_attributes(rest: &[&KeyValue]) -> Option<String> {
    write_attributes_into(rest, &mut Vec::new()).map(str::to_owned)
}

/// Like [`write_attributes`], in the memory of `buffer`.
pub fn write_attributes_into<'b>(rest: &[&KeyValue], buffer: &'b mut Vec<u8>) -> Option<&'b str> {
    if rest.is_empty() {
        return None;
    }
    buffer.clear();
    let written = serde_json::to_writer(&mut *buffer, &Object(rest.iter().copied()));
    written.expect("maps with text keys always have a JSON form");
    Some(str::from_utf8(buffer).expect("JSON is UTF-8"))
}

/// Parses attributes from JSON.
///
/// # Errors
/// When `json` is not what [`write_attributes`] writes.
pub fn read_attributes(json: &str) -> Result<Attributes, serde_json::Error> {
    serde_json::from_str::<ReadObject>(json).map(|read| read.0)
}

/// An origin as JSON.
pub fn write_origin(origin: &Origin) -> String {
    let Origin { resource, scope, collector: _ } = origin.clone();
    let entity_refs = resource.entity_refs.into_iter().map(EntityRefRecord::from).collect();
    to_json(&OriginRecord {
        resource: ResourceRecord {
            attributes: Pairs(resource.attributes),
            dropped_attributes: resource.dropped_attributes,
            schema_url: resource.schema_url,
            entity_refs,
        },
        scope: ScopeRecord {
            name: scope.name,
            version: scope.version,
            attributes: Pairs(scope.attributes),
            dropped_attributes: scope.dropped_attributes,
            schema_url: scope.schema_url,
        },
    })
}

/// Parses an origin from JSON.
///
/// # Errors
/// When `json` is not what [`write_origin`] writes.
pub fn read_origin(json: &str, collector: Collector) -> Result<Origin, serde_json::Error> {
    let OriginRecord { resource, scope } = serde_json::from_str(json)?;
    Ok(Origin {
        resource: Resource {
            attributes: resource.attributes.0,
            dropped_attributes: resource.dropped_attributes,
            entity_refs: resource.entity_refs.into_iter().map(EntityRef::from).collect(),
            schema_url: resource.schema_url,
        },
        scope: Scope {
            name: scope.name,
            version: scope.version,
            attributes: scope.attributes.0,
            dropped_attributes: scope.dropped_attributes,
            schema_url: scope.schema_url,
        },
        collector,
    })
}

/// Parses the attributes of the resource from the JSON of an origin.
///
/// # Errors
/// As [`read_origin`].
pub fn read_resource_attributes(json: &str) -> Result<Attributes, serde_json::Error> {
    serde_json::from_str::<OriginRecord>(json).map(|origin| origin.resource.attributes.0)
}

/// A span's rare fields as JSON; `None` when all have their defaults, as in Beyla's spans.
pub fn write_extra(span: &Span) -> Option<String> {
    let usual = span.flags == 0
        && span.trace_state.is_empty()
        && span.dropped_attributes == 0
        && span.dropped_events == 0
        && span.dropped_links == 0
        && span.status.message.is_empty()
        && span.events.is_empty()
        && span.links.is_empty();
    (!usual).then(|| {
        to_json(&ExtraRecord {
            trace_state: span.trace_state.clone(),
            flags: span.flags,
            dropped_attributes: span.dropped_attributes,
            dropped_events: span.dropped_events,
            dropped_links: span.dropped_links,
            status_message: span.status.message.clone(),
            events: span.events.iter().map(EventRecord::from).collect(),
            links: span.links.iter().map(LinkRecord::from).collect(),
        })
    })
}

/// Parses rare fields from JSON into `span`.
///
/// # Errors
/// When `json` is not what [`write_extra`] writes.
pub fn read_extra(json: &str, span: &mut Span) -> Result<(), serde_json::Error> {
    let extra: ExtraRecord = serde_json::from_str(json)?;
    span.trace_state = extra.trace_state;
    span.flags = extra.flags;
    span.dropped_attributes = extra.dropped_attributes;
    span.dropped_events = extra.dropped_events;
    span.dropped_links = extra.dropped_links;
    span.status.message = extra.status_message;
    span.events = extra.events.into_iter().map(Event::from).collect();
    span.links = extra.links.into_iter().map(Link::try_from).collect::<Result<_, _>>()?;
    Ok(())
}

/// The trace state in the JSON of a span's rare fields, if the JSON is what [`write_extra`] writes for
/// a span whose attributes are nested at most `levels` deep.
pub fn trace_state_of_canonical(json: &str, levels: usize) -> Option<String> {
    let extra: ExtraRecord = serde_json::from_str(json).ok()?;
    let events = extra.events.iter().map(|event| &event.attributes.0);
    let links = extra.links.iter().map(|link| &link.attributes.0);
    let is_within = events.chain(links).all(|attributes| attributes.is_within(levels));
    let is_id = |link: &LinkRecord| {
        let ids = (link.trace_id.parse::<TraceId>(), link.span_id.parse::<SpanId>());
        let is_same = |id: &dyn std::fmt::Display, text: &str| id.to_string() == text;
        matches!(ids, (Ok(trace), Ok(span)) if is_same(&trace, &link.trace_id) && is_same(&span, &link.span_id))
    };
    let is_canonical = is_within
        && extra.links.iter().all(is_id)
        && !is_default(&extra)
        && to_json(&extra) == json;
    is_canonical.then_some(extra.trace_state)
}

impl From<EntityRef> for EntityRefRecord {
    fn from(entity: EntityRef) -> Self {
        let EntityRef { schema_url, kind, id_keys, description_keys } = entity;
        Self { schema_url, kind, id_keys, description_keys }
    }
}

impl From<EntityRefRecord> for EntityRef {
    fn from(record: EntityRefRecord) -> Self {
        let EntityRefRecord { schema_url, kind, id_keys, description_keys } = record;
        Self { schema_url, kind, id_keys, description_keys }
    }
}

impl From<&Event> for EventRecord {
    fn from(event: &Event) -> Self {
        Self {
            time_unix_nano: event.time.0,
            name: event.name.clone(),
            attributes: Pairs(event.attributes.clone()),
            dropped_attributes: event.dropped_attributes,
        }
    }
}

impl From<EventRecord> for Event {
    fn from(record: EventRecord) -> Self {
        Self {
            time: UnixNanos(record.time_unix_nano),
            name: record.name,
            attributes: record.attributes.0,
            dropped_attributes: record.dropped_attributes,
        }
    }
}

impl From<&Link> for LinkRecord {
    fn from(link: &Link) -> Self {
        Self {
            trace_id: link.trace_id.to_string(),
            span_id: link.span_id.to_string(),
            trace_state: link.trace_state.clone(),
            attributes: Pairs(link.attributes.clone()),
            dropped_attributes: link.dropped_attributes,
            flags: link.flags,
        }
    }
}

impl TryFrom<LinkRecord> for Link {
    type Error = serde_json::Error;

    fn try_from(record: LinkRecord) -> Result<Self, serde_json::Error> {
        use serde::de::Error as _;
        Ok(Self {
            trace_id: record.trace_id.parse::<TraceId>().map_err(serde_json::Error::custom)?,
            span_id: record.span_id.parse::<SpanId>().map_err(serde_json::Error::custom)?,
            trace_state: record.trace_state,
            attributes: record.attributes.0,
            dropped_attributes: record.dropped_attributes,
            flags: record.flags,
        })
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("maps with text keys always have a JSON form")
}
