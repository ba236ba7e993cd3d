//! The exception that a span recorded, by OpenTelemetry's semantic conventions.

use crate::span::Span;

/// An event named `exception`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exception<'a> {
    /// `exception.type`, if it is text that is not empty.
    pub kind: Option<&'a str>,
    /// `exception.message`, if it is text that is not empty.
    pub message: Option<&'a str>,
}

impl Span {
    /// The last exception that the span recorded, if it has a type or a message. A span records
    /// the exception that ended it last.
    pub fn exception(&self) -> Option<Exception<'_>> {
        let events = self.events.iter().rev().filter(|event| event.name == "exception");
        let mut found = events.map(|event| {
            let text = |key: &str| event.attributes.text(key).filter(|text| !text.is_empty());
            Exception { kind: text("exception.type"), message: text("exception.message") }
        });
        found.find(|exception| exception.kind.is_some() || exception.message.is_some())
    }
}
