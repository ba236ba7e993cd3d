//! One hop as one line: `payments-api (450ms, POST /api/v1/payments)`, and what is odd about it.

use std::fmt::Write as _;

use coral_trace::tree::Place;
use coral_trace::{Collector, Span, SpanKind, Value};

use super::picture::Picture;
use crate::duration::duration;
use crate::screen::Screen;
use coral_trace::sanitize::line;

/// A child may leave its parent's time by this many microseconds before it is worth a remark: two
/// processes never read the clock at the same moment (spec/beyla.md §2.5: 0.17 ms was seen).
pub const SKEW_US: i64 = 1_000;

impl Picture<'_> {
    /// The line of `node`, without what stands left of it; bold if it `is_critical`.
    pub fn hop(&self, node: usize, is_critical: bool, screen: Screen) -> String {
        let span = self.span(node);
        let place = self.tree.nodes[node].place;
        let mut text = String::new();
        if matches!(place, Place::Orphan(_) | Place::Cycle) {
            text.push_str("┄ ");
        }
        let hop = format!("{} ({}, {})", self.who(node), duration(micros(span)), line(&span.name));
        text.push_str(&if is_critical { screen.strong(&hop) } else { hop });
        text.push_str(&screen.error(&self.failure(node)));
        if self.both_sources && span.origin.collector == Collector::Sdk {
            text.push_str(" [sdk]");
        }
        if let Some(delta) = span.attributes.get(super::clocks::DELTA) {
            let micros = delta.as_int().unwrap_or_default();
            let sign = if micros < 0 { "−" } else { "+" };
            let _ = write!(text, " (clock {sign}{})", duration(micros.saturating_abs()));
        }
        if let Some(skew) = self.clock(node).or_else(|| self.skew(node)) {
            let _ = write!(text, " ({skew})");
        }
        text + &why_here(place)
    }

    /// `payments-api`, or `payments-api → api.stripe.com` of a call whose other side is not in the trace.
    pub fn who(&self, node: usize) -> String {
        let service = line(self.span(node).origin.service_name());
        match self.peer(node) {
            Some(peer) => format!("{service} → {}", line(&peer)),
            None => service,
        }
    }

    /// ` ERROR 503`, and whether it was the caller who failed.
    fn failure(&self, node: usize) -> String {
        if let Some(text) = failure(self.span(node)) {
            return text;
        }
        let caller = self.client(node).and_then(failure);
        caller.map(|text| format!(" (caller:{text})")).unwrap_or_default()
    }

    /// What a call went to whose other side is not in the trace. The RFD's form stays where the hop has
    /// another service than the hop above: its name then says where the call went.
    fn peer(&self, node: usize) -> Option<String> {
        let span = self.span(node);
        let is_call = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
        let is_leaf = self.tree.nodes[node].children.is_empty();
        let above = self.above(node).map(|above| self.span(above).origin.service_name());
        let is_its_own = above.is_none_or(|above| above == span.origin.service_name());
        if is_call && is_leaf && is_its_own { peer(span) } else { None }
    }

    /// How far the server's clock is off from that of its own client, in words: its span would have room in the
    /// client's, and is not there. Of a message nobody knows when it is taken.
    pub fn clock(&self, node: usize) -> Option<String> {
        let (client, server) = (self.tree.nodes[node].client?, self.tree.nodes[node].span);
        let ((start, end), (begin, done)) = (time(self.spans[client]), time(self.spans[server]));
        let outside = start.saturating_sub(begin).max(done.saturating_sub(end)) > SKEW_US;
        let is_message = self.span(node).kind == SpanKind::Consumer;
        if !outside || is_message || self.outlasts(node).is_some() {
            return None;
        }
        let nanos = self.deltas[client].saturating_sub(self.deltas[server]);
        let sign = if nanos < 0 { "−" } else { "+" };
        Some(format!("server clock off by {sign}{}", duration((nanos / 1_000).saturating_abs())))
    }

    /// By how many microseconds a server that began within its client's time went on after it: nobody waited.
    fn outlasts(&self, node: usize) -> Option<i64> {
        let (start, end) = time(self.client(node)?);
        let (begin, done) = time(self.span(node));
        let is_longer = done.saturating_sub(begin) > end.saturating_sub(start);
        (is_longer && (start..=end).contains(&begin)).then(|| done.saturating_sub(end))
    }

    /// How `node` leaves the time of the hop above, or of its own call, in words. A message is taken whenever that may be.
    pub fn skew(&self, node: usize) -> Option<String> {
        if self.span(node).kind == SpanKind::Consumer {
            return None;
        }
        if let Some(late) = self.outlasts(node).filter(|late| *late > SKEW_US) {
            return Some(format!("ends {} after its call", duration(late)));
        }
        let above = self.above(node)?;
        // What a server called is told by its clock, whatever that of its own caller says.
        let of_above = self.client(above).filter(|_| self.clock(above).is_none());
        let (start, end) = time(of_above.unwrap_or(self.span(above)));
        let (begin, done) = time(self.client(node).unwrap_or(self.span(node)));
        let early = start.saturating_sub(begin);
        let after = begin.saturating_sub(end);
        let late = done.saturating_sub(end);
        if early > SKEW_US {
            Some(format!("starts {} before the hop above", duration(early)))
        } else if after > SKEW_US {
            Some(format!("starts {} after the hop above ended", duration(after)))
        } else if late > SKEW_US {
            Some(format!("ends {} after the hop above", duration(late)))
        } else {
            None
        }
    }
}

/// From when to when, microseconds.
fn time(span: &Span) -> (i64, i64) {
    (span.start.as_micros(), span.end.max(span.start).as_micros())
}

fn failure(span: &Span) -> Option<String> {
    span.is_error().then(|| match span.response_status() {
        // HTTP's; a gRPC call that failed has another number.
        Some(0) => " ERROR, no response".to_owned(),
        Some(code) => format!(" ERROR {code}"),
        None => " ERROR".to_owned(),
    })
}

/// `other_sql cards`, `kafka notifications`, `api.stripe.com`.
fn peer(span: &Span) -> Option<String> {
    let attribute = |keys: &[&str]| {
        let mut found = keys.iter().filter_map(|key| span.attributes.get(key));
        found.find(|value| !is_empty(value)).map(Value::to_string)
    };
    let with = |system: String, keys: &[&str]| match attribute(keys) {
        Some(part) => format!("{system} {part}"),
        None => system,
    };
    if let Some(system) = attribute(&["db.system.name", "db.system"]) {
        let parts = ["db.collection.name", "db.sql.table", "db.namespace", "db.name"];
        return Some(with(system, &parts));
    }
    if let Some(system) = attribute(&["messaging.system"]) {
        return Some(with(system, &["messaging.destination.name", "messaging.destination"]));
    }
    attribute(&["service.peer.name", "peer.service", "server.address", "net.peer.name"])
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Empty) || value.as_str().is_some_and(str::is_empty)
}

/// How long it took, microseconds.
pub(super) fn micros(span: &Span) -> i64 {
    i64::try_from(span.duration().as_micros()).unwrap_or(i64::MAX)
}

fn why_here(place: Place) -> String {
    match place {
        Place::Orphan(parent) => format!(" (parent {parent} not received)"),
        Place::Cycle => " (is its own ancestor; cut here)".to_owned(),
        Place::Root | Place::Child => String::new(),
    }
}
