//! The quality of the data: which spans are lost before they are received, and whether clocks
//! agree.

use std::collections::HashMap;

use coral_trace::{Span, UnixNanos};

use crate::random::mix;

/// The quality of the data: which spans are lost, and whether clocks agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataQuality {
    /// All spans are received, and all clocks agree.
    Clean,
    /// One trace in ten is sampled. One in five of the sampled traces lacks one span, which is not
    /// the root. Each service's clock is off by up to 20 ms.
    Degraded,
}

/// One trace in this many is sampled.
const TRACES_PER_SAMPLE: u64 = 10;
/// One trace in this many lacks a span.
const TRACES_PER_INCOMPLETE: u64 = 5;
const MAX_CLOCK_OFFSET_NANOS: i64 = 20_000_000;

impl DataQuality {
    /// Whether the trace with the random number `random` is sampled.
    pub(crate) fn keeps(self, random: u64) -> bool {
        self == Self::Clean || mix(random ^ 11).is_multiple_of(TRACES_PER_SAMPLE)
    }

    /// The spans of a trace as they are received: degraded data may lack a span, and have wrong
    /// clocks. The first span must be the root.
    pub(crate) fn degrade(self, mut spans: Vec<Span>, random: u64) -> Vec<Span> {
        if self == Self::Clean {
            return spans;
        }
        if mix(random ^ 12).is_multiple_of(TRACES_PER_INCOMPLETE) && spans.len() > 2 {
            // Any span but the root.
            spans.remove(1 + (mix(random ^ 13) % (spans.len() as u64 - 1)) as usize);
        }
        let mut clocks: HashMap<String, i64> = HashMap::new();
        for span in &mut spans {
            let service = span.origin.service_name();
            let seed = service.bytes().fold(0, |seed, byte| mix(seed ^ u64::from(byte)));
            let off = *clocks.entry(service.to_owned()).or_insert(
                (seed % (2 * MAX_CLOCK_OFFSET_NANOS as u64)) as i64 - MAX_CLOCK_OFFSET_NANOS,
            );
            span.start = UnixNanos(span.start.0.saturating_add_signed(off));
            span.end = UnixNanos(span.end.0.saturating_add_signed(off));
        }
        spans
    }
}
