//! A trace as a file, in the JSON of Jaeger's user interface, which its page opens.

use coral_trace::Span;

use super::envelope::Envelope;
use super::ui_trace::UiTrace;

/// The answer of `GET /api/traces/{id}?raw=true` with `spans`, which are those of one trace.
///
/// # Errors
/// An error of serde_json, for text that has no JSON form.
pub fn trace_json(spans: &[Span]) -> serde_json::Result<String> {
    let trace = UiTrace { spans, is_sorted: false, warnings: Vec::new() };
    serde_json::to_string(&Envelope::counted(vec![trace], 0))
}
