//! Decodes traces in the JSON of Jaeger's user interface: `{"data":[…]}`, one trace, or an array of
//! traces.
//!
//! The mapping is that of the OpenTelemetry Collector. What Jaeger's JSON does not have is lost:
//! nanoseconds, types of lists and maps, names and attributes of links, dropped counts. Source:
//! Jaeger, `internal/uimodel`; opentelemetry-collector-contrib, `pkg/translator/jaeger`.

mod convert;
mod json;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use coral_trace::{Origin, Recogniser, Scope};

use crate::otlp::DecodeError;
use crate::otlp_in::DecodedSpans;
use crate::otlp_json::syntax_error;
use crate::refusal::{RefusalReason, bounded};
use json::TraceJson;

/// Decodes `body`: uncompressed JSON.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read. A span that cannot be accepted is counted in
/// [`DecodedSpans::refused`].
pub fn decode(body: &[u8], recogniser: &Recogniser) -> Result<DecodedSpans, DecodeError> {
    let traces = json::traces(body).map_err(|error| syntax_error(&error))?;
    let mut decoded = DecodedSpans::default();
    for (at, trace) in traces.into_iter().enumerate() {
        add(&mut decoded, at + 1, trace, recogniser);
    }
    Ok(decoded)
}

/// Adds the spans of the trace `number`, counted from 1.
fn add(decoded: &mut DecodedSpans, number: usize, trace: TraceJson, recogniser: &Recogniser) {
    let TraceJson { spans, processes } = trace;
    let resources: HashMap<String, _> = processes
        .into_iter()
        .map(|(name, process)| (name, Arc::new(convert::resource(process))))
        .collect();
    let mut origins: HashMap<(String, Scope), Arc<Origin>> = HashMap::new();
    for (at, span) in spans.into_iter().enumerate() {
        let (name, process) = (span.operation_name.clone(), span.process_id.clone());
        // A span without a process has no service.
        let is_known = process.is_empty() || resources.contains_key(&process);
        let converted = match is_known {
            true => convert::converted(span),
            false => Err(RefusalReason::Process { found: bounded(&process) }),
        };
        match converted {
            Err(why) => {
                decoded.refused.span_at(why, &name, format!("trace {number}, span {}", at + 1));
            }
            Ok((mut span, scope)) => {
                let origin = origins.entry((process, scope)).or_insert_with_key(|key| {
                    let resource = resources.get(&key.0).map(|one| (**one).clone());
                    let (resource, scope) = (resource.unwrap_or_default(), key.1.clone());
                    let collector = recogniser.collector(&resource, &scope);
                    Arc::new(Origin { resource, scope, collector })
                });
                span.origin = origin.clone();
                decoded.spans.push(span);
            }
        }
    }
}
