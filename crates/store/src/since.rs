//! Receipts by time.

use coral_trace::UnixNanos;

use crate::store::Store;

impl Store {
    /// A receipt before that of every span that was received at `instant` or later.
    pub fn receipt_before(&self, instant: UnixNanos) -> u64 {
        let state = self.0.live.read();
        let earlier = |received: i64| received < instant.as_micros();
        let sealed = state.segments.iter().take_while(|segment| {
            // A segment is what came between two seals, so that they are in order of time too.
            earlier(segment.extent.last_received)
        });
        sealed.last().map_or(0, |segment| segment.extent.last_receipt)
    }
}
