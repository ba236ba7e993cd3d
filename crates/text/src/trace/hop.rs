//! One hop as one line: `payments-api (450ms, POST /api/v1/payments)`, with its error and with
//! remarks about its times.

use std::fmt::Write as _;

use coral_trace::clock::is_one_clock;
use coral_trace::tree::Place;
use coral_trace::{Collector, Span, SpanKind};

use super::picture::Picture;
use super::redacted::REDACTED;
use crate::duration::duration;
use crate::screen::Emphasis;
use crate::wrap::Piece;
use coral_trace::sanitize::line;

/// Tolerance for clocks, in microseconds: a child that leaves its parent's time by no more than
/// this gets no remark. Processes do not read the clock at the same moment; 0.17 ms was observed.
pub const SKEW_US: i64 = 1_000;

/// From how many microseconds on the wait of a message in its queue is told. A shorter wait is usual.
const LONG_WAIT_US: i64 = 1_000_000;

impl Picture<'_> {
    /// The line of `node`, without the branches of the tree left of it; bold if it `is_critical`.
    pub fn hop(&self, node: usize, is_critical: bool) -> Vec<Piece> {
        let span = self.span(node);
        let place = self.tree.nodes[node].place;
        let mut pieces = Vec::new();
        if matches!(place, Place::Orphan(_) | Place::Cycle) {
            pieces.push(("┄ ".to_owned(), Emphasis::None));
        }
        let hop = match self.is_redacted(node) {
            true => format!("{REDACTED} ({})", duration(micros(span))),
            false => {
                format!("{} ({}, {})", self.who(node), duration(micros(span)), line(&span.name))
            }
        };
        pieces.push((hop, if is_critical { Emphasis::Strong } else { Emphasis::None }));
        pieces.push((self.failure(node), Emphasis::Error));
        let mut text = String::new();
        if self.both_sources && span.origin.collector == Collector::Sdk {
            text.push_str(" [sdk]");
        }
        if let Some(delta) = span.attributes.get(super::clocks::DELTA) {
            let micros = delta.as_int().unwrap_or_default();
            let sign = if micros < 0 { "−" } else { "+" };
            let _ = write!(text, " (clock {sign}{})", duration(micros.saturating_abs()));
        }
        if let Some(wait) = self.wait_in_queue(node) {
            let _ = write!(text, " (waited {} in its queue)", duration(wait));
        }
        if let Some(skew) = self.clock(node).or_else(|| self.skew(node)) {
            let _ = write!(text, " ({skew})");
        }
        pieces.push((text + &why_here(place), Emphasis::None));
        pieces
    }

    /// The service of `node`: `payments-api`. A call whose callee is not in the trace also names
    /// the callee: `payments-api → api.stripe.com`.
    pub fn who(&self, node: usize) -> String {
        if self.is_redacted(node) {
            return REDACTED.to_owned();
        }
        let service = line(self.span(node).origin.service_name());
        match self.peer(node) {
            Some(peer) => format!("{service} → {}", line(&peer)),
            None => service,
        }
    }

    /// The error of `node`: ` ERROR 503: no rows`, or ` (caller: ERROR 503)` if only the client span
    /// has an error, or if its message is another. Empty without an error.
    fn failure(&self, node: usize) -> String {
        let caller = self.client(node).filter(|client| client.is_error());
        match (failure(self.span(node)), caller) {
            (Some(text), Some(caller))
                if reason(caller).is_some_and(|said| !text.contains(&said)) =>
            {
                format!("{text} (caller: {})", reason(caller).unwrap_or_default())
            }
            (Some(text), _) => text,
            (None, Some(caller)) => {
                failure(caller).map(|text| format!(" (caller:{text})")).unwrap_or_default()
            }
            (None, None) => String::new(),
        }
    }

    /// The callee of `node`, if `node` is a call whose callee is not in the trace. `None` if the
    /// hop above has another service: the service name of `node` then is the callee.
    fn peer(&self, node: usize) -> Option<String> {
        let span = self.span(node);
        let is_call = matches!(span.kind, SpanKind::Client | SpanKind::Producer);
        let is_leaf = self.tree.nodes[node].children.is_empty();
        let above = self.above(node).filter(|above| !self.is_redacted(*above));
        let above = above.map(|above| self.span(above).origin.service_name());
        let is_its_own = above.is_none_or(|above| above == span.origin.service_name());
        if is_call && is_leaf && is_its_own { span.peer_name() } else { None }
    }

    /// `server clock off by +3ms`, if the server span lies outside its client span. `None` for a
    /// server span that only outlasts its client span, for spans of one host, which has one clock, and
    /// for a consumer, because a message may be consumed at any time.
    pub fn clock(&self, node: usize) -> Option<String> {
        let (client, server) = (self.tree.nodes[node].client?, self.tree.nodes[node].span);
        let ((start, end), (begin, done)) = (time(self.spans[client]), time(self.spans[server]));
        let outside = start.saturating_sub(begin).max(done.saturating_sub(end)) > SKEW_US;
        let is_message = self.span(node).kind == SpanKind::Consumer;
        let is_one_clock = is_one_clock(self.spans[client], self.spans[server]);
        if !outside || is_message || is_one_clock || self.outlasts(node).is_some() {
            return None;
        }
        let nanos = self.deltas[client].saturating_sub(self.deltas[server]);
        let sign = if nanos < 0 { "−" } else { "+" };
        Some(format!("server clock off by {sign}{}", duration((nanos / 1_000).saturating_abs())))
    }

    /// By how many microseconds a server span ends after its client span, if it is the longer one
    /// and starts within the client span: the client did not wait for its end.
    fn outlasts(&self, node: usize) -> Option<i64> {
        let (start, end) = time(self.client(node)?);
        let (begin, done) = time(self.span(node));
        let is_longer = done.saturating_sub(begin) > end.saturating_sub(start);
        (is_longer && (start..=end).contains(&begin)).then(|| done.saturating_sub(end))
    }

    /// How the time of `node` lies outside the time of the hop above, or of its own client span, in
    /// words. `None` for a consumer, because a message may be consumed at any time.
    pub fn skew(&self, node: usize) -> Option<String> {
        if self.span(node).kind == SpanKind::Consumer {
            return None;
        }
        if let Some(late) = self.outlasts(node).filter(|late| *late > SKEW_US) {
            return Some(format!("ends {} after its call", duration(late)));
        }
        if let Some(client) = self.client(node).filter(|of| is_one_clock(of, self.span(node))) {
            let ((start, end), (begin, done)) = (time(client), time(self.span(node)));
            let (early, late) = (start.saturating_sub(begin), done.saturating_sub(end));
            if early > SKEW_US {
                return Some(format!("starts {} before its call", duration(early)));
            } else if late > SKEW_US {
                return Some(format!("ends {} after its call", duration(late)));
            }
        }
        let above = self.above(node)?;
        // If the server clock of the hop above is off, the server span is the parent: its clock
        // also measured the calls that the server made.
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

    /// Whether `node` ran on the host of its client, or else of the hop above: their times are of one
    /// clock.
    pub fn has_the_clock_above(&self, node: usize) -> bool {
        let above = self.client(node).or_else(|| Some(self.span(self.above(node)?)));
        above.is_some_and(|above| is_one_clock(above, self.span(node)))
    }

    /// How many microseconds passed between the end of the hop above, which published the message, and
    /// the start of the consumer `node`. `None` below [`LONG_WAIT_US`], and for other hops.
    fn wait_in_queue(&self, node: usize) -> Option<i64> {
        let published = self.span(self.above(node)?);
        let kinds = (published.kind, self.span(node).kind);
        if kinds != (SpanKind::Producer, SpanKind::Consumer) {
            return None;
        }
        let wait = time(self.span(node)).0.saturating_sub(time(published).1);
        Some(wait).filter(|wait| *wait >= LONG_WAIT_US)
    }
}

