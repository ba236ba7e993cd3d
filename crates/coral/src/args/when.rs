//! Points in time, as people write them.

use std::time::Duration;

use coral_trace::units::parse_duration;

/// A point in time, as people write it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum When {
    /// This long before now.
    Ago(Duration),
    /// A fixed time, in microseconds since the Unix epoch.
    At(i64),
}

pub(super) fn parse_when(text: &str) -> Result<When, String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(When::At(instant.as_microsecond()));
    }
    // Without an offset, a time is UTC.
    if let Ok(time) = text.parse::<jiff::civil::DateTime>()
        && let Ok(instant) = jiff::tz::Offset::UTC.to_timestamp(time)
    {
        return Ok(When::At(instant.as_microsecond()));
    }
    parse_duration(text).map(When::Ago).map_err(|_| {
        format!(
            "`{text}` is neither a duration such as 1h nor a time such as 2026-11-23T09:00:00Z or 2026-11-23 09:00 \
             (UTC)"
        )
    })
}

/// One hour ago: where the window of a question begins without `--since`.
impl Default for When {
    fn default() -> Self {
        Self::Ago(Duration::from_secs(3_600))
    }
}
