//! All that is stored of each span of a trace.

use std::fmt::Write as _;

use crate::duration::duration;
use crate::screen::{Emphasis, Screen};
use crate::wrap::wrapped;
use coral_query::answer::{Trace, TraceSpan};
use coral_trace::sanitize::whole;
use coral_trace::units::{TimeZone, count, instant_in};
use coral_trace::{Attributes, Event, Link, Span, StatusCode, UnixNanos, Value};

/// Longest value that is printed, in characters. `--format json` has values whole.
const MAX_VALUE_CHARACTERS: usize = 4_000;

/// The spans of `trace` by start time, each with every attribute and its type, resource, scope,
/// events, links, status and trace state. Values are cut at 4,000 characters.
pub fn spans(trace: &Trace, zone: &TimeZone, screen: Screen) -> String {
    let mut page = Page { text: String::new(), screen };
    page.line(0, "Trace ID", &trace.trace_id.to_string());
    page.line(0, "Started", &instant_in(trace.start.as_micros(), zone));
    page.line(0, "Duration", &duration(trace.duration_us));
    page.line(0, "Spans", &count(trace.span_count));
    for span in &trace.spans {
        page.text.push('\n');
        page.span(span, trace.start, zone);
    }
    if trace.redacted > 0 {
        let redacted = count(trace.redacted);
        page.add(0, &format!("… {redacted} spans of services that you may not see are redacted."));
    }
    if trace.spans_left_out > 0 {
        let left_out = count(trace.spans_left_out);
        page.add(0, &format!("… {left_out} later spans are beyond the limit of one answer."));
    }
    page.text
}

struct Page {
    text: String,
    screen: Screen,
}

impl Page {
    fn span(
        &mut self,
        TraceSpan { agent_id, span }: &TraceSpan,
        start: UnixNanos,
        zone: &TimeZone,
    ) {
        self.line(0, "Span ID", &span.span_id.to_string());
        let parent = span.parent_span_id.map_or_else(|| "none".to_owned(), |id| id.to_string());
        self.line(1, "Parent span ID", &parent);
        self.line(1, "Service", &whole(span.origin.service_name()));
        self.line(1, "Name", &whole(&span.name));
        self.line(1, "Kind", span.kind.as_str());
        let at = instant_in(span.start.as_micros(), zone);
        self.line(1, "Start", &format!("{}, {at}", offset(span.start, start)));
        let took = i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX);
        let early = if span.end < span.start { " (it ends before it starts)" } else { "" };
        self.line(1, "Duration", &format!("{}{early}", duration(took)));
        self.status(span);
        let source = span.origin.collector.as_str();
        self.line(1, "Source", &format!("{source}, received by agent {}", whole(agent_id)));
        self.attributes(1, "Attributes", &span.attributes);
        self.attributes(1, "Resource", &span.origin.resource.attributes);
        self.scope(span);
        self.events(&span.events, span.start);
        self.links(&span.links);
        if !span.trace_state.is_empty() {
            self.line(1, "Trace state", &whole(&span.trace_state));
        }
        self.line(1, "Flags", &format!("{:#x}", span.flags));
    }

    fn status(&mut self, span: &Span) {
        let mut status = span.status.code.as_str().to_owned();
        if !span.status.message.is_empty() {
            let _ = write!(status, ": {}", shortened(&span.status.message));
        }
        let is_error = span.status.code == StatusCode::Error;
        let emphasis = if is_error { Emphasis::Error } else { Emphasis::None };
        self.emphasised(1, &format!("Status: {status}"), emphasis);
    }

    fn scope(&mut self, span: &Span) {
        let scope = &span.origin.scope;
        let named = [scope.name.as_str(), scope.version.as_str()];
        let named: Vec<String> =
            named.into_iter().filter(|text| !text.is_empty()).map(whole).collect();
        if !named.is_empty() || !scope.attributes.is_empty() {
            self.line(1, "Scope", &named.join(" "));
            self.pairs(2, &scope.attributes);
        }
    }

    fn events(&mut self, events: &[Event], start: UnixNanos) {
        if !events.is_empty() {
            self.add(1, "Events:");
        }
        for event in events {
            let at = offset(event.time, start);
            self.add(2, &format!("{at} {}", whole(&event.name)));
            self.pairs(3, &event.attributes);
        }
    }

    fn links(&mut self, links: &[Link]) {
        if !links.is_empty() {
            self.add(1, "Links:");
        }
        for link in links {
            self.add(2, &format!("span {} of trace {}", link.span_id, link.trace_id));
            self.pairs(3, &link.attributes);
            if !link.trace_state.is_empty() {
                self.line(3, "Trace state", &whole(&link.trace_state));
            }
        }
    }

    fn attributes(&mut self, depth: usize, title: &str, attributes: &Attributes) {
        if !attributes.is_empty() {
            self.add(depth, &format!("{title}:"));
            self.pairs(depth + 1, attributes);
        }
    }

    fn pairs(&mut self, depth: usize, attributes: &Attributes) {
        for pair in attributes {
            self.add(depth, &format!("{} = {}", whole(&pair.key), typed(&pair.value)));
        }
    }

    fn line(&mut self, depth: usize, key: &str, value: &str) {
        self.add(depth, format!("{key}: {value}").trim_end());
    }

    fn add(&mut self, depth: usize, text: &str) {
        self.emphasised(depth, text, Emphasis::None);
    }

    fn emphasised(&mut self, depth: usize, text: &str, emphasis: Emphasis) {
        let (first, rest) = ("  ".repeat(depth), "  ".repeat(depth + 2));
        let line = wrapped(&[(text.to_owned(), emphasis)], &first, &rest, self.screen);
        self.text.push_str(&line);
        self.text.push('\n');
    }
}

/// The time from `start` to `at`: `+12ms`, `-3ms`.
fn offset(at: UnixNanos, start: UnixNanos) -> String {
    let micros = at.as_micros().saturating_sub(start.as_micros());
    let sign = if micros < 0 { "-" } else { "+" };
    format!("{sign}{}", duration(micros.saturating_abs()))
}

/// A value and its type: `503 (int)`, `"/pay" (string)`.
fn typed(value: &Value) -> String {
    let text = shortened(&value.to_string());
    match value {
        Value::Empty => "(empty)".to_owned(),
        Value::String(_) => format!("\"{text}\" (string)"),
        Value::Bool(_) => format!("{text} (bool)"),
        Value::Int(_) => format!("{text} (int)"),
        Value::Double(_) => format!("{text} (double)"),
        Value::Bytes(_) => format!("{text} (bytes, base64)"),
        Value::Array(_) => format!("{text} (array)"),
        Value::Map(_) => format!("{text} (map)"),
    }
}

/// `text` without control characters, cut to [`MAX_VALUE_CHARACTERS`].
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_VALUE_CHARACTERS) {
        Some((end, _)) => {
            format!("{}… ({} bytes)", whole(&text[..end]), count(text.len() as u64))
        }
        None => whole(text),
    }
}
