//! When a command was given, and the times on its command line as instants.

use std::time::Duration;

use coral_server::clock;
use coral_text::duration::duration;
use coral_trace::UnixNanos;
use coral_trace::units::{self, InvalidTime, When};
use jiff::tz::TimeZone;

use super::Failure;
use crate::args::{DEFAULT_SINCE, Earlier};

/// The time at which a command was given, and the time zone in which its times are read.
pub(super) struct AskedAt {
    now_us: i64,
    zone: TimeZone,
}

/// The window of a question.
pub(super) struct Window {
    /// The start, in microseconds since the Unix epoch.
    pub since_us: i64,
    /// The end, exclusive, in microseconds since the Unix epoch.
    pub until_us: i64,
    /// The window as text: `last 1 hour`.
    pub words: String,
}

impl AskedAt {
    pub(super) fn now(zone: TimeZone) -> Self {
        Self { now_us: clock::now().as_micros(), zone }
    }

    /// A command that was given at `now_us`, in UTC.
    #[cfg(test)]
    pub(super) const fn at(now_us: i64) -> Self {
        Self { now_us, zone: TimeZone::UTC }
    }

    /// When the command was given, in microseconds since the Unix epoch.
    pub(super) const fn micros(&self) -> i64 {
        self.now_us
    }

    /// The time zone in which times are read and printed.
    pub(super) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The name of the time zone in the IANA database; empty for UTC.
    pub(super) fn zone_name(&self) -> Result<String, Failure> {
        if self.zone == TimeZone::UTC {
            return Ok(String::new());
        }
        self.zone.iana_name().map(str::to_owned).ok_or_else(|| {
            Failure::with_hint("the time zone of this host has no name", "name one with --tz")
        })
    }

    /// The instant that `when` is, in microseconds since the Unix epoch.
    pub(super) fn instant(&self, when: When) -> Result<i64, Failure> {
        let now = UnixNanos::from_micros(self.now_us);
        let instant = when.at(now, &self.zone).map_err(|error| invalid(&error))?;
        Ok(instant.as_micros())
    }

    /// The window from `since`, by default an hour ago, to `until`, by default now.
    pub(super) fn window(
        &self,
        since: Option<When>,
        until: Option<When>,
    ) -> Result<Window, Failure> {
        let since = since.unwrap_or(DEFAULT_SINCE);
        let since_us = self.instant(since)?;
        let until_us = match until {
            Some(until) => self.instant(until)?,
            // The window excludes its end, so add a microsecond to include the current one.
            None => self.now_us.saturating_add(1),
        };
        if until.is_none() && since_us >= self.now_us {
            let error = format!("the window is empty: `--since {since}` is not before now");
            return Err(Failure::new(error));
        }
        if since_us >= until_us {
            let [since, until] = [since_us, until_us].map(|micros| self.text(micros));
            let error =
                format!("the window is empty: its start {since} is not before its end {until}");
            return Err(Failure::new(error));
        }
        let words = match (since, until) {
            (When::Ago(ago), None) => format!("last {}", ago_text(ago)),
            (When::Ago(ago), Some(_)) => format!("since {} ago", ago_text(ago)),
            _ => format!("since {}", self.text(since_us)),
        };
        let words = match until {
            None => words,
            Some(When::Ago(Duration::ZERO)) => format!("{words}, until now"),
            Some(When::Ago(ago)) => format!("{words}, until {} ago", ago_text(ago)),
            Some(_) => format!("{words}, until {}", self.text(until_us)),
        };
        Ok(Window { since_us, until_us, words })
    }

    /// An instant in the time zone, as RFC 3339 text.
    fn text(&self, micros: i64) -> String {
        units::rfc3339_in(micros, &self.zone)
    }

    /// The time from `earlier` to the window's start.
    pub(super) fn length_before(
        &self,
        window: &Window,
        earlier: Earlier,
    ) -> Result<Duration, Failure> {
        match earlier {
            Earlier::By(length) => Ok(length),
            Earlier::From(when) => {
                let start = self.instant(when)?;
                match u64::try_from(window.since_us.saturating_sub(start)) {
                    Ok(length @ 1..) => Ok(Duration::from_micros(length)),
                    _ => Err(Failure::new(format!(
                        "the baseline is empty: `{when}` is not before the window, which starts at {}",
                        self.text(window.since_us)
                    ))),
                }
            }
        }
    }
}

/// The microseconds of `length`.
pub(super) fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// `1 hour`, `15 minutes`; other durations in the form of [`duration`].
pub(super) fn ago_text(ago: Duration) -> String {
    let seconds = ago.as_secs();
    let whole = |unit: u64| ago.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(unit);
    match seconds {
        _ if whole(86_400) => units::counted(seconds / 86_400, "day"),
        _ if whole(3_600) => units::counted(seconds / 3_600, "hour"),
        _ if whole(60) => units::counted(seconds / 60, "minute"),
        _ => duration(ago.as_micros() as i64),
    }
}

fn invalid(error: &InvalidTime) -> Failure {
    Failure::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25T14:00:00Z.
    fn asked() -> AskedAt {
        AskedAt { now_us: 1_795_615_200_000_000, zone: TimeZone::UTC }
    }

    #[test]
    fn a_window_is_described_by_its_instants_or_its_length() {
        for (since, until, words) in [
            (None, None, "last 1 hour"),
            (Some("90m"), None, "last 90 minutes"),
            (Some("2h ago"), Some("30m ago"), "since 2 hours ago, until 30 minutes ago"),
            (Some("02:40"), None, "since 2026-11-25T02:40:00Z"),
            (Some("02:40"), Some("now"), "since 2026-11-25T02:40:00Z, until now"),
            (
                Some("yesterday"),
                Some("today"),
                "since 2026-11-24T00:00:00Z, until 2026-11-25T00:00:00Z",
            ),
        ] {
            let read = |text: Option<&str>| text.map(|text| text.parse().unwrap());
            let window = asked().window(read(since), read(until)).unwrap();
            assert_eq!(window.words, words);
            assert!(window.since_us < window.until_us);
        }
    }

    #[test]
    fn a_window_in_another_zone_is_described_in_that_zone() {
        let zone = TimeZone::posix("CET-1").unwrap();
        let asked = AskedAt { zone, ..asked() };
        let window = asked.window(Some("02:40".parse().unwrap()), None).unwrap();
        assert_eq!(window.words, "since 2026-11-25T02:40:00+01:00");
    }

    #[test]
    fn an_empty_window_is_an_error_that_names_it() {
        let error = |since: &str, until: Option<&str>| {
            let until = until.map(|until| until.parse().unwrap());
            asked().window(Some(since.parse().unwrap()), until).err().unwrap().error
        };
        assert!(error("0s", None).contains("`--since now` is not before now"));
        assert!(error("2030-01-01", None).contains("is not before now"));
        let swapped = error("10m", Some("20m"));
        assert!(swapped.contains("2026-11-25T13:50:00Z is not before its end"), "{swapped}");
    }

    #[test]
    fn a_baseline_that_begins_at_a_time_ends_with_the_window() {
        let window = asked().window(Some("02:40".parse().unwrap()), None).unwrap();
        let length =
            |text: &str| asked().length_before(&window, Earlier::From(text.parse().unwrap()));
        assert_eq!(length("today").unwrap(), Duration::from_secs(160 * 60));
        assert!(length("03:00").unwrap_err().error.contains("is not before the window"));
    }
}
