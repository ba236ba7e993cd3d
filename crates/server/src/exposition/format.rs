//! The two formats of `/metrics`: Prometheus's text, and OpenMetrics, which may have exemplars.

use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// A format of metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Prometheus's text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

/// The media type of [`Format::OpenMetrics`].
const OPEN_METRICS: &str = "application/openmetrics-text";

impl Format {
    /// The format that a client with these headers likes best. Only a client that names OpenMetrics
    /// gets it.
    ///
    /// Source: RFC 9110, "Accept".
    pub fn accepted(headers: &HeaderMap) -> Self {
        let all = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<(String, f64)> =
            all.flat_map(|value| value.split(',')).map(media_range).collect();
        let weight = |kind: &str| {
            let of = ranges.iter().filter(|(range, _)| range == kind).map(|(_, weight)| *weight);
            of.fold(0.0, f64::max)
        };
        let open_metrics = weight(OPEN_METRICS);
        match open_metrics > 0.0 && open_metrics >= weight("text/plain") {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }

    /// The answer with the metrics `text`, which is in Prometheus's text format, and may have
    /// exemplars if the format is [`Format::OpenMetrics`].
    pub fn response(self, text: String) -> Response {
        match self {
            Self::Text => text.into_response(),
            Self::OpenMetrics => {
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ([(CONTENT_TYPE, HeaderValue::from_static(kind))], open_metrics(&text))
                    .into_response()
            }
        }
    }
}

/// A media type with its weight: those of a version that is not written here have none.
fn media_range(range: &str) -> (String, f64) {
    let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let mut weight = 1.0;
    for part in parts {
        match part.split_once('=') {
            Some(("q", value)) => weight = value.parse().unwrap_or(0.0),
            Some(("version", version)) if kind == OPEN_METRICS => {
                let is_known = matches!(version.trim_matches('"'), "0.0.1" | "1.0.0");
                weight = if is_known { weight } else { 0.0 };
            }
            _ => {}
        }
    }
    (kind, weight)
}

/// `text` as OpenMetrics: a counter has the ending `_total` in its samples and not in its name, and the
/// text has an end.
pub fn open_metrics(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 6);
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match [words.next(), words.next(), words.next(), words.next()] {
            [Some("#"), Some(about @ ("TYPE" | "HELP")), Some(name), Some(rest)] => {
                let name = name.strip_suffix("_total").unwrap_or(name);
                written.extend(["# ", about, " ", name, " ", rest]);
            }
            _ => written.push_str(line),
        }
        written.push('\n');
    }
    written.push_str("# EOF\n");
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_the_format_that_it_names_with_the_larger_weight() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,\
                          text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, format) in [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/plain", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; charset=utf-8", Format::OpenMetrics),
            (prometheus, Format::OpenMetrics),
            ("application/openmetrics-text;q=0", Format::Text),
            ("application/openmetrics-text;q=0.2, text/plain;q=0.9", Format::Text),
            ("application/openmetrics-text;version=9.0.0, text/plain;q=0.1", Format::Text),
        ] {
            let headers = [(ACCEPT, HeaderValue::from_static(accept))].into_iter().collect();
            assert_eq!(Format::accepted(&headers), format, "{accept}");
        }
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Text);
    }

    #[test]
    fn a_counter_of_openmetrics_has_its_ending_in_its_samples_only() {
        let text = "# HELP a_total How many a.\n# TYPE a_total counter\na_total{b=\"# TYPE c\"} 3\n\
                    # TYPE d gauge\nd 1\n";
        let expected = "# HELP a How many a.\n# TYPE a counter\na_total{b=\"# TYPE c\"} 3\n\
                        # TYPE d gauge\nd 1\n# EOF\n";
        assert_eq!(open_metrics(text), expected);
    }
}
