//! Times and time zones of the command line.

use std::time::Duration;

use coral_trace::units::{When, parse_duration};
use jiff::tz::TimeZone;

/// Where the window of a question begins without `--since`.
pub const DEFAULT_SINCE: When = When::Ago(Duration::from_secs(3_600));

/// The start of a baseline, or of a window to compare with.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Earlier {
    /// This long before the window.
    By(Duration),
    /// At this time.
    From(When),
}

pub(super) fn parse_when(text: &str) -> Result<When, String> {
    text.parse().map_err(|error: coral_trace::units::InvalidTime| error.to_string())
}

pub(super) fn parse_earlier(text: &str) -> Result<Earlier, String> {
    match parse_duration(text) {
        Ok(length) => Ok(Earlier::By(length)),
        Err(_) => parse_when(text).map(Earlier::From),
    }
}

/// Parses `UTC`, `local` or a name of the IANA time zone database. Reads the database of the host.
pub(super) fn parse_zone(text: &str) -> Result<TimeZone, String> {
    coral_query::zone(text)
        .map_err(|error| format!("{error}. Time zones are UTC, local, or names of the IANA database such as Europe/Berlin"))
}
