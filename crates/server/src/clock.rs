//! The only reader of the wall clock. All other code has `now` as a parameter.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coral_trace::UnixNanos;

/// Nanoseconds since the Unix epoch; 0 if the clock of the host is before the epoch.
pub fn now() -> UnixNanos {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    UnixNanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
