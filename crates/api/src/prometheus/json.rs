//! Answers as Prometheus's API has them. Values are texts, and times are seconds.

use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use coral_query::promql::{Answer, Labels, Point, RangeSeries, Sample, SeriesExemplars};
use serde_json::{Value, json};

use crate::json::attachment;

/// What an answer says if it has been cut.
const CUT: &str = "results truncated due to limit";

/// `data` as the answer of a question; `is_cut` if there is more than `limit`.
pub(super) fn success(data: &str, is_cut: bool) -> Response {
    let warnings = if is_cut { format!(",\"warnings\":[\"{CUT}\"]") } else { String::new() };
    let body = format!("{{\"status\":\"success\",\"data\":{data}{warnings}}}");
    (attachment("prometheus"), body).into_response()
}

/// The value of an expression at one moment.
pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Scalar(value) => {
            format!("{{\"resultType\":\"scalar\",\"result\":{}}}", point(value))
        }
        Answer::Text(at, text) => {
            format!("{{\"resultType\":\"string\",\"result\":[{},{}]}}", seconds(*at), json!(text))
        }
        Answer::Matrix(series) => matrix(series),
        Answer::Vector(samples) => {
            let one = |sample: &Sample| {
                let (labels, value) = (labels(&sample.labels), point(&sample.point));
                format!("{{\"metric\":{labels},\"value\":{value}}}")
            };
            format!("{{\"resultType\":\"vector\",\"result\":{}}}", list(samples, one))
        }
    }
}

/// The values of an expression over time.
pub(super) fn matrix(series: &[RangeSeries]) -> String {
    let one = |series: &RangeSeries| {
        let values = list(&series.points, point);
        format!("{{\"metric\":{},\"values\":{values}}}", labels(&series.labels))
    };
    format!("{{\"resultType\":\"matrix\",\"result\":{}}}", list(series, one))
}

/// Exemplars, with the labels that Tempo's metrics generator gives them, and `spanID`.
pub(super) fn exemplars(series: &[SeriesExemplars]) -> String {
    let one = |of: &SeriesExemplars| {
        let exemplars: Vec<Value> = of
            .exemplars
            .iter()
            .map(|one| {
                json!({
                    "labels": {
                        "traceID": one.trace_id.to_string(),
                        "spanID": one.span_id.to_string(),
                    },
                    "value": one.seconds.to_string(),
                    "timestamp": (one.time.0 / 1_000_000) as f64 / 1_000.0,
                })
            })
            .collect();
        let exemplars = Value::Array(exemplars);
        format!("{{\"seriesLabels\":{},\"exemplars\":{exemplars}}}", labels(&of.labels))
    };
    list(series, one)
}

/// Labels as an object.
pub(super) fn labels(labels: &Labels) -> String {
    let pairs: serde_json::Map<String, Value> =
        labels.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    Value::Object(pairs).to_string()
}

/// An array of `items`, each made by `one`.
pub(super) fn list<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    let mut text = String::from("[");
    for (at, item) in items.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}", one(item));
    }
    text.push(']');
    text
}

fn point((at, value): &Point) -> String {
    format!("[{},\"{}\"]", seconds(*at), number(*value))
}

fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

/// Seconds of milliseconds, with a fraction if there is one.
fn seconds(millis: i64) -> String {
    match millis.rem_euclid(1_000) {
        0 => (millis / 1_000).to_string(),
        _ => (millis as f64 / 1_000.0).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_as_prometheus_writes_them() {
        let all = [1.0, 0.1, 1e21, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let written = ["1", "0.1", "1000000000000000000000", "NaN", "+Inf", "-Inf"];
        assert_eq!(all.map(number), written);
        assert_eq!([1_435_781_430_781, 5_000, 0].map(seconds), ["1435781430.781", "5", "0"]);
    }
}
