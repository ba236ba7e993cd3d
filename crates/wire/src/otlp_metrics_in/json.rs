//! Metrics in JSON. An invalid number refuses only its point, as in protobuf.

use coral_trace::red::Exponential;
use coral_trace::{Recogniser, UnixNanos};
use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::{Buckets, DecodedMetrics, Intake, PointRefusalReason, RawExemplar, RawPoint};
use crate::otlp::{DecodeError, is_too_deep};
use crate::otlp_json::origin::{Resource, Scope};
use crate::otlp_json::scalar::{Double, Integer, enumeration, integer, nullable};
use crate::otlp_json::syntax_error;
use crate::otlp_json::value::{KeyValue, attributes};
use crate::refusal::RefusalReason;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    #[serde(alias = "resource_metrics", deserialize_with = "nullable")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ResourceMetrics {
    #[serde(deserialize_with = "nullable")]
    resource: Resource,
    #[serde(alias = "scope_metrics", deserialize_with = "nullable")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ScopeMetrics {
    #[serde(deserialize_with = "nullable")]
    scope: Scope,
    #[serde(deserialize_with = "nullable")]
    metrics: Vec<Metric>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Metric {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    unit: String,
    gauge: Option<Other>,
    sum: Option<Other>,
    histogram: Option<Histogram>,
    #[serde(alias = "exponential_histogram")]
    exponential_histogram: Option<Histogram>,
    summary: Option<Other>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Other {
    #[serde(alias = "data_points", deserialize_with = "nullable")]
    data_points: Vec<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Histogram {
    #[serde(alias = "data_points", deserialize_with = "nullable")]
    data_points: Vec<DataPoint>,
    #[serde(alias = "aggregation_temporality", deserialize_with = "temporality")]
    aggregation_temporality: i32,
}

/// A data point of either kind of histogram. Negative counts can be read, so that they refuse only
/// their point and not the request.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct DataPoint {
    #[serde(deserialize_with = "nullable")]
    attributes: Vec<KeyValue>,
    #[serde(alias = "start_time_unix_nano", deserialize_with = "integer")]
    start_time_unix_nano: u64,
    #[serde(alias = "time_unix_nano", deserialize_with = "integer")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "integer")]
    count: i128,
    sum: Option<Double>,
    #[serde(alias = "bucket_counts", deserialize_with = "nullable")]
    bucket_counts: Vec<Integer<i128>>,
    #[serde(alias = "explicit_bounds", deserialize_with = "nullable")]
    explicit_bounds: Vec<Double>,
    #[serde(deserialize_with = "nullable")]
    exemplars: Vec<Exemplar>,
    #[serde(deserialize_with = "integer")]
    flags: u32,
    #[serde(deserialize_with = "integer")]
    scale: i32,
    #[serde(alias = "zero_count", deserialize_with = "integer")]
    zero_count: i128,
    #[serde(alias = "zero_threshold")]
    zero_threshold: Option<Double>,
    #[serde(deserialize_with = "nullable")]
    positive: IndexedCounts,
    #[serde(deserialize_with = "nullable")]
    negative: IndexedCounts,
}

/// OTLP's `ExponentialHistogramDataPoint.Buckets`.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct IndexedCounts {
    #[serde(deserialize_with = "integer")]
    offset: i32,
    #[serde(alias = "bucket_counts", deserialize_with = "nullable")]
    bucket_counts: Vec<Integer<i128>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Exemplar {
    #[serde(alias = "time_unix_nano", deserialize_with = "integer")]
    time_unix_nano: u64,
    #[serde(alias = "trace_id", deserialize_with = "nullable")]
    trace_id: String,
    #[serde(alias = "span_id", deserialize_with = "nullable")]
    span_id: String,
    #[serde(alias = "as_double")]
    as_double: Option<Double>,
    #[serde(alias = "as_int")]
    as_int: Option<Integer<i64>>,
}

/// Decodes `body`, an `ExportMetricsServiceRequest`.
pub(super) fn decode(body: &[u8], recogniser: &Recogniser) -> Result<DecodedMetrics, DecodeError> {
    let request: Request = serde_json::from_slice(body).map_err(|error| syntax_error(&error))?;
    let mut intake = Intake::new(recogniser);
    for resource_metrics in request.resource_metrics {
        if resource_metrics.scope_metrics.iter().all(|scope| scope.metrics.is_empty()) {
            intake.idle();
        }
        intake.enter(resource_metrics.resource.checked(String::new()));
        for scope_metrics in resource_metrics.scope_metrics {
            intake.enter_scope(scope_metrics.scope.checked(String::new()));
            scope_metrics.metrics.into_iter().for_each(|metric| metric.take(&mut intake));
        }
    }
    Ok(intake.decoded)
}

impl Metric {
    fn take(self, intake: &mut Intake<'_>) {
        for other in [self.gauge, self.sum, self.summary].into_iter().flatten() {
            intake.unknown(other.data_points.len() as u64);
        }
        let histograms = [(self.histogram, false), (self.exponential_histogram, true)];
        for (histogram, is_exponential) in histograms {
            let Some(histogram) = histogram else { continue };
            let points = histogram.data_points.len() as u64;
            let temporality = histogram.aggregation_temporality;
            let taking = intake.metric(&self.name, &self.unit, temporality, points);
            if let Some(taking) = taking {
                let points = histogram.data_points.into_iter();
                points.for_each(|point| intake.take(&taking, point.raw(is_exponential)));
            }
        }
    }
}

impl DataPoint {
    fn raw(self, is_exponential: bool) -> Result<RawPoint, PointRefusalReason> {
        let attributes = attributes(self.attributes);
        if is_too_deep(&attributes) {
            return Err(PointRefusalReason::Origin(RefusalReason::TooDeep { of: "its" }));
        }
        let buckets = if is_exponential {
            let negative = counts(self.negative.bucket_counts)?;
            Buckets::Exponential {
                positive: Exponential {
                    scale: self.scale,
                    zero_count: count("zero_count", self.zero_count)?,
                    zero_threshold: self.zero_threshold.map_or(0.0, |threshold| threshold.0),
                    offset: self.positive.offset,
                    counts: counts(self.positive.bucket_counts)?,
                },
                negative: negative.iter().fold(0, |sum, count| sum.saturating_add(*count)),
            }
        } else {
            Buckets::Explicit {
                bounds: self.explicit_bounds.into_iter().map(|bound| bound.0).collect(),
                counts: counts(self.bucket_counts)?,
            }
        };
        Ok(RawPoint {
            attributes,
            start: UnixNanos(self.start_time_unix_nano),
            time: UnixNanos(self.time_unix_nano),
            count: count("count", self.count)?,
            sum: self.sum.map(|sum| sum.0),
            buckets,
            exemplars: self.exemplars.into_iter().map(Exemplar::raw).collect(),
            no_recorded_value: self.flags & 1 != 0,
        })
    }
}

impl Exemplar {
    fn raw(self) -> RawExemplar {
        let double = self.as_double.map(|value| value.0);
        let value = double.or(self.as_int.map(|value| value.0 as f64));
        RawExemplar {
            trace_id: self.trace_id.parse().ok(),
            span_id: self.span_id.parse().ok(),
            value: value.unwrap_or(f64::NAN),
            time: UnixNanos(self.time_unix_nano),
        }
    }
}

fn counts(list: Vec<Integer<i128>>) -> Result<Vec<u64>, PointRefusalReason> {
    list.into_iter().map(|number| count("a bucket's count", number.0)).collect()
}

fn count(field: &'static str, number: i128) -> Result<u64, PointRefusalReason> {
    let refused = |_| PointRefusalReason::Number { field, value: number.to_string() };
    u64::try_from(number).map_err(refused)
}

fn temporality<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, |name| AggregationTemporality::from_str_name(name).map(i32::from))
}
