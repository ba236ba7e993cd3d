//! Refused spans and links of a request, counted by reason, with a message for the exporter.

use coral_trace::InvalidId;

use crate::otlp::{MAX_NESTING, MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};

/// How many different reasons are kept for spans, and how many for links. Items with any further
/// reason are only counted.
const MAX_REASONS: usize = 3;

/// The length, in bytes, from which text of an exporter is cut in a message.
const MAX_QUOTED: usize = 120;

/// Refused spans and links of a request, with reasons.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RefusedSpans {
    /// Number of refused spans.
    pub spans: u64,
    /// Number of refused links of accepted spans. They also count as dropped links of their span.
    pub links: u64,
    reasons: Vec<Reason>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Reason {
    why: RefusalReason,
    what: RefusedItem,
    count: u64,
    /// The name of the first span with this reason, or with a link with this reason. Safe to print;
    /// empty if unknown.
    first: String,
    /// Where that span is in its file: `trace 1, span 2`, counted from 1. Empty if nobody needs to know.
    place: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RefusedItem {
    Span,
    Link,
}

/// Why a span or link was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum RefusalReason {
    #[error("{field}: {error}")]
    Id { field: &'static str, error: InvalidId },
    #[error("{bytes} bytes long, at most {MAX_SPAN_BYTES} are taken")]
    TooLarge { bytes: usize },
    #[error("resource and scope are {bytes} bytes long, at most {MAX_ORIGIN_BYTES} are taken")]
    OriginTooLarge { bytes: usize },
    #[error("the texts of this export take more than {limit} bytes in memory")]
    ExportTooLarge { limit: usize },
    #[error("its resource has too many scopes")]
    TooManyScopes,
    #[error("{of} attributes are nested deeper than {MAX_NESTING} levels")]
    TooDeep { of: &'static str },
    #[error("malformed protobuf: {0}")]
    Malformed(String),
    #[error("{field}: later than the year 2554")]
    Time { field: &'static str },
    #[error("kind: `{found}` is not CLIENT, SERVER, PRODUCER or CONSUMER")]
    Kind { found: String },
    #[error("processID: `{found}` is not among the processes of its trace")]
    Process { found: String },
}

impl RefusedSpans {
    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.spans == 0 && self.links == 0
    }

    /// Text for OTLP's `partial_success.error_message`, below 2 KiB and free of control characters:
    /// "2 spans refused: trace_id: 8 long, expected 16 bytes (first: span `GET /`)". Empty if
    /// nothing was refused.
    pub fn message(&self) -> String {
        let spans = self.part(RefusedItem::Span, self.spans, "span", "refused");
        let links = self.part(RefusedItem::Link, self.links, "link", "dropped");
        [spans, links].into_iter().flatten().collect::<Vec<_>>().join(". ")
    }

    /// Counts a refused span called `name`, because the spans of its export take more than `limit` bytes
    /// in memory.
    pub fn beyond_memory(&mut self, name: &str, limit: usize) {
        self.span(RefusalReason::ExportTooLarge { limit }, name);
    }

    /// Adds other refusals.
    pub fn add(&mut self, other: Self) {
        for reason in other.reasons {
            self.note(reason);
        }
        self.spans += other.spans;
        self.links += other.links;
    }

    /// Counts a refused span called `name`.
    pub(crate) fn span(&mut self, why: RefusalReason, name: &str) {
        self.span_at(why, name, String::new());
    }

    /// Counts a refused span called `name`, which is at `place` of a file.
    pub(crate) fn span_at(&mut self, why: RefusalReason, name: &str, place: String) {
        self.spans += 1;
        self.note(Reason { why, what: RefusedItem::Span, count: 1, first: bounded(name), place });
    }

    /// Counts a refused link of the span called `name`.
    pub(crate) fn link(&mut self, why: RefusalReason, name: &str) {
        self.links += 1;
        let (first, place) = (bounded(name), String::new());
        self.note(Reason { why, what: RefusedItem::Link, count: 1, first, place });
    }

    fn note(&mut self, new: Reason) {
        let same = |old: &&mut Reason| old.what == new.what && old.why == new.why;
        if let Some(old) = self.reasons.iter_mut().find(same) {
            old.count += new.count;
        } else if self.reasons.iter().filter(|old| old.what == new.what).count() < MAX_REASONS {
            self.reasons.push(new);
        }
    }

    fn part(&self, what: RefusedItem, total: u64, noun: &str, verb: &str) -> Option<String> {
        let reasons = || self.reasons.iter().filter(|reason| reason.what == what);
        let others = total.saturating_sub(reasons().map(|reason| reason.count).sum());
        let mut texts: Vec<_> = reasons().map(|reason| reason.text(total)).collect();
        if others > 0 {
            texts.push(format!("{others} for other reasons"));
        }
        let plural = if total == 1 { "" } else { "s" };
        (total > 0).then(|| format!("{total} {noun}{plural} {verb}: {}", texts.join("; ")))
    }
}

impl Reason {
    /// The text of the reason, with its count if that differs from `total`.
    fn text(&self, total: u64) -> String {
        let count = if self.count == total { String::new() } else { format!("{} ", self.count) };
        match (self.first.as_str(), self.place.as_str()) {
            ("", "") => format!("{count}{}", self.why),
            ("", place) => format!("{count}{} (first: {place})", self.why),
            (name, "") => format!("{count}{} (first: span `{name}`)", self.why),
            (name, place) => format!("{count}{} (first: {place}, `{name}`)", self.why),
        }
    }
}

/// `text` in a form that is safe to print: shortened, with control characters escaped.
pub(crate) fn bounded(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.chars() {
        match character {
            _ if quoted.len() >= MAX_QUOTED => return quoted + "…",
            printable if !is_unprintable(printable) => quoted.push(printable),
            control => quoted.extend(control.escape_unicode()),
        }
    }
    quoted
}

/// Control characters, and characters that change the direction of text in a terminal.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
