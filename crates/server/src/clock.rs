//! The one place that reads the wall clock. Everything else takes `now`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coral_trace::UnixNanos;

/// Nanoseconds since the Unix epoch; 0 on a host whose clock stands before it.
pub fn now() -> UnixNanos {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixNanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
