//! The largest size of an answer.

use coral_engine::{StoredSpan, TraceSummary};
use coral_trace::{Attributes, Origin, Value};

/// The largest number of bytes of text in one answer. Escaped as JSON, the text grows by a factor
/// of six at most.
pub(super) const MAX_BYTES: usize = 80 << 20;

/// How many of the first parts, given by their sizes in bytes, fit in an answer: at most
/// `max_parts`, and at most [`MAX_BYTES`] in total. At least one part is always included.
pub(super) fn fitting(parts: impl Iterator<Item = usize>, max_parts: usize) -> usize {
    let mut sum = 0usize;
    let fits = |bytes: usize| {
        sum = sum.saturating_add(bytes);
        sum <= MAX_BYTES
    };
    let parts = parts.take(max_parts).map(fits).enumerate();
    parts.take_while(|(at, fits)| *at == 0 || *fits).count()
}

/// An estimate of the bytes that a span takes in an answer, field names and numbers included.
pub(super) fn span_bytes(stored: &StoredSpan) -> usize {
    let span = &stored.span;
    let Origin { resource, scope, .. } = &*span.origin;
    let texts = [&span.name, span.origin.service_name(), &stored.agent_id, &span.status.message];
    let events =
        span.events.iter().map(|event| 80 + event.name.len() + attribute_bytes(&event.attributes));
    let links = span
        .links
        .iter()
        .map(|link| 120 + link.trace_state.len() + attribute_bytes(&link.attributes));
    // Span attributes are written twice: as text, and with their types.
    let attributes = 2 * attribute_bytes(&span.attributes)
        + attribute_bytes(&resource.attributes)
        + attribute_bytes(&scope.attributes);
    800 + texts.map(str::len).iter().sum::<usize>()
        + scope.name.len()
        + attributes
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attribute_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|pair| 8 + pair.key.len() + text_len(&pair.value)).sum()
}

/// An estimate of the bytes that a trace summary takes in an answer.
pub(super) fn summary_bytes(summary: &TraceSummary) -> usize {
    let services = summary.services.iter().map(|service| 3 + service.len());
    let root = summary.root_service.as_ref().map_or(0, String::len) + summary.root_name.len();
    400 + root + services.sum::<usize>()
}

/// The length of a value in its text form, computed without building the text.
fn text_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len().div_ceil(3) * 4,
        Value::Array(values) => values.iter().map(|value| 3 + text_len(value)).sum(),
        Value::Map(pairs) => {
            pairs.iter().map(|pair| 6 + pair.key.len() + text_len(&pair.value)).sum()
        }
        _ => 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_larger_than_the_limit_is_returned_alone() {
        assert_eq!(fitting([MAX_BYTES + 1, 1].into_iter(), 5), 1);
        assert_eq!(fitting([1, 1, MAX_BYTES, 1].into_iter(), 5), 2);
        assert_eq!(fitting([1; 9].into_iter(), 5), 5);
        assert_eq!(fitting([].into_iter(), 5), 0);
    }
}
