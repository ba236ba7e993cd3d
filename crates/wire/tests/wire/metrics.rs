//! Decoding of metrics: captures of Beyla, and refusals.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use coral_trace::Recogniser;
use coral_trace::red::{Counters, PointOutcome, Series, Temporality, series_from_span};
use coral_wire::otlp_in::{self, DecodeError, Encoding};
use coral_wire::otlp_metrics_in::{self, DecodedMetrics, IgnoredMetrics, KnownSeries};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/beyla");

fn decode(
    body: &[u8],
    encoding: Encoding,
    recogniser: &Recogniser,
) -> Result<DecodedMetrics, DecodeError> {
    otlp_metrics_in::decode(body, encoding, recogniser, &KnownSeries::default())
}

/// Files of `version` whose names begin with any of `prefixes`, in order of arrival.
fn bodies(version: &str, prefixes: &[&str]) -> Vec<Vec<u8>> {
    let directory = fs::read_dir(format!("{FIXTURES}/{version}")).unwrap();
    let mut files: Vec<_> = directory.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    });
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The series as one line, such as "card-validator http server POST /validate 200".
fn row(series: &Series) -> String {
    let Series { service, protocol, side, operation, target, status, .. } = series;
    let (protocol, side) = (protocol.as_str(), side.as_str());
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    let failed = if series.is_error() { "error" } else { "" };
    let words = [service, protocol, side, operation, target, &status, failed];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Counts requests from metrics, by the [`row`] of their series.
fn counted(bodies: &[Vec<u8>]) -> BTreeMap<String, u64> {
    let (mut counters, mut rows) = (Counters::new(10_000), BTreeMap::new());
    for body in bodies {
        let decoded = decode(body, Encoding::Protobuf, &Recogniser::default()).unwrap();
        assert_eq!(decoded.refused.message(), "");
        for point in &decoded.points {
            if let PointOutcome::Grown(growth) = counters.take(point) {
                *rows.entry(row(&point.series)).or_default() += growth.histogram.count();
            }
        }
        counters.committed();
    }
    rows
}

/// Counts requests from spans, by the [`row`] of their series.
fn traced(bodies: &[Vec<u8>]) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for body in bodies {
        let decoded = otlp_in::decode(body, Encoding::Protobuf, &Recogniser::default()).unwrap();
        for series in decoded.spans.iter().filter_map(series_from_span) {
            *rows.entry(row(&series)).or_default() += 1;
        }
    }
    rows
}

/// Counts requests from `metrics`, by row. Asserts that the spans in `traces`, captured at the same
/// time, give the same counts.
fn agreed(version: &str, metrics: &[&str], traces: &[&str]) -> BTreeMap<String, u64> {
    let (counted, traced) = (counted(&bodies(version, metrics)), traced(&bodies(version, traces)));
    // Metrics of SQL do not name the table, so tables are not compared.
    let whole = |rows: &BTreeMap<String, u64>| {
        let mut whole: BTreeMap<String, u64> = BTreeMap::new();
        for (row, count) in rows {
            let words: Vec<&str> = row.split(' ').collect();
            let row = match words.as_slice() {
                [service, "sql", "client", operation, rest @ ..] => {
                    let failed = if rest.last() == Some(&"error") { " error" } else { "" };
                    format!("{service} sql client {operation}{failed}")
                }
                _ => row.clone(),
            };
            *whole.entry(row).or_default() += count;
        }
        whole
    };
    assert_eq!(whole(&counted), whole(&traced));
    counted
}

fn check(rows: &BTreeMap<String, u64>, expected: &[(&str, u64)]) {
    for (row, count) in expected {
        assert_eq!(rows.get(*row), Some(count), "{row}");
    }
}

