//! Parameters of a URL in the forms of the command line: `since=2h ago` beside `since_unix_us`.

use std::borrow::Cow;

use coral_trace::UnixNanos;
use coral_trace::units::{When, parse_duration};
use jiff::tz::TimeZone;
use schemars::SchemaGenerator;

use crate::ask::{Ask, InvalidQuestion};
use crate::zone::zone;

/// The parameter with the time zone in which times as text are read.
pub const ZONE_PARAMETER: &str = "tz";

/// What the text of a parameter stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextKind {
    /// A time: [`When`].
    Time,
    /// A duration: [`parse_duration`].
    Duration,
}

/// The name and the kind of the parameter that is the text form of `field`; `None` if the field is
/// neither a time nor a duration. `since` is the text form of `since_unix_us`, and `min_duration`
/// that of `min_duration_us`.
pub fn text_form(field: &str) -> Option<(&str, TextKind)> {
    let time = field.strip_suffix("_unix_us").map(|name| (name, TextKind::Time));
    time.or_else(|| field.strip_suffix("_us").map(|name| (name, TextKind::Duration)))
}

/// `query` with times and durations as numbers: `since=2h ago` becomes `since_unix_us=…`, for each
/// field of `Q` that has a text form. Times without an offset are read in the time zone of the
/// parameter `tz`, by default UTC.
///
/// # Errors
/// [`InvalidQuestion::Query`] if a text is not a time, a duration or a time zone.
pub fn with_numbers<Q: Ask>(query: &str, now: UnixNanos) -> Result<Cow<'_, str>, InvalidQuestion> {
    let fields = fields::<Q>();
    let named = |name: &str| {
        fields.iter().find_map(|field| {
            let (text, kind) = text_form(field)?;
            (text == name).then_some((field.as_str(), kind))
        })
    };
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let has_text = |name: &str| named(name).is_some() && !fields.iter().any(|field| field == name);
    if !pairs.iter().any(|(name, _)| has_text(name) || name == ZONE_PARAMETER) {
        return Ok(Cow::Borrowed(query));
    }
    let is_zone_of_times = !fields.iter().any(|field| field == ZONE_PARAMETER)
        && fields.iter().any(|field| matches!(text_form(field), Some((_, TextKind::Time))));
    let invalid = |name: &str, reason: String| InvalidQuestion::Query(format!("{name}: {reason}"));
    let zone = match pairs.iter().find(|(name, _)| name == ZONE_PARAMETER) {
        Some((name, text)) => zone(text).map_err(|error| invalid(name, error.to_string()))?,
        None => TimeZone::UTC,
    };
    let mut numbers = form_urlencoded::Serializer::new(String::new());
    for (name, text) in &pairs {
        match named(name).filter(|_| has_text(name)) {
            Some((field, TextKind::Time)) => {
                let time = text.parse().and_then(|when: When| when.at(now, &zone));
                let time = time.map_err(|error| invalid(name, error.to_string()))?;
                numbers.append_pair(field, &time.as_micros().to_string());
            }
            Some((field, TextKind::Duration)) => {
                let length = parse_duration(text).map_err(|error| invalid(name, error))?;
                numbers.append_pair(field, &length.as_micros().to_string());
            }
            None if name == ZONE_PARAMETER && is_zone_of_times => {}
            None => {
                numbers.append_pair(name, text);
            }
        }
    }
    Ok(Cow::Owned(numbers.finish()))
}

/// The names of the fields of `Q`.
fn fields<Q: Ask>() -> Vec<String> {
    let schema = Q::json_schema(&mut SchemaGenerator::default()).to_value();
    let properties = schema["properties"].as_object();
    properties.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RedQuestion, TraceQuestion, TracesQuestion, question_from_url};

    /// 2026-11-25T14:00:00Z.
    const NOW: UnixNanos = UnixNanos(1_795_615_200_000_000_000);

    fn numbers<Q: Ask>(query: &str) -> Result<String, String> {
        let numbers = with_numbers::<Q>(query, NOW).map_err(|error| error.to_string())?;
        Ok(numbers.into_owned())
    }

    #[test]
    fn a_time_or_a_duration_may_be_text() {
        for (query, expected) in [
            ("since=2h+ago&service=a%26b", "since_unix_us=1795608000000000&service=a%26b"),
            ("since=02:40", "since_unix_us=1795574400000000"),
            ("until=2026-11-25&tz=UTC", "until_unix_us=1795564800000000"),
            ("min_duration=500ms", "min_duration_us=500000"),
            ("since_unix_us=17&limit=3", "since_unix_us=17&limit=3"),
            ("nosuch=17&since=now", "nosuch=17&since_unix_us=1795615200000000"),
        ] {
            assert_eq!(numbers::<TracesQuestion>(query).as_deref(), Ok(expected), "{query}");
        }
        assert_eq!(numbers::<RedQuestion>("compare=1h").unwrap(), "compare_us=3600000000");
        assert_eq!(numbers::<TraceQuestion>("since=1h").unwrap(), "since=1h");
    }

    #[test]
    fn a_refused_text_is_named_with_its_parameter() {
        for (query, expected) in [
            ("since=soon", "since: `soon` is not a time. Times are written 15m"),
            ("min_duration=500", "min_duration: `500` is not a duration such as"),
            ("tz=Europe/Atlantis&since=1h", "tz: `Europe/Atlantis` is not a time zone"),
        ] {
            let error = numbers::<TracesQuestion>(query).unwrap_err();
            assert!(error.contains(expected), "{query}: {error}");
        }
    }

    #[test]
    fn a_time_that_is_given_twice_is_refused() {
        let query = numbers::<TracesQuestion>("since=1h&since_unix_us=17").unwrap();
        let error = question_from_url::<TracesQuestion>(&[], &query).unwrap_err().to_string();
        assert!(error.contains("duplicate field `since_unix_us`"), "{error}");
    }
}
