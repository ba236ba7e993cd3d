//! What becomes of spans on their way.

use std::collections::HashMap;

use coral_trace::{Span, UnixNanos};

use crate::traffic::trace::mix;

/// How spans arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weather {
    /// All, and all clocks agree.
    Good,
    /// One trace in ten is sampled, one of those in five has lost a parent, and each service's clock is up
    /// to 20 ms off.
    Bad,
}

/// One trace in so many is kept.
const SAMPLED: u64 = 10;
/// Of the traces, one in so many lacks a span.
const TORN: u64 = 5;
const OFF: i64 = 20_000_000;

impl Weather {
    /// Whether the trace with that random number is kept.
    pub fn keeps(self, random: u64) -> bool {
        self == Self::Good || mix(random ^ 11).is_multiple_of(SAMPLED)
    }

    /// A trace as it arrives.
    pub fn spoil(self, mut spans: Vec<Span>, random: u64) -> Vec<Span> {
        if self == Self::Good {
            return spans;
        }
        if mix(random ^ 12).is_multiple_of(TORN) && spans.len() > 2 {
            // Any but the root.
            spans.remove(1 + (mix(random ^ 13) % (spans.len() as u64 - 1)) as usize);
        }
        let mut clocks: HashMap<String, i64> = HashMap::new();
        for span in &mut spans {
            let service = span.origin.service_name();
            let seed = service.bytes().fold(0, |seed, byte| mix(seed ^ u64::from(byte)));
            let off =
                *clocks.entry(service.to_owned()).or_insert((seed % (2 * OFF as u64)) as i64 - OFF);
            span.start = UnixNanos(span.start.0.saturating_add_signed(off));
            span.end = UnixNanos(span.end.0.saturating_add_signed(off));
        }
        spans
    }
}