/// The README: "001: 5 x checkout. 002: fraud, 503, badsql, grpcboom, missing, boom, deadend. 003:
/// slowsql, slow, parallel. 004: 40 checkouts". These are 48 successful checkouts, and one of each
/// failing request. The traces of 005 were captured after the last metrics.
#[test]
fn set_a_of_beyla_3_counts_what_its_readme_says_and_what_its_traces_say() {
    let traces = ["traces-001", "traces-002", "traces-003", "traces-004"];
    let rows = agreed("3.31.0", &["metrics-0"], &traces);
    check(
        &rows,
        &[
            ("frontend-api http server GET /checkout/{id} 200", 5 + 3 + 40),
            ("frontend-api http server GET /checkout/{id} 403", 1),
            ("frontend-api http server GET /checkout/{id} 503 error", 1),
            ("frontend-api http server GET /checkout/{id} 500 error", 1),
            ("frontend-api http server GET /checkout/{id} 502 error", 1),
            ("frontend-api http server GET /missing/{id} 404", 1),
            ("frontend-api http server GET /boom 500 error", 1),
            ("frontend-api http server GET /deadend 502 error", 1),
            ("frontend-api http client GET /nobody 0 error", 1),
            ("inventory-api http server POST /api/v1/reserve 200", 5 + 4 + 3 + 40),
            ("fraud-detector grpc server /fraud.v1.FraudDetector/Check 7", 1),
            ("fraud-detector grpc server /fraud.v1.FraudDetector/Check 13 error", 1),
            ("card-validator sql client SELECT error", 1),
        ],
    );
}

/// The README: "60 checkouts; 8 failing (badsql/503); 6 with traceparent, 6 with another". Metrics
/// count all requests, of which a third was traced.
#[test]
fn set_b_of_beyla_3_counts_requests_that_were_not_sampled() {
    let rows = counted(&bodies("3.31.0", &["metrics-1"]));
    check(
        &rows,
        &[
            ("frontend-api http server GET /checkout/{id} 200", 60 + 6 + 6),
            ("frontend-api http server GET /checkout/{id} 500 error", 4),
            ("frontend-api http server GET /checkout/{id} 503 error", 4),
            ("inventory-api http server POST /api/v1/reserve 200", 80),
        ],
    );
}

/// The README: "5 checkouts, 503, missing". The metrics have exponential buckets.
#[test]
fn set_d_of_beyla_3_counts_the_same_in_exponential_buckets() {
    let rows = agreed("3.31.0", &["metrics-4"], &["traces-4"]);
    check(
        &rows,
        &[
            ("frontend-api http server GET /checkout/{id} 200", 5),
            ("frontend-api http server GET /checkout/{id} 503 error", 1),
            ("frontend-api http server GET /missing/{id} 404", 1),
            ("card-validator sql client UPDATE", 5),
        ],
    );
}

/// The README lists the requests up to the last captured trace. The captured metrics continue until
/// there are 30 checkouts.
#[test]
fn beyla_1_counts_each_bad_request_once() {
    let rows = counted(&bodies("1.8.9", &["metrics-"]));
    check(
        &rows,
        &[
            ("frontend-api http server GET /checkout/fraud 403", 1),
            ("frontend-api http server GET /checkout/* 503 error", 1),
            ("frontend-api http server GET /checkout/* 500 error", 1),
            ("frontend-api http server GET /checkout/* 502 error", 1),
            ("frontend-api http server GET /missing/* 404", 1),
            ("frontend-api http server GET /boom 500 error", 1),
            ("frontend-api http server GET /deadend 502 error", 1),
            ("frontend-api http client GET /nobody 0 error", 1),
            ("frontend-api http client POST /api/v1/reserve 200", 34),
            ("inventory-api http server POST /api/v1/reserve 200", 34),
        ],
    );
}

