//! The only place that reads the system clock. All other code is given the current time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The current time, in nanoseconds since the Unix epoch.
pub fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
