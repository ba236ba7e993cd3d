//! Texts of spans whose memory is used again.

use coral_trace::{KeyValue, Span, Value};

/// The most texts that are kept. Most spans have fewer.
const MAX_TEXTS: usize = 128;

/// Empty texts with memory, of spans that are not needed any more. A span that is decoded into their
/// memory allocates nothing, unless it has more or longer texts than those before.
#[derive(Default)]
pub(super) struct Texts {
    free: Vec<String>,
    attributes: Vec<KeyValue>,
}

impl Texts {
    /// An owned copy of `text`.
    pub(super) fn text(&mut self, text: &str) -> String {
        match self.free.pop() {
            Some(mut free) if !text.is_empty() => {
                free.push_str(text);
                free
            }
            Some(free) => {
                self.free.push(free);
                String::new()
            }
            None => text.to_owned(),
        }
    }

    /// An empty list of attributes, with room for `attributes` of them at least.
    pub(super) fn attributes(&mut self, attributes: usize) -> Vec<KeyValue> {
        let mut free = std::mem::take(&mut self.attributes);
        free.reserve(attributes);
        free
    }

    /// Takes the memory of `span`.
    pub(super) fn reuse(&mut self, span: Span) {
        let Span { name, trace_state, status, attributes, .. } = span;
        let mut attributes = attributes.0;
        [name, trace_state, status.message].into_iter().for_each(|text| self.add(text));
        for KeyValue { key, value } in attributes.drain(..) {
            self.add(key);
            if let Value::String(text) = value {
                self.add(text);
            }
        }
        self.attributes = attributes;
    }

    fn add(&mut self, mut text: String) {
        if text.capacity() > 0 && self.free.len() < MAX_TEXTS {
            text.clear();
            self.free.push(text);
        }
    }
}
