//! A trace in the JSON of Jaeger's user interface.
//!
//! Source: Jaeger's `uimodel`, and the translation of OTLP to Jaeger's model in the OpenTelemetry
//! Collector.

mod tags;

use std::collections::HashMap;

use coral_trace::{Event, Link, Span, SpanId, TraceId, Value};
use serde::ser::{
    Serialize, SerializeMap as _, SerializeSeq as _, SerializeStruct as _, Serializer,
};

use self::tags::{SpanTags, Tag, Tags};
use super::adjusted::WARNINGS;

/// The spans of one trace, at least one.
pub(super) struct UiTrace<'a> {
    pub(super) spans: &'a [Span],
    /// What is to be said about the whole trace.
    pub(super) warnings: Vec<String>,
}

/// A trace id as Jaeger writes it: 32 hex digits, or 16 if the first 16 are zero.
pub(super) fn id_text(id: TraceId) -> String {
    match u64::try_from(id.as_u128()) {
        Ok(low) => format!("{low:016x}"),
        Err(_) => id.to_string(),
    }
}

impl Serialize for UiTrace<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let processes = Processes::of(self.spans);
        let id = self.spans.first().map(|span| id_text(span.trace_id)).unwrap_or_default();
        let mut trace = to.serialize_struct("Trace", 4)?;
        trace.serialize_field("traceID", &id)?;
        trace.serialize_field("spans", &Spans { spans: self.spans, of: &processes, id: &id })?;
        trace.serialize_field("processes", &processes)?;
        let warnings = (!self.warnings.is_empty()).then_some(&self.warnings);
        trace.serialize_field("warnings", &warnings)?;
        trace.end()
    }
}

/// The processes of a trace, `p1`, `p2` and so on, by the address of the origin.
struct Processes<'a> {
    names: HashMap<*const coral_trace::Origin, usize>,
    processes: Vec<Process<'a>>,
}

struct Process<'a> {
    name: String,
    origin: &'a coral_trace::Origin,
}

impl<'a> Processes<'a> {
    fn of(spans: &'a [Span]) -> Self {
        let (mut names, mut processes) = (HashMap::new(), Vec::new());
        let mut known = HashMap::new();
        for span in spans {
            names.entry(std::sync::Arc::as_ptr(&span.origin)).or_insert_with(|| {
                *known.entry(&span.origin.resource.attributes).or_insert_with(|| {
                    let name = format!("p{}", processes.len() + 1);
                    processes.push(Process { name, origin: &span.origin });
                    processes.len() - 1
                })
            });
        }
        Self { names, processes }
    }

    fn name(&self, span: &Span) -> &str {
        &self.processes[self.names[&std::sync::Arc::as_ptr(&span.origin)]].name
    }
}

impl Serialize for Processes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.processes.len()))?;
        for process in &self.processes {
            map.serialize_entry(&process.name, process)?;
        }
        map.end()
    }
}

impl Serialize for Process<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut process = to.serialize_struct("Process", 2)?;
        process.serialize_field("serviceName", self.origin.service_name())?;
        let tags = Tags { of: &self.origin.resource.attributes, without: "service.name" };
        process.serialize_field("tags", &tags)?;
        process.end()
    }
}

struct Spans<'a> {
    spans: &'a [Span],
    of: &'a Processes<'a>,
    /// The text of the trace id of all spans.
    id: &'a str,
}

impl Serialize for Spans<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let spans = self.spans.iter();
        to.collect_seq(spans.map(|span| UiSpan { span, process: self.of.name(span), id: self.id }))
    }
}

struct UiSpan<'a> {
    span: &'a Span,
    process: &'a str,
    id: &'a str,
}

impl Serialize for UiSpan<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let span = self.span;
        let micros = u64::try_from(span.duration().as_micros()).unwrap_or(u64::MAX);
        let mut json = to.serialize_struct("Span", 10)?;
        json.serialize_field("traceID", self.id)?;
        json.serialize_field("spanID", &span.span_id.to_string())?;
        json.serialize_field("operationName", &span.name)?;
        json.serialize_field("references", &References(self))?;
        json.serialize_field("startTime", &(span.start.0 / 1_000))?;
        json.serialize_field("duration", &micros)?;
        json.serialize_field("tags", &SpanTags(span))?;
        json.serialize_field("logs", &Logs(&span.events))?;
        json.serialize_field("processID", self.process)?;
        json.serialize_field("warnings", &warnings(span))?;
        json.end()
    }
}

fn warnings(span: &Span) -> Option<Vec<String>> {
    match span.attributes.get(WARNINGS)? {
        Value::Array(warnings) => Some(warnings.iter().map(ToString::to_string).collect()),
        other => Some(vec![other.to_string()]),
    }
}

/// The parent of a span, then its links. A link to the parent only says the type of the reference.
struct References<'a>(&'a UiSpan<'a>);

struct Reference<'a> {
    kind: &'static str,
    trace: &'a str,
    span: SpanId,
}

const CHILD_OF: &str = "CHILD_OF";

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let UiSpan { span, id, .. } = *self.0;
        let mut all = to.serialize_seq(None)?;
        let is_parent = |link: &&Link| {
            link.trace_id == span.trace_id && Some(link.span_id) == span.parent_span_id
        };
        if let Some(parent) = span.parent_span_id {
            let kind = span.links.iter().rfind(is_parent).map_or(CHILD_OF, kind);
            all.serialize_element(&Reference { kind, trace: id, span: parent })?;
        }
        for link in span.links.iter().filter(|link| !is_parent(link)) {
            let trace = id_text(link.trace_id);
            all.serialize_element(&Reference {
                kind: kind(link),
                trace: &trace,
                span: link.span_id,
            })?;
        }
        all.end()
    }
}

fn kind(link: &Link) -> &'static str {
    match link.attributes.text("opentracing.ref_type") {
        Some("child_of") => CHILD_OF,
        _ => "FOLLOWS_FROM",
    }
}

impl Serialize for Reference<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut json = to.serialize_struct("Reference", 3)?;
        json.serialize_field("refType", self.kind)?;
        json.serialize_field("traceID", self.trace)?;
        json.serialize_field("spanID", &self.span.to_string())?;
        json.end()
    }
}

struct Logs<'a>(&'a [Event]);

impl Serialize for Logs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(Log))
    }
}

struct Log<'a>(&'a Event);

impl Serialize for Log<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut json = to.serialize_struct("Log", 2)?;
        json.serialize_field("timestamp", &(self.0.time.0 / 1_000))?;
        json.serialize_field("fields", &Fields(self.0))?;
        json.end()
    }
}

/// The name of an event as the field `event`, unless an attribute has that key, and its attributes.
struct Fields<'a>(&'a Event);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut all = to.serialize_seq(None)?;
        if !event.name.is_empty() && event.attributes.get("event").is_none() {
            all.serialize_element(&Tag::Text("event", &event.name))?;
        }
        for pair in &event.attributes {
            all.serialize_element(&Tag::Value(&pair.key, &pair.value))?;
        }
        all.end()
    }
}
