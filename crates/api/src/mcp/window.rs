//! The times of a tool's arguments: `since`, `until` and lengths such as `baseline`, in the forms of
//! the command line.

use std::time::Duration;

use coral_query::answer::{Period, Window};
use coral_trace::UnixNanos;
use coral_trace::units::{TimeZone, When, flag, instant, parse_duration};

use super::tool::InvalidArgument;

/// How long windows are whose start no argument names: those of a search for a cause, and all others.
pub(super) const SHORT_WINDOW: Duration = Duration::from_secs(15 * 60);
pub(super) const LONG_WINDOW: Duration = Duration::from_secs(3_600);
/// The length of a baseline that no argument names.
pub(super) const DEFAULT_BASELINE: Duration = Duration::from_secs(3_600);

/// The window from `since`, by default as long before `now` as `length`, to `until`, by default `now`.
///
/// # Errors
/// [`InvalidArgument`] for a text that is no time, and for an empty window.
pub(super) fn window(
    now: UnixNanos,
    since: Option<&str>,
    until: Option<&str>,
    length: Duration,
) -> Result<Window, InvalidArgument> {
    let start = since.map_or(Ok(When::Ago(length)), |text| when("since", text))?;
    let end = until.map(|text| when("until", text)).transpose()?;
    let since_unix_us = at("since", start, now)?;
    let until_unix_us = match end {
        Some(end) => at("until", end, now)?,
        // The window excludes its end: a microsecond more includes the current one.
        None => now.as_micros().saturating_add(1),
    };
    if since_unix_us >= until_unix_us || end.is_none() && since_unix_us >= now.as_micros() {
        let [since, until] = [since_unix_us, until_unix_us].map(instant);
        let reason =
            format!("the window is empty: its start {since} is not before its end {until}");
        return Err(InvalidArgument::new("since", reason));
    }
    let period = match (start, end) {
        (When::Ago(ago), None) => Period::Last { length_us: micros(ago) },
        (_, None) => Period::Since,
        (_, Some(_)) => Period::Between,
    };
    let is_default = since.is_none() && until.is_none();
    Ok(Window { since_unix_us, until_unix_us, period, unread: Vec::new(), is_default })
}

/// The length that the argument `name` has: `1h`.
///
/// # Errors
/// [`InvalidArgument`] for a text that is no length.
pub(super) fn length(name: &'static str, text: &str) -> Result<Duration, InvalidArgument> {
    parse_duration(text).map_err(|reason| InvalidArgument::new(name, reason))
}

/// `length` in microseconds.
pub(super) fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// The baseline in words: `against the 1h before`.
pub(super) fn against(baseline_us: i64) -> String {
    format!("against the {} before", words(baseline_us))
}

/// A length in microseconds in words: `1h`.
pub(super) fn words(length_us: i64) -> String {
    flag(Duration::from_micros(length_us.unsigned_abs()))
}

fn when(name: &'static str, text: &str) -> Result<When, InvalidArgument> {
    text.parse().map_err(|error: coral_trace::units::InvalidTime| {
        InvalidArgument::new(name, error.to_string())
    })
}

fn at(name: &'static str, when: When, now: UnixNanos) -> Result<i64, InvalidArgument> {
    let at = when.at(now, &TimeZone::UTC);
    at.map(UnixNanos::as_micros).map_err(|error| InvalidArgument::new(name, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25T14:00:00Z.
    const NOW: UnixNanos = UnixNanos(1_795_615_200_000_000_000);

    fn ends(since: Option<&str>, until: Option<&str>) -> Result<[String; 2], String> {
        let window = window(NOW, since, until, LONG_WINDOW).map_err(|error| error.to_string())?;
        Ok([window.since_unix_us, window.until_unix_us].map(instant))
    }

    #[test]
    fn times_are_written_as_on_the_command_line() {
        for (since, until, expected) in [
            (None, None, ["2026-11-25T13:00:00Z", "2026-11-25T14:00:00Z"]),
            (Some("15m"), None, ["2026-11-25T13:45:00Z", "2026-11-25T14:00:00Z"]),
            (Some("02:40"), Some("1h ago"), ["2026-11-25T02:40:00Z", "2026-11-25T13:00:00Z"]),
            (
                Some("2026-11-24T10:00:00+01:00"),
                Some("2026-11-25"),
                ["2026-11-24T09:00:00Z", "2026-11-25T00:00:00Z"],
            ),
        ] {
            assert_eq!(ends(since, until).unwrap(), expected);
        }
    }

    #[test]
    fn a_time_that_is_none_and_an_empty_window_are_refused_by_name() {
        for (since, until, expected) in [
            (Some("soon"), None, "since: `soon` is not a time"),
            (None, Some("later"), "until: `later` is not a time"),
            (Some("now"), None, "since: the window is empty"),
            (Some("10m"), Some("20m"), "since: the window is empty"),
            (Some("2030-01-01"), None, "since: the window is empty"),
        ] {
            let error = ends(since, until).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let error = length("baseline", "long").unwrap_err().to_string();
        assert!(error.starts_with("baseline: `long` is not a duration"), "{error}");
    }
}
