//! Parsing of points in time.

mod forms;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use self::forms::parse;
use crate::time::UnixNanos;

/// A point in time as people write it. Some forms depend on the present time and on a time zone:
/// [`at`](Self::at) turns them into an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// This long before now: `15m`, `2h ago`, `now-1h`. `now` is no time before now.
    Ago(Duration),
    /// A time of a day: `yesterday`, `today 14:02`.
    OnDay {
        /// Number of days before today.
        days_ago: u8,
        /// The time of day in the time zone of the reader.
        time: Time,
    },
    /// The latest such time of day that has passed: `02:40`.
    LatestTime(Time),
    /// The latest such time of day in UTC that has passed: `02:40 UTC`.
    LatestTimeUtc(Time),
    /// A date and a time of day in the time zone of the reader: `2026-11-25 14:02`. A date alone is
    /// the start of the day.
    Local(DateTime),
    /// An instant: RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds
    /// since the Unix epoch.
    At(UnixNanos),
}

/// The accepted forms of a time, for error messages and help texts.
pub const TIME_FORMS: &str = "15m, 2h ago, now, today, yesterday, 02:40, 2026-11-25, \
                              2026-11-25 14:02, 2026-11-25T14:02:00Z, or a Unix time such as \
                              1795615320";

/// Why a text is not an accepted point in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidTime {
    /// The text has none of the accepted forms.
    Syntax(String),
    /// The text is a number that is too small for a Unix time of this century.
    NumberWithoutUnit(String),
    /// The duration before now is longer than [`MAX_DURATION`](super::MAX_DURATION).
    TooLong(String),
    /// The time is before 1970 or after 2554.
    OutOfRange(String),
}

impl When {
    /// The instant, if the time is read at `now` in `zone`. A local time that a change of clocks
    /// skips is moved forward by the length of the gap; of a local time that occurs twice, the
    /// first counts.
    ///
    /// # Errors
    /// [`InvalidTime::OutOfRange`].
    pub fn at(self, now: UnixNanos, zone: &TimeZone) -> Result<UnixNanos, InvalidTime> {
        let out_of_range = || InvalidTime::OutOfRange(self.to_string());
        let local = |zone: &TimeZone| {
            let now = jiff::Timestamp::from_nanosecond(now.0.into()).map_err(|_| out_of_range())?;
            Ok::<_, InvalidTime>(zone.to_datetime(now))
        };
        let instant = |time: DateTime, zone: &TimeZone| {
            let instant = zone.to_timestamp(time).map_err(|_| out_of_range())?;
            u64::try_from(instant.as_nanosecond()).map(UnixNanos).map_err(|_| out_of_range())
        };
        let days_before_today = |days: u8, time: Time, zone: &TimeZone| {
            let days = jiff::Span::new().days(days);
            let day = local(zone)?.date().checked_sub(days).map_err(|_| out_of_range())?;
            instant(day.to_datetime(time), zone)
        };
        let latest = |time: Time, zone: &TimeZone| {
            let today = days_before_today(0, time, zone)?;
            if today <= now { Ok(today) } else { days_before_today(1, time, zone) }
        };
        match self {
            Self::Ago(ago) => Ok(now.earlier(ago)),
            Self::OnDay { days_ago, time } => days_before_today(days_ago, time, zone),
            Self::LatestTime(time) => latest(time, zone),
            Self::LatestTimeUtc(time) => latest(time, &TimeZone::UTC),
            Self::Local(time) => instant(time, zone),
            Self::At(instant) => Ok(instant),
        }
    }
}

impl FromStr for When {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        parse(text)
    }
}

/// The form that [`When::from_str`] reads as the same time.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(Duration::ZERO) => f.write_str("now"),
            Self::Ago(ago) if ago.subsec_nanos().is_multiple_of(1_000) => {
                write!(f, "{} ago", super::flag(*ago))
            }
            Self::Ago(ago) => write!(f, "{}ns ago", ago.as_nanos()),
            Self::OnDay { days_ago: 0, time } => write!(f, "today {time}"),
            Self::OnDay { days_ago: 1, time } => write!(f, "yesterday {time}"),
            Self::OnDay { days_ago, time } => write!(f, "{days_ago} days ago {time}"),
            Self::LatestTime(time) => write!(f, "{time}"),
            Self::LatestTimeUtc(time) => write!(f, "{time} UTC"),
            Self::Local(time) => write!(f, "{time}"),
            Self::At(instant) => match jiff::Timestamp::from_nanosecond(instant.0.into()) {
                Ok(instant) => write!(f, "{instant}"),
                Err(_) => write!(f, "{}ns after 1970", instant.0),
            },
        }
    }
}

impl fmt::Display for InvalidTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => write!(f, "`{text}` is not a time")?,
            Self::NumberWithoutUnit(text) => write!(
                f,
                "`{text}` is neither a Unix time nor a duration with a unit, such as {text}m"
            )?,
            Self::TooLong(text) => write!(f, "`{text}` is longer than 100 years")?,
            Self::OutOfRange(text) => write!(f, "`{text}` is before 1970 or after 2554")?,
        }
        write!(f, ". Times are written {TIME_FORMS}")
    }
}

impl std::error::Error for InvalidTime {}
