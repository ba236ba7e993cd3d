//! A trace as Jaeger's query service adjusts it before it answers: sorted attributes and events,
//! addresses as text, the attributes of the SDK at the resource, and warnings.
//!
//! Source: the standard adjusters of Jaeger. Clock skew is only warned of, as where Jaeger's setting
//! `max_clock_skew_adjust` has its default.

mod clock_skew;
mod origins;

use coral_trace::{Attributes, KeyValue, Span, Value};

use self::origins::Origins;

/// The attribute of a span with the warnings about it, a list of texts.
pub(super) const WARNINGS: &str = "@jaeger@warnings";

/// The attributes that are moved from a span to its resource.
const LIBRARY_KEYS: [&str; 5] = [
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "telemetry.distro.name",
    "telemetry.distro.version",
];

/// Adjusts the spans of one trace.
pub(super) fn adjust(spans: &mut [Span]) {
    let mut origins = Origins::of(spans);
    for span in spans.iter_mut() {
        sort(&mut span.attributes);
        span.events.sort_by(|one, other| one.name.cmp(&other.name));
        span.events.iter_mut().for_each(|event| sort(&mut event.attributes));
        span.links.iter_mut().for_each(|link| sort(&mut link.attributes));
    }
    clock_skew::warn(spans);
    for span in spans.iter_mut() {
        write_addresses(&mut span.attributes);
        if span.attributes.iter().any(|pair| LIBRARY_KEYS.contains(&pair.key.as_str())) {
            origins.move_library_attributes(span);
        }
    }
    origins.put_into(spans);
}

/// Adds a warning to `span`.
pub(super) fn warn(span: &mut Span, warning: String) {
    let warning = Value::String(warning);
    let pairs = &mut span.attributes.0;
    match pairs.iter_mut().find(|pair| pair.key == WARNINGS) {
        Some(KeyValue { value: Value::Array(warnings), .. }) => warnings.push(warning),
        Some(_) => {}
        None => {
            pairs.push(KeyValue { key: WARNINGS.to_owned(), value: Value::Array(vec![warning]) });
        }
    }
}

fn sort(attributes: &mut Attributes) {
    attributes.0.sort_by(|one, other| one.key.cmp(&other.key));
}

/// Replaces an IPv4 address that is a number by its text.
fn write_addresses(attributes: &mut Attributes) {
    for pair in &mut attributes.0 {
        if pair.key != "ip" && pair.key != "peer.ipv4" {
            continue;
        }
        let number = match &pair.value {
            Value::Int(number) => *number as u32,
            Value::Double(number) => number.0 as u32,
            _ => continue,
        };
        pair.value = Value::String(std::net::Ipv4Addr::from(number).to_string());
    }
}
