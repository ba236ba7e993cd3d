//! Finds receipts by time.

use coral_trace::UnixNanos;

use crate::hot::live::Live;

/// A receipt that is lower than the receipt of every span received at `instant` or later.
pub(crate) fn receipt_before(live: &Live, instant: UnixNanos) -> u64 {
    let state = live.read();
    let earlier = |received: i64| received < instant.as_micros();
    let sealed = state.segments.iter().take_while(|segment| {
        // A segment holds the rows between two seals, so segments are in order of time too.
        earlier(segment.extent.last_received)
    });
    sealed.last().map_or(0, |segment| segment.extent.last_receipt)
}