/// Start and end of a span in microseconds. The end is never before the start.
fn time(span: &Span) -> (i64, i64) {
    (span.start.as_micros(), span.end.max(span.start).as_micros())
}

/// ` ERROR 503: deadline exceeded (exception TimeoutError: 5 s passed)`.
fn failure(span: &Span) -> Option<String> {
    let reason = reason(span).map(|reason| format!(": {reason}")).unwrap_or_default();
    span.is_error().then(|| match span.response_status() {
        // Status 0 is from HTTP: a failed gRPC call has another status.
        Some(0) => format!(" ERROR, no response{reason}"),
        Some(code) => format!(" ERROR {code}{reason}"),
        None => format!(" ERROR{reason}"),
    })
}

/// The status message of a failing span, and its exception, or else the type of its error:
/// `deadline exceeded (exception TimeoutError: 5 s passed)`. `None` if there is none of these.
fn reason(span: &Span) -> Option<String> {
    let message = Some(span.status.message.as_str()).filter(|message| !message.is_empty());
    let exception = span.exception().map(|exception| {
        // An SDK often sends the message of the exception as the status message, too.
        let text = exception.message.filter(|text| Some(*text) != message);
        let parts: Vec<String> = [exception.kind, text].into_iter().flatten().map(line).collect();
        format!("exception {}", parts.join(": "))
    });
    let error_type = || {
        let keys = ["db.response.status_code", "error.type"];
        let text = span.attributes.first_of(&keys).map(|value| line(&value.to_string()))?;
        let is_status = span.response_status().is_some_and(|code| code.to_string() == text);
        Some(text).filter(|text| !is_status && !text.is_empty() && text != "_OTHER")
    };
    match (message.map(line), exception) {
        (Some(message), Some(exception)) => Some(format!("{message} ({exception})")),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => error_type(),
    }
}

/// The duration of a span in microseconds.
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