#[test]
fn every_exemplar_of_an_unsampled_capture_names_a_span_that_was_captured() {
    let spans: Vec<_> = bodies("3.31.0", &["traces-0"])
        .iter()
        .flat_map(|body| {
            otlp_in::decode(body, Encoding::Protobuf, &Recogniser::default()).unwrap().spans
        })
        .map(|span| (span.trace_id, span.span_id))
        .collect();
    let points: Vec<_> = bodies("3.31.0", &["metrics-0"])
        .iter()
        .flat_map(|body| decode(body, Encoding::Protobuf, &Recogniser::default()).unwrap().points)
        .collect();
    let named: BTreeSet<_> = points
        .iter()
        .flat_map(|point| &point.exemplars)
        .map(|exemplar| (exemplar.trace_id, exemplar.span_id))
        .collect();
    assert_eq!(named.len(), 79);
    assert!(named.iter().all(|exemplar| spans.contains(exemplar)));
}

#[test]
fn what_is_no_red_metric_is_counted_as_that() {
    let decoded = |file: &str| {
        decode(&bodies("3.31.0", &[file])[0], Encoding::Protobuf, &Recogniser::default()).unwrap()
    };
    let ignored = decoded("metrics-107").ignored;
    assert_eq!(ignored, IgnoredMetrics { unknown: 16, sdk: 0, idle: 0 }, "sizes and span metrics");
    assert_eq!(decoded("metrics-105").ignored, IgnoredMetrics { unknown: 0, sdk: 0, idle: 1 });
    let sdk = Recogniser::everything_sdk();
    let ours = decode(&bodies("3.31.0", &["metrics-003"])[0], Encoding::Protobuf, &sdk).unwrap();
    assert_eq!((ours.points.len(), ours.ignored.sdk), (0, 3));
}

/// A request of one metric with one point, in JSON. `point` replaces fields of a valid point.
fn one(metric: &str, data: &str, point: &str) -> DecodedMetrics {
    let good = r#""startTimeUnixNano":"1795353301000000000","timeUnixNano":"1795353311000000000","count":"3","sum":0.02,
        "bucketCounts":["1","2","0"],"explicitBounds":[0.005,0.01],
        "attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},
        {"key":"http.response.status_code","value":{"intValue":"200"}}],
        "exemplars":[{"timeUnixNano":"5","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","asInt":"1"},
        {"timeUnixNano":"6","asDouble":0.1}]"#;
    // serde refuses an object with the same key twice, so the fields of `point` replace the valid
    // ones.
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{good}}}")).unwrap();
    fields.extend(serde_json::from_str::<serde_json::Map<_, _>>(&format!("{{{point}}}")).unwrap());
    let point = serde_json::to_string(&fields).unwrap();
    let body = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"cart"}}}}]}},
        "scopeMetrics":[{{"scope":{{"name":"go.opentelemetry.io/obi"}},"metrics":[{{{metric},{data}:
        {{"aggregationTemporality":2,"dataPoints":[{point}]}}}}]}}]}}]}}"#
    );
    decode(body.as_bytes(), Encoding::Json, &Recogniser::default()).unwrap()
}

const HTTP: &str = r#""name":"http.server.request.duration","unit":"s""#;

