//! Traces that hold several unrelated requests: cross-stitched and endless traces.

use std::time::Duration;

use super::ProblemKind;
use super::links::{Parent, Seen, Spans};
use crate::time::UnixNanos;

/// A trace that lives longer is endless, if it is several requests.
const MAX_LIFE: Duration = Duration::from_secs(300);
/// An endless trace has at least this many spans without a stored parent.
const MIN_TOPS: usize = 3;

/// A trace id that is used again, by the first span that does so.
pub(super) struct Reused {
    pub span: usize,
    pub kind: ProblemKind,
}

/// One trace, by the spans at its top.
#[derive(Default)]
struct Life {
    start: Option<UnixNanos>,
    end: UnixNanos,
    longest: Duration,
    /// Spans without a stored parent: how many, and the last.
    tops: usize,
    last_top: usize,
    /// Requests that name no parent: how many, and the last.
    roots: usize,
    last_root: usize,
}

/// The traces that hold several unrelated requests, each once.
pub(super) fn reused(spans: &Spans<'_>) -> Vec<Reused> {
    let mut lives: Vec<Life> = Vec::new();
    lives.resize_with(spans.traces, Life::default);
    for (at, seen) in spans.list.iter().enumerate() {
        lives[seen.trace].add(at, seen);
    }
    lives.iter().filter_map(Life::reused).collect()
}

impl Life {
    fn add(&mut self, at: usize, seen: &Seen<'_>) {
        let span = seen.span;
        self.start = Some(self.start.map_or(span.start, |start| start.min(span.start)));
        self.end = self.end.max(span.end);
        self.longest = self.longest.max(span.duration());
        if !matches!(seen.parent, Parent::Stored(_)) {
            self.tops += 1;
            self.last_top = at;
        }
        if seen.parent == Parent::None && seen.is_callee() {
            self.roots += 1;
            self.last_root = at;
        }
    }

    fn reused(&self) -> Option<Reused> {
        let life = self.end.since(self.start?);
        if life > MAX_LIFE && self.tops >= MIN_TOPS && self.longest < life / 2 {
            return Some(Reused { span: self.last_top, kind: ProblemKind::Endless });
        }
        let kind = ProblemKind::CrossStitched;
        (self.roots > 1).then_some(Reused { span: self.last_root, kind })
    }
}
