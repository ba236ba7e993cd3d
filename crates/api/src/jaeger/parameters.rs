//! Parameters of a URL, read as Jaeger reads them: the first value of a name counts, and an empty
//! value is none.

use std::time::Duration;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use coral_trace::{TraceId, UnixNanos};

use super::envelope::Refused;
use super::go_text::parse_duration;

/// The longest value that an error repeats, in characters.
const MAX_QUOTED: usize = 200;

/// The parameters of one request, decoded.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses `query`, in which only the parameters `known` may be.
    ///
    /// # Errors
    /// [`Refused`] names a parameter that is not known. Jaeger ignores such a parameter, so that a
    /// mistyped condition finds more than was asked for.
    pub(super) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Refused> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs: Vec<_> = pairs.map(|(key, value)| (key.into(), value.into())).collect();
        let strange = pairs
            .iter()
            .find(|(key, _): &&(String, String)| !key.is_empty() && !known.contains(&key.as_str()));
        match strange {
            Some((key, _)) => {
                let known = known.join(", ");
                Err(Refused::invalid(format!(
                    "unknown parameter {}: the parameters are {known}",
                    quoted(key)
                )))
            }
            None => Ok(Self(pairs)),
        }
    }

    /// The first value of `name`, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// The first of `names` that has a value, with the value.
    pub(super) fn first_of<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// Every value of `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The instant that `name` says in `unit` nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`Refused`] names the parameter, also if the number is an instant of our time in another unit.
    pub(super) fn instant(&self, name: &str, unit: i64) -> Result<Option<UnixNanos>, Refused> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        if let Some((found, wanted)) = mistaken_unit(number, unit) {
            let reason = format!("{number} is in {found}: write {wanted} since the Unix epoch");
            return Err(unparsable(name, &reason));
        }
        Ok(Some(UnixNanos(u64::try_from(number.saturating_mul(unit)).unwrap_or_default())))
    }

    /// The integer that `name` says.
    ///
    /// # Errors
    /// [`Refused`] names the parameter.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let quoted = quoted(text);
            let reason = format!("strconv.ParseInt: parsing {quoted}: invalid syntax");
            // Jaeger does not say the name of this one.
            if name == "limit" { Refused::invalid(reason) } else { unparsable(name, &reason) }
        })
    }

    /// The duration that `name` says in milliseconds; not negative.
    ///
    /// # Errors
    /// [`Refused`] names the parameter.
    pub(super) fn millis(&self, name: &str, usual: Duration) -> Result<Duration, Refused> {
        match self.number(name)? {
            None => Ok(usual),
            Some(number) => u64::try_from(number)
                .map(Duration::from_millis)
                .map_err(|_| unparsable(name, "a duration is not negative")),
        }
    }

    /// The duration that `name` says, such as `1.2s`; `None` if it says none or zero.
    ///
    /// # Errors
    /// [`Refused`] names the parameter.
    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, Refused> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let duration = parse_duration(text).map_err(|reason| unparsable(name, &reason))?;
        Ok(Some(duration).filter(|duration| !duration.is_zero()))
    }

    /// The truth value that `name` says; false if it says none.
    ///
    /// # Errors
    /// [`Refused`] names the parameter.
    pub(super) fn truth(&self, name: &str) -> Result<bool, Refused> {
        let Some(text) = self.get(name) else { return Ok(false) };
        parse_bool(text).map_err(|reason| unparsable(name, &reason))
    }

    /// Whether the answer is to be indented.
    pub(super) fn is_pretty(&self) -> bool {
        self.get("prettyPrint").is_some_and(|value| value != "false")
    }
}

/// Units of time with their names, in nanoseconds.
const UNITS: [(&str, i64); 4] = [
    ("seconds", 1_000_000_000),
    ("milliseconds", 1_000_000),
    ("microseconds", 1_000),
    ("nanoseconds", 1),
];
/// The instants of our time: from 2001 to 2103, in seconds since the Unix epoch.
const OUR_TIME: std::ops::Range<i64> = 1_000_000_000..4_200_000_000;

/// The unit in which `number` is an instant of our time, if that is not `unit`, and the name of `unit`.
/// No number is an instant of our time in two units.
fn mistaken_unit(number: i64, unit: i64) -> Option<(&'static str, &'static str)> {
    let seconds = |of: i64| number / (UNITS[0].1 / of);
    let (found, of) = UNITS.into_iter().find(|(_, of)| OUR_TIME.contains(&seconds(*of)))?;
    let (wanted, _) = UNITS.into_iter().find(|(_, of)| *of == unit)?;
    (of != unit).then_some((found, wanted))
}

/// The only parameter of a path, decoded.
pub(super) type OnePath = Result<Path<String>, PathRejection>;

/// The parameter of the path.
///
/// # Errors
/// [`Refused`] if the parameter is not UTF-8.
pub(super) fn of_path(path: OnePath) -> Result<String, Refused> {
    path.map(|Path(text)| text).map_err(|error| Refused::invalid(error.body_text()))
}

/// Reads a truth value as Go does.
///
/// # Errors
/// Go's words for what is wrong.
pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quoted(other))),
    }
}

/// Reads a trace id of 1 to 32 hex digits in any case; missing digits are zeros. `None` for an id of
/// zeros, which no trace has.
///
/// # Errors
/// Go's words for what is wrong.
pub(super) fn parse_trace_id(text: &str) -> Result<Option<TraceId>, String> {
    if text.len() > 32 {
        let quoted = shortened(text);
        return Err(format!("TraceID cannot be longer than 32 hex characters: {quoted}"));
    }
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("strconv.ParseUint: parsing {}: invalid syntax", quoted(text)));
    }
    let number = u128::from_str_radix(text, 16).unwrap_or_default();
    Ok(TraceId::try_from(number).ok())
}

/// The error about the value of `name`.
pub(super) fn unparsable(name: &str, reason: &str) -> Refused {
    Refused::invalid(format!("unable to parse param '{name}': {reason}"))
}

/// `text` in quotation marks, shortened.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// `text`, shortened.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
