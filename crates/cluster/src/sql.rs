//! Literals of ClickHouse's SQL.

use std::fmt::Write as _;

use coral_trace::{Collector, TraceId};

/// A text literal.
pub(crate) fn text(value: &str) -> String {
    let mut literal = String::with_capacity(value.len() + 2);
    literal.push('\'');
    for c in value.chars() {
        match c {
            '\\' | '\'' => literal.extend(['\\', c]),
            '\0' => literal.push_str("\\0"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

/// A list of text literals, without brackets.
pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    values.into_iter().map(|value| text(value)).collect::<Vec<_>>().join(", ")
}

/// The literal of a trace id.
pub(crate) fn trace(id: TraceId) -> String {
    format!("unhex('{id}')")
}

/// A list of the literals of trace ids, without brackets.
pub(crate) fn traces(ids: &[TraceId]) -> String {
    ids.iter().map(|id| trace(*id)).collect::<Vec<_>>().join(", ")
}

/// A list of the literals of buckets with trace ids, without brackets.
pub(crate) fn places(places: &[(u32, TraceId)]) -> String {
    let mut list = String::with_capacity(64 * places.len());
    for (bucket, id) in places {
        let comma = if list.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(list, "{comma}(toDateTime({bucket}), unhex('{id}'))");
    }
    list
}

/// The number of a collector in a column `ebpf`.
pub(crate) fn ebpf(collector: Collector) -> u8 {
    u8::from(collector == Collector::Ebpf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_literal() {
        assert_eq!(text("it's"), r"'it\'s'");
        assert_eq!(text(r"\' OR 1 --"), r"'\\\' OR 1 --'");
        assert_eq!(text("a\0b\nc"), r"'a\0b\nc'");
        assert_eq!(texts(&["a".to_owned(), "ü".to_owned()]), "'a', 'ü'");
    }
}
