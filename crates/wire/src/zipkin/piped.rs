//! Events and links as text with `|` between their parts, as OpenTelemetry's translator writes them:
//! `NAME|ATTRIBUTES|DROPPED` and `TRACE|SPAN|STATE|ATTRIBUTES|DROPPED`, with attributes as a JSON
//! object.

use coral_trace::{Attributes, Event, KeyValue, Link, UnixNanos, Value};
use serde_json::Value as Json;

use crate::otlp::is_too_deep;

/// The text of `event`: its name, if it has no attributes.
pub(crate) fn of_event(event: &Event) -> String {
    match event.attributes.is_empty() && event.dropped_attributes == 0 {
        true => event.name.clone(),
        false => {
            format!("{}|{}|{}", event.name, object(&event.attributes), event.dropped_attributes)
        }
    }
}

/// The event at `time` with that text. A text that [`of_event`] would not have written is a name.
pub(crate) fn event(text: &str, time: UnixNanos) -> Event {
    let named = |name: &str| Event { time, name: name.to_owned(), ..Event::default() };
    let parsed = text.split_once('|').and_then(|(name, rest)| {
        let (attributes, dropped_attributes) = with_attributes(rest)?;
        Some(Event { attributes, dropped_attributes, ..named(name) })
    });
    parsed.filter(|event| of_event(event) == text).unwrap_or_else(|| named(text))
}

/// The text of `link`. Its flags are lost.
pub(crate) fn of_link(link: &Link) -> String {
    let Link { trace_id, span_id, trace_state, attributes, dropped_attributes, .. } = link;
    let attributes = object(attributes);
    format!("{trace_id}|{span_id}|{trace_state}|{attributes}|{dropped_attributes}")
}

/// The link with that text; `None` for a text that [`of_link`] would not have written.
pub(crate) fn link(text: &str) -> Option<Link> {
    let mut parts = text.splitn(4, '|');
    let (trace_id, span_id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let trace_state = parts.next()?.to_owned();
    let (attributes, dropped_attributes) = with_attributes(parts.next()?)?;
    let link = Link { trace_id, span_id, trace_state, attributes, dropped_attributes, flags: 0 };
    Some(link).filter(|link| of_link(link) == text)
}

/// `attributes` as a JSON object, sorted by key.
fn object(attributes: &Attributes) -> String {
    let mut sorted = attributes.clone();
    sorted.0.sort_by(|one, other| one.key.cmp(&other.key));
    Value::Map(sorted).to_string()
}

/// Reads `ATTRIBUTES|DROPPED`.
fn with_attributes(text: &str) -> Option<(Attributes, u32)> {
    let (object, dropped) = text.rsplit_once('|')?;
    let dropped = dropped.parse().ok()?;
    let Json::Object(pairs) = serde_json::from_str(object).ok()? else { return None };
    let attributes = attributes(pairs);
    (!is_too_deep(&attributes)).then_some((attributes, dropped))
}

fn attributes(pairs: serde_json::Map<String, Json>) -> Attributes {
    let pairs = pairs.into_iter().map(|(key, json)| KeyValue { key, value: value(json) });
    Attributes(pairs.collect())
}

fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Empty,
        Json::Bool(truth) => truth.into(),
        Json::String(text) => Value::String(text),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Json::Array(values) => Value::Array(values.into_iter().map(value).collect()),
        Json::Object(pairs) => Value::Map(attributes(pairs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_with_attributes_survives_as_text_and_any_other_text_is_a_name() {
        let pairs = [("b", Value::from("x|y")), ("a", Value::from(1)), ("c", Value::from(true))];
        let sent = Event {
            time: UnixNanos(5),
            name: "retry".to_owned(),
            attributes: pairs.into_iter().collect(),
            dropped_attributes: 2,
        };
        let text = of_event(&sent);
        assert_eq!(text, r#"retry|{"a":1,"b":"x|y","c":true}|2"#);
        let read = event(&text, UnixNanos(5));
        assert_eq!((read.name.as_str(), read.attributes.len()), ("retry", 3));
        assert_eq!(of_event(&read), text);
        for name in ["ws", "a|b|c", "a|{}|0", "a|{ \"b\": 1 }|0", "|", "a|[1]|1", "a|{\"b\":1}|-1"]
        {
            let read = event(name, UnixNanos(5));
            assert_eq!((read.name.as_str(), of_event(&read).as_str()), (name, name));
        }
    }

    #[test]
    fn a_link_survives_as_text() {
        let text = "5af7183fb1d4cf5f5af7183fb1d4cf5f|6b221d5bc9e6496c|k=v|{\"a\":\"|\"}|3";
        assert_eq!(of_link(&link(text).unwrap()), text);
        for other in ["", "1|2|3|4|5", "5af7183fb1d4cf5f5af7183fb1d4cf5f|6b221d5bc9e6496c|k=v|{}"] {
            assert_eq!(link(other), None, "{other}");
        }
    }
}
