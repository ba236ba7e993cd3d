//! The parameters of a URL.

use std::fmt::Write as _;
use std::num::IntErrorKind;

use coral_trace::sanitize::line;
use coral_trace::{TimeRange, TraceId, UnixNanos};

use super::refused::Refused;

/// How far Zipkin looks back without `lookback`, in milliseconds: a day.
const DEFAULT_LOOKBACK_MS: u64 = 86_400_000;
/// The longest value, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The parameters of one request, each of which is known and occurs once.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses `query`, whose parameters are among `known`.
    pub fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Refused> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                return Err(unknown(&name, known));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == *name) {
                return Err(Refused::invalid(format!("the parameter `{name}` is repeated")));
            }
            if value.len() > MAX_BYTES {
                let bytes = value.len();
                let reason = format!("{name}: {bytes} bytes are more than {MAX_BYTES}");
                return Err(Refused::invalid(reason));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// The text of `name`; `None` if it is absent or empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The text of `name`, which must be there.
    pub fn required(&self, name: &str) -> Result<&str, Refused> {
        self.text(name)
            .ok_or_else(|| Refused::invalid(format!("the parameter `{name}` is missing")))
    }

    /// The number of `name`, which is above 0.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refused> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse::<i128>() {
            Ok(number) if number <= 0 => Err(Refused::invalid(format!("{name} <= 0"))),
            Ok(number) => Ok(Some(u64::try_from(number).unwrap_or(u64::MAX))),
            // More digits than any number here has.
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => Ok(Some(u64::MAX)),
            Err(error) if *error.kind() == IntErrorKind::NegOverflow => {
                Err(Refused::invalid(format!("{name} <= 0")))
            }
            Err(_) => {
                let reason = format!("{name}: `{}` is not a whole number", line(text));
                Err(Refused::invalid(reason))
            }
        }
    }

    /// The range from `lookback` milliseconds before `endTs` to `endTs`, a time in milliseconds since
    /// the Unix epoch. Both ends are inside, in microseconds. Without `endTs`, the range ends `now`.
    pub fn range(&self, now: UnixNanos) -> Result<TimeRange, Refused> {
        let end = self.number("endTs")?.unwrap_or(now.0 / 1_000_000);
        let lookback = self.number("lookback")?.unwrap_or(DEFAULT_LOOKBACK_MS);
        let nanos = |millis: u64| UnixNanos(millis.saturating_mul(1_000_000));
        let end_inside = nanos(end).0.saturating_add(1_000);
        Ok(TimeRange { start: nanos(end.saturating_sub(lookback)), end: UnixNanos(end_inside) })
    }

    /// All parameters, for the audit log.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A trace id of 1 to 32 hex digits in any case. A shorter one is padded with zeros on the left.
pub(super) fn trace_id(text: &str) -> Result<TraceId, Refused> {
    let digits = text.trim();
    let padded = match digits.len() {
        1..=32 => format!("{digits:0>32}"),
        _ => digits.to_owned(),
    };
    padded.parse().map_err(|reason| {
        let reason = format!("trace id `{}`: {reason}", line(text));
        Refused::invalid(reason)
    })
}

fn unknown(name: &str, known: &[&str]) -> Refused {
    let mut reason = format!("unknown parameter `{}`", line(name));
    match known {
        [] => reason.push_str("; this path takes none"),
        known => {
            let _ = write!(reason, "; this path takes {}", known.join(", "));
        }
    }
    Refused::invalid(reason)
}
