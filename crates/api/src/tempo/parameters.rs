//! The parameters of a URL.

use std::str::FromStr;
use std::time::Duration;

use coral_trace::units::parse_duration;
use coral_trace::{TimeRange, UnixNanos};

use super::refused::Refused;
use super::time;

/// The parameters of a URL, without those that have no value.
pub(super) struct Parameters(Vec<(String, String)>);

/// The largest number of parameters, and of bytes of all of them.
const MAX_PARAMETERS: usize = 256;
const MAX_BYTES: usize = 128 << 10;

impl Parameters {
    /// The parameters of the query string of a URL, of which the route knows those of the names
    /// `known`. Others are kept: Tempo ignores them too.
    ///
    /// # Errors
    /// A parameter in another case, a known one with two values, or too many.
    pub(super) fn of(query: Option<&str>, known: &[&str]) -> Result<Self, Refused> {
        let query = query.unwrap_or_default();
        if query.len() > MAX_BYTES {
            return Err(Refused::invalid(format!("the URL has more than {MAX_BYTES} bytes")));
        }
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            let meant = known.iter().find(|one| one.eq_ignore_ascii_case(&name));
            if let Some(meant) = meant.filter(|meant| **meant != name) {
                let message = format!("unknown parameter `{name}`: write `{meant}`");
                return Err(Refused::invalid(message));
            }
            match found.iter().find(|(one, _)| *one == name) {
                Some((_, first)) if meant.is_some() && *first != value => {
                    return Err(Refused::invalid(format!("`{name}` is given twice")));
                }
                Some(_) => {}
                None => found.push((name.into_owned(), value.into_owned())),
            }
            if found.len() > MAX_PARAMETERS {
                let message = format!("there are more than {MAX_PARAMETERS} parameters");
                return Err(Refused::invalid(message));
            }
        }
        Ok(Self(found))
    }

    /// The value of `name`, which is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// All parameters, in their order.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Refuses the first of `names` that is given, because a colony does not do what it asks for.
    pub(super) fn refuse(&self, names: &[&str], hint: &str) -> Result<(), Refused> {
        match names.iter().find(|name| self.text(name).is_some()) {
            Some(name) => Err(Refused::invalid(format!("`{name}` is not supported: {hint}"))),
            None => Ok(()),
        }
    }

    /// A whole number.
    pub(super) fn number<N: FromStr>(&self, name: &str) -> Result<Option<N>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let invalid = || Refused::invalid(format!("invalid {name}: `{text}` is not a number"));
        text.parse().map(Some).map_err(|_| invalid())
    }

    /// A whole number above zero.
    pub(super) fn positive(&self, name: &str) -> Result<Option<u32>, Refused> {
        match self.number::<u32>(name)? {
            Some(0) => Err(Refused::invalid(format!("invalid {name}: must be a positive number"))),
            number => Ok(number),
        }
    }

    /// A duration such as `1.2s`, `1d` or `0`.
    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, Refused> {
        match self.text(name) {
            None => Ok(None),
            // The only number that needs no unit, as in Go.
            Some("0") => Ok(Some(Duration::ZERO)),
            Some(text) => parse_duration(text)
                .map(Some)
                .map_err(|error| Refused::invalid(format!("invalid {name}: {error}"))),
        }
    }

    /// A time; see [`time::parse`].
    pub(super) fn time(&self, name: &str) -> Result<Option<UnixNanos>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        time::parse(text)
            .map(Some)
            .map_err(|error| Refused::invalid(format!("invalid {name}: {error}")))
    }

    /// As [`range`](Self::range), which has both ends or neither.
    pub(super) fn closed_range(&self) -> Result<TimeRange, Refused> {
        let given = |name| Ok::<_, Refused>(self.time(name)?.filter(|time| time.0 > 0));
        let (start, end) = (given("start")?, given("end")?);
        match (start, end) {
            (Some(_), Some(_)) | (None, None) => self.range(),
            _ => Err(before(start.unwrap_or_default(), end.unwrap_or_default())),
        }
    }

    /// The time range from `start` to `end`, both inside. As in Tempo, 0 is no limit.
    pub(super) fn range(&self) -> Result<TimeRange, Refused> {
        time_range(self.time("start")?, self.time("end")?)
    }
}

/// The time range from `start` to `end`, both inside; `None` and 0 are no limits. Times of spans are
/// compared in microseconds.
pub(super) fn time_range(
    start: Option<UnixNanos>,
    end: Option<UnixNanos>,
) -> Result<TimeRange, Refused> {
    let start = start.unwrap_or_default();
    let end = end.filter(|end| end.0 > 0);
    if let Some(end) = end.filter(|end| *end <= start) {
        return Err(before(start, end));
    }
    let end = end.map_or(UnixNanos::MAX, |end| UnixNanos(end.0.saturating_add(1_000)));
    Ok(TimeRange { start, end })
}

fn before(start: UnixNanos, end: UnixNanos) -> Refused {
    Refused::invalid(format!(
        "http parameter start must be before end. received start={} end={}",
        start.0 / 1_000_000_000,
        end.0 / 1_000_000_000
    ))
}
