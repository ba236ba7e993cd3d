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
use json::{Document, TraceJson};

/// Decodes `body`: uncompressed JSON.
///
/// # Errors
/// [`DecodeError`] if the body as a whole cannot be read. A span that cannot be accepted is counted in
/// [`DecodedSpans::refused`].
pub fn decode(body: &[u8], recogniser: &Recogniser) -> Result<DecodedSpans, DecodeError> {
    let document: Document = serde_json::from_slice(body).map_err(|error| syntax_error(&error))?;
    let mut decoded = DecodedSpans::default();
    for trace in document.traces() {
        add(&mut decoded, trace, recogniser);
    }
    Ok(decoded)
}

fn add(decoded: &mut DecodedSpans, trace: TraceJson, recogniser: &Recogniser) {
    let TraceJson { spans, processes } = trace;
    let resources: HashMap<String, _> = processes
        .into_iter()
        .map(|(name, process)| (name, Arc::new(convert::resource(process))))
        .collect();
    let mut origins: HashMap<(String, Scope), Arc<Origin>> = HashMap::new();
    for span in spans {
        let (name, process) = (span.operation_name.clone(), span.process_id.clone());
        match convert::converted(span) {
            Err(why) => decoded.refused.span(why, &name),
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
