//! Warnings about spans whose times do not fit those of their parents.

use std::collections::HashMap;

use coral_trace::{Resource, Span, SpanId, Value, go_duration};

use super::{Adjustment, warn as add_warning};
use crate::jaeger::go_text::tag_text;

/// By how much the clock of a host seems to differ.
#[derive(Clone, Default)]
struct Skew {
    nanos: i128,
    host: String,
}

/// Adds a warning to each span whose parent is missing, and to each span on another host than its
/// parent that does not lie within it.
pub(super) fn warn(spans: &mut [Span], adjustment: Adjustment) {
    let by_id: HashMap<SpanId, usize> =
        spans.iter().enumerate().rev().map(|(at, span)| (span.span_id, at)).collect();
    let mut children = vec![Vec::new(); spans.len()];
    let mut next = Vec::new();
    let hosts = hosts(spans, adjustment);
    for at in 0..spans.len() {
        let parent = parent(&spans[at], adjustment);
        match parent.map(|id| (id, by_id.get(&id))) {
            Some((_, Some(parent))) => children[*parent].push(at),
            Some((id, None)) => {
                let reason = match adjustment {
                    Adjustment::V3 => format!("parent span ID={id} is not in the trace"),
                    _ => format!("invalid parent span IDs={id}"),
                };
                add_warning(&mut spans[at], format!("{reason}; skipping clock skew adjustment"));
                next.push((at, None, Skew { nanos: 0, host: hosts[at].clone() }));
            }
            None => next.push((at, None, Skew { nanos: 0, host: hosts[at].clone() })),
        }
    }
    while let Some((at, parent, mut skew)) = next.pop() {
        let host = &hosts[at];
        if let Some(parent) = parent
            && (*host != skew.host || host.is_empty())
        {
            skew = Skew { nanos: of(&spans[at], &spans[parent]), host: host.clone() };
        }
        if skew.nanos != 0 {
            let reason = "clock skew adjustment disabled; not applying calculated delta of";
            add_warning(&mut spans[at], format!("{reason} {}", go_duration::format(skew.nanos)));
        }
        next.extend(children[at].drain(..).map(|child| (child, Some(at), skew.clone())));
    }
}

/// By how many nanoseconds `child` would be moved to lie within `parent`.
fn of(child: &Span, parent: &Span) -> i128 {
    let time = |time: coral_trace::UnixNanos| i128::from(time.0);
    let (from, until) = (time(parent.start), time(parent.end));
    let (start, end) = (time(child.start), time(child.end));
    let (longest, length) = (until - from, end - start);
    if length > longest {
        return (from - start).max(0);
    }
    if start >= from && end <= until {
        return 0;
    }
    from + (longest - length) / 2 - start
}

/// The parent of a span. In the older API, a span without a parent has the first link to its own
/// trace as its parent.
fn parent(span: &Span, adjustment: Adjustment) -> Option<SpanId> {
    let linked = || {
        let mut own = span.links.iter().filter(|link| link.trace_id == span.trace_id);
        let is_child = |link: &&coral_trace::Link| {
            link.attributes.text("opentracing.ref_type") == Some("child_of")
        };
        let child_of = own.clone().find(is_child);
        child_of.or_else(|| own.next()).map(|link| link.span_id)
    };
    match adjustment {
        Adjustment::Older => span.parent_span_id.or_else(linked),
        _ => span.parent_span_id,
    }
}

/// The host of each span, empty if its resource names none.
fn hosts(spans: &[Span], adjustment: Adjustment) -> Vec<String> {
    let host = match adjustment {
        Adjustment::V3 => host,
        _ => older_host,
    };
    let mut known = HashMap::new();
    spans
        .iter()
        .map(|span| {
            let pointer = std::sync::Arc::as_ptr(&span.origin);
            known.entry(pointer).or_insert_with(|| host(&span.origin.resource)).clone()
        })
        .collect()
}

fn host(resource: &Resource) -> String {
    let attributes = &resource.attributes;
    if let Some(id) = attributes.get("host.id") {
        return id.as_str().unwrap_or_default().to_owned();
    }
    match attributes.get("host.ip") {
        Some(Value::String(ip)) => return ip.clone(),
        Some(Value::Array(ips)) if !ips.is_empty() => return tag_text(&ips[0]).into_owned(),
        _ => {}
    }
    attributes.text("host.name").unwrap_or_default().to_owned()
}

/// The host in the older API: the attribute `ip`, as text, number or bytes.
fn older_host(resource: &Resource) -> String {
    let address = |bytes: &[u8]| {
        let four =
            <[u8; 4]>::try_from(bytes).map(|bytes| std::net::Ipv4Addr::from(bytes).to_string());
        let sixteen =
            || <[u8; 16]>::try_from(bytes).map(|bytes| std::net::Ipv6Addr::from(bytes).to_string());
        four.or_else(|_| sixteen()).unwrap_or_default()
    };
    match resource.attributes.get("ip") {
        Some(Value::String(ip)) => ip.clone(),
        Some(Value::Int(ip)) => address(&(*ip as u32).to_be_bytes()),
        Some(Value::Bytes(ip)) => address(ip),
        _ => String::new(),
    }
}
