//! Parameters of Prometheus's API: of the query string, and of the form of a `POST`.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use coral_query::promql::{TimeSpan, duration_ms};
use coral_server::door::body::BodyError;
use coral_trace::UnixNanos;
use http::{Extensions, Method, header};
use jiff::Timestamp;

use super::error::ApiError;

/// The time that a question about labels is about if it names none: one hour.
const DEFAULT_SPAN_MS: i64 = 3_600_000;
/// Parameters of other servers with this API, which would change the answer.
const REFUSED: [&str; 5] =
    ["stats", "lookback_delta", "dedup", "partial_response", "max_source_resolution"];

/// The parameters of a request, and who sent it.
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    pub extensions: Extensions,
    /// The current time, in milliseconds since the Unix epoch.
    pub now: i64,
}

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let extensions = request.extensions().clone();
        let now = (coral_server::clock::now().0 / 1_000_000) as i64;
        let mut pairs = parsed(query.as_bytes());
        if request.method() == Method::POST {
            let kind = request.headers().get(header::CONTENT_TYPE);
            let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
            let form = Bytes::from_request(request, state).await;
            let form = form.map_err(|error| match BodyError::of(&error) {
                Some(error) => ApiError::of_body(error).into_response(),
                None => ApiError::bad_data(error.body_text()).into_response(),
            })?;
            let is_form =
                kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
            if !form.is_empty() && !is_form {
                let reason =
                    "the body is not a form: send content-type: application/x-www-form-urlencoded";
                return Err(ApiError::bad_data(reason).into_response());
            }
            pairs.extend(parsed(&form));
        }
        let refused = |(name, value): &&(String, String)| {
            REFUSED.contains(&name.as_str()) && !value.is_empty()
        };
        match pairs.iter().find(refused) {
            Some((name, _)) => {
                Err(ApiError::invalid(name, "Coral does not have this parameter").into_response())
            }
            None => Ok(Self { pairs, extensions, now }),
        }
    }
}

fn parsed(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

impl Parameters {
    /// Every parameter with its value, for the audit log.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`; `None` if it is missing or empty.
    ///
    /// # Errors
    /// When it is there more than once, with different values.
    pub fn get(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let of = self.pairs.iter().filter(|(known, _)| known == name);
        let mut values = of.map(|(_, value)| value.as_str());
        let first = values.next();
        match values.any(|value| Some(value) != first) {
            true => Err(ApiError::invalid(name, "there are several different values")),
            false => Ok(first.filter(|value| !value.is_empty())),
        }
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of = self.pairs.iter().filter(move |(known, _)| known == name);
        of.map(|(_, value)| value.as_str())
    }

    /// The moment `name`, in milliseconds since the Unix epoch.
    pub fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        match time(text) {
            Some(time) => Ok(Some(time)),
            None => {
                Err(ApiError::invalid(name, format!("cannot parse {text:?} to a valid timestamp")))
            }
        }
    }

    /// A moment that must be there.
    pub fn required_time(&self, name: &str) -> Result<i64, ApiError> {
        let missing = || ApiError::invalid(name, "cannot parse \"\" to a valid timestamp");
        self.time(name)?.ok_or_else(missing)
    }

    /// The duration `name` in milliseconds: seconds, or such as `1m30s`.
    pub fn duration(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let is_range = |millis: &f64| millis.abs() <= 1e15;
        let seconds = text.parse::<f64>().ok().map(|seconds| seconds * 1_000.0).filter(is_range);
        let millis = seconds.map(|millis| millis as i64).or_else(|| duration_ms(text));
        match millis {
            Some(millis) => Ok(Some(millis)),
            None => {
                Err(ApiError::invalid(name, format!("cannot parse {text:?} to a valid duration")))
            }
        }
    }

    /// The largest number of items of the answer; `None` for no limit but Coral's own.
    pub fn limit(&self) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.get("limit")? else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(limit) => Ok((limit > 0).then_some(limit)),
            Err(_) => Err(ApiError::invalid("limit", "must be a number that is not negative")),
        }
    }

    /// The time from `start` to `end`. Without `end`, until now; without `start`, the hour before.
    pub fn span(&self) -> Result<TimeSpan, ApiError> {
        let end = self.time("end")?.unwrap_or(self.now);
        let start = self.time("start")?.unwrap_or(end.saturating_sub(DEFAULT_SPAN_MS));
        checked(TimeSpan { start, end })
    }

    /// How long the answer may take; `None` for as long as Coral lets it. Without time, nothing is
    /// answered.
    pub fn timeout(&self) -> Result<Option<Duration>, ApiError> {
        let millis = self.duration("timeout")?;
        Ok(millis.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))))
    }
}

/// `span`, if its end is not before its start.
pub(super) fn checked(span: TimeSpan) -> Result<TimeSpan, ApiError> {
    match span.end < span.start {
        true => Err(ApiError::invalid("end", "end timestamp must not be before start time")),
        false => Ok(span),
    }
}

/// Milliseconds of a moment: seconds since the Unix epoch, or RFC 3339, whose `+` may have become a
/// space. A number that is too large for seconds is one of milliseconds, microseconds or
/// nanoseconds.
fn time(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<f64>() {
        let unit = match number.abs() {
            size if size < 1e11 => 1e3,
            size if size < 1e14 => 1.0,
            size if size < 1e17 => 1e-3,
            size if size < 1e20 => 1e-6,
            _ => return None,
        };
        return Some((number * unit).round() as i64);
    }
    let stamp: Timestamp = text.replace(' ', "+").parse().ok()?;
    Some(stamp.as_millisecond())
}

/// A moment for the audit log.
pub(super) fn moment(millis: i64) -> UnixNanos {
    UnixNanos::from_micros(millis.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_each_unit_and_in_rfc_3339() {
        for text in [
            "1795608000",
            "1795608000.0",
            "1795608000000",
            "1795608000000000",
            "1795608000000000000",
            "2026-11-25T12:00:00Z",
            "2026-11-25T13:00:00+01:00",
            "2026-11-25T13:00:00 01:00",
            "2026-11-25t12:00:00.000z",
        ] {
            assert_eq!(time(text), Some(1_795_608_000_000), "{text}");
        }
        for text in ["", "soon", "NaN", "1e300", "2026-11-25", "2026-13-25T12:00:00Z"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