#[test]
fn json_says_the_same_as_protobuf() {
    let decoded = one(HTTP, r#""histogram""#, "");
    assert_eq!((decoded.points.len(), decoded.refused.message()), (1, String::new()));
    let point = &decoded.points[0];
    assert_eq!(row(&point.series), "cart http server GET 200");
    assert_eq!(point.histogram.bounds()[..], [5_000_000, 10_000_000]);
    assert_eq!(point.histogram.counts(), [1, 2, 0]);
    assert_eq!(point.temporality, Temporality::Cumulative);
    let exemplars: Vec<u64> = point.exemplars.iter().map(|exemplar| exemplar.nanos).collect();
    assert_eq!(exemplars, [1_000_000_000], "one without ids leads nowhere");
}

#[test]
fn a_metric_is_read_in_its_own_unit_and_under_every_name() {
    let millis = r#""name":"rpc.server.duration","unit":"ms""#;
    let point = &one(millis, r#""histogram""#, r#""explicitBounds":[5,10]"#).points[0];
    assert_eq!(point.histogram.bounds()[..], [5_000_000, 10_000_000]);
    for name in [
        "http.server.request.duration",
        "http.client.request.duration",
        "rpc.server.call.duration",
        "rpc.client.call.duration",
        "rpc.server.duration",
        "rpc.client.duration",
        "db.client.operation.duration",
    ] {
        let metric = format!(r#""name":"{name}","unit":"s""#);
        assert_eq!(one(&metric, r#""histogram""#, "").points.len(), 1, "{name}");
    }
    assert_eq!(
        one(
            HTTP,
            r#""exponential_histogram""#,
            r#""zero_count":1,"positive":{"offset":3,"bucket_counts":[2]}"#
        )
        .points
        .len(),
        1
    );
}

#[test]
fn a_bad_point_is_refused_with_its_reason() {
    for (metric, data, point, reason) in [
        (
            HTTP,
            r#""histogram""#,
            r#""sum":"NaN""#,
            "sum is NaN, expected a number that is not negative",
        ),
        (
            HTTP,
            r#""histogram""#,
            r#""sum":-1"#,
            "sum is -1, expected a number that is not negative",
        ),
        (
            HTTP,
            r#""histogram""#,
            r#""bucketCounts":[1,-2,0]"#,
            "a bucket's count is -2, expected a number that is not negative",
        ),
        (
            HTTP,
            r#""histogram""#,
            r#""explicitBounds":[0.005]"#,
            "3 bucket counts for 1 bounds, expected 2",
        ),
        (
            HTTP,
            r#""histogram""#,
            r#""explicitBounds":[0.01,0.005]"#,
            "bounds are not rising numbers",
        ),
        (
            HTTP,
            r#""histogram""#,
            r#""explicitBounds":[0.01,"NaN"]"#,
            "a bound is NaN, expected a number that is not negative",
        ),
        (HTTP, r#""histogram""#, r#""count":4"#, "count is 4, but its buckets hold 3"),
        (HTTP, r#""histogram""#, r#""timeUnixNano":0"#, "its time is missing, or before its start"),
        (HTTP, r#""exponentialHistogram""#, r#""scale":50"#, "bounds are not rising numbers"),
        (
            HTTP,
            r#""exponentialHistogram""#,
            r#""negative":{"bucketCounts":[1]}"#,
            "a duration is negative 1 times, expected a number that is not negative",
        ),
        (
            r#""name":"http.server.request.duration","unit":"By""#,
            r#""histogram""#,
            "",
            "unit `By` is no unit of time, expected `s` or `ms`",
        ),
    ] {
        let decoded = one(metric, data, point);
        let expected = format!(
            "1 data point refused: {reason} (first: metric `http.server.request.duration`)"
        );
        assert_eq!((decoded.points.len(), decoded.refused.message()), (0, expected));
    }
}

proptest! {
    /// Damaged captures are decoded or refused without a panic.
    #[test]
    fn damaged_metrics_are_read_or_refused(at in any::<Index>(), bytes in vec(any::<u8>(), 1..8), cut in any::<Index>()) {
        for body in bodies("3.31.0", &["metrics-003", "metrics-405"]) {
            let mut damaged = body.clone();
            let at = at.index(damaged.len());
            let end = (at + bytes.len()).min(damaged.len());
            damaged[at..end].copy_from_slice(&bytes[..end - at]);
            for body in [&damaged[..], &body[..cut.index(body.len())]] {
                for encoding in [Encoding::Protobuf, Encoding::Json] {
                    if let Ok(decoded) = decode(body, encoding, &Recogniser::default()) {
                        let said = decoded.refused.message();
                        prop_assert!(said.len() < 2_048 && !said.contains(char::is_control));
                    }
                }
            }
        }
    }
}
