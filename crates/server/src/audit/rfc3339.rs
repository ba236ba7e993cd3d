//! Times as RFC 3339 text in UTC with microseconds: `2026-11-25T12:00:07.123456Z`.

use std::borrow::Cow;

use coral_trace::UnixNanos;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serializer, de};

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// The text of `time`, rounded down to microseconds.
pub fn text(time: UnixNanos) -> String {
    // No 64-bit number of nanoseconds is after the year 2554.
    let instant = Timestamp::from_microsecond(time.as_micros()).unwrap_or(Timestamp::MAX);
    PRINTER.timestamp_to_string(&instant)
}

pub(super) fn serialize<S: Serializer>(time: &UnixNanos, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<UnixNanos, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    let instant: Timestamp = text.parse().map_err(de::Error::custom)?;
    let micros = u64::try_from(instant.as_microsecond()).ok();
    let nanos = micros.and_then(|micros| micros.checked_mul(1_000));
    nanos.map(UnixNanos).ok_or_else(|| de::Error::custom("the time is before 1970 or after 2554"))
}

/// The same of a time that may be absent.
pub(super) mod option {
    use super::{Deserializer, Serializer, UnixNanos};

    pub fn serialize<S: Serializer>(
        time: &Option<UnixNanos>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UnixNanos>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}
