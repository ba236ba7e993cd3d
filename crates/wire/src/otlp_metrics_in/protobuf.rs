//! Decodes an export point by point.

use coral_trace::red::Exponential;
use coral_trace::{Recogniser, Resource, Scope, SpanId, TraceId, UnixNanos};
use opentelemetry_proto::tonic::{
    common::v1 as common, metrics::v1 as metrics, resource::v1 as resource,
};
use prost::Message;

use super::fast_path::FastPoint;
use super::{
    Buckets, DecodedMetrics, Intake, KnownSeries, MAX_POINT_BYTES, PointRefusalReason, RawExemplar,
    RawPoint,
};
use crate::otlp::DecodeError;
use crate::otlp_protobuf::fields::{Outer, Reader, TOO_DEEP, what};
use crate::otlp_protobuf::value;
use crate::refusal::RefusalReason;

const REQUEST: Outer = Outer { name: "ExportMetricsServiceRequest", last_field: 1 };
const RESOURCE_METRICS: Outer = Outer { name: "ResourceMetrics", last_field: 3 };
const SCOPE_METRICS: Outer = Outer { name: "ScopeMetrics", last_field: 3 };
const METRIC: Outer = Outer { name: "Metric", last_field: 12 };
/// `Gauge`, `Sum`, `Histogram`, `ExponentialHistogram` or `Summary`: field 1 has the points, and
/// all other fields are numbers.
const DATA: Outer = Outer { name: "Histogram", last_field: 1 };

/// The numbers of the fields of `Metric` that hold points, by kind of metric.
const GAUGE: usize = 5;
const SUM: usize = 7;
const HISTOGRAM: usize = 9;
const EXPONENTIAL: usize = 10;
const SUMMARY: usize = 11;

pub(super) fn decode(
    body: &[u8],
    recogniser: &Recogniser,
    known: &KnownSeries,
) -> Result<DecodedMetrics, DecodeError> {
    let reader = Reader::new(body);
    let mut intake = Intake::new(recogniser).knowing(known);
    for field in reader.fields(body, REQUEST) {
        if let (1, resource_metrics) = field? {
            reader.resource_metrics(resource_metrics, &mut intake)?;
        }
    }
    Ok(intake.decoded)
}

impl<'a> Reader<'a> {
    /// Decodes one `ResourceMetrics`. Walks its fields twice, because the resource may follow its
    /// metrics.
    fn resource_metrics(
        &'a self,
        bytes: &'a [u8],
        intake: &mut Intake<'_>,
    ) -> Result<(), DecodeError> {
        intake.enter(self.metrics_resource(bytes)?);
        let mut is_idle = true;
        for field in self.fields(bytes, RESOURCE_METRICS) {
            if let (2, scope_metrics) = field? {
                is_idle &= self.scope_metrics(scope_metrics, intake)?;
            }
        }
        if is_idle {
            intake.idle();
        }
        Ok(())
    }

    /// Decodes one `ScopeMetrics`. Returns whether it had no metric.
    fn scope_metrics(
        &'a self,
        bytes: &'a [u8],
        intake: &mut Intake<'_>,
    ) -> Result<bool, DecodeError> {
        intake.enter_scope(self.metrics_scope(bytes)?);
        let mut is_idle = true;
        for field in self.fields(bytes, SCOPE_METRICS) {
            if let (2, metric) = field? {
                is_idle = false;
                self.metric(metric, intake)?;
            }
        }
        Ok(is_idle)
    }

    fn metric(&'a self, bytes: &'a [u8], intake: &mut Intake<'_>) -> Result<(), DecodeError> {
        let (mut name, mut unit, mut data) = ("".into(), "".into(), (0, &[][..]));
        for field in self.fields(bytes, METRIC) {
            match field? {
                (1, text) => name = String::from_utf8_lossy(text),
                (3, text) => unit = String::from_utf8_lossy(text),
                (kind @ (GAUGE | SUM | HISTOGRAM | EXPONENTIAL | SUMMARY), points) => {
                    data = (kind, points);
                }
                _ => {}
            }
        }
        let (kind, data) = data;
        if !matches!(kind, HISTOGRAM | EXPONENTIAL) {
            intake.unknown(self.count(data)?);
            return Ok(());
        }
        let temporality = Temporality::decode(data).map_or(0, |data| data.temporality);
        let points = self.count(data)?;
        let Some(metric) = intake.metric(&name, &unit, temporality, points) else { return Ok(()) };
        for field in self.fields(data, DATA) {
            if let (1, point) = field? {
                let fast = (kind == HISTOGRAM && point.len() <= MAX_POINT_BYTES)
                    .then(|| FastPoint::read(point));
                let is_taken = fast.flatten().is_some_and(|fast| intake.take_fast(&metric, fast));
                if !is_taken {
                    intake.take(&metric, raw(point, kind));
                }
            }
        }
        Ok(())
    }

    fn count(&'a self, data: &'a [u8]) -> Result<u64, DecodeError> {
        let mut points = 0;
        for field in self.fields(data, DATA) {
            points += u64::from(field?.0 == 1);
        }
        Ok(points)
    }

    fn metrics_resource(
        &'a self,
        bytes: &'a [u8],
    ) -> Result<Result<Resource, RefusalReason>, DecodeError> {
        let mut resource = resource::Resource::default();
        for field in self.fields(bytes, RESOURCE_METRICS) {
            if let (1, field) = field? {
                self.merge(&mut resource, field, "Resource")?;
            }
        }
        Ok(value::resource(Some(resource), String::new()))
    }

    fn metrics_scope(
        &'a self,
        bytes: &'a [u8],
    ) -> Result<Result<Scope, RefusalReason>, DecodeError> {
        let mut scope = common::InstrumentationScope::default();
        for field in self.fields(bytes, SCOPE_METRICS) {
            if let (1, field) = field? {
                self.merge(&mut scope, field, "InstrumentationScope")?;
            }
        }
        Ok(value::scope(Some(scope), String::new()))
    }
}

/// The field besides the points that `Histogram` and `ExponentialHistogram` have.
#[derive(Clone, PartialEq, Message)]
struct Temporality {
    #[prost(int32, tag = "2")]
    temporality: i32,
}

fn raw(bytes: &[u8], kind: usize) -> Result<RawPoint, PointRefusalReason> {
    if bytes.len() > MAX_POINT_BYTES {
        return Err(PointRefusalReason::TooLarge { bytes: bytes.len() });
    }
    let malformed = |error: prost::DecodeError| match what(&error) {
        deep if deep == TOO_DEEP => {
            PointRefusalReason::Origin(RefusalReason::TooDeep { of: "its" })
        }
        what => PointRefusalReason::Malformed(what),
    };
    if kind == HISTOGRAM {
        explicit(metrics::HistogramDataPoint::decode(bytes).map_err(malformed)?)
    } else {
        exponential(metrics::ExponentialHistogramDataPoint::decode(bytes).map_err(malformed)?)
    }
}

/// OTLP's `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
const NO_RECORDED_VALUE: u32 = 1;

fn explicit(point: metrics::HistogramDataPoint) -> Result<RawPoint, PointRefusalReason> {
    let (bounds, counts) = (point.explicit_bounds, point.bucket_counts);
    Ok(RawPoint {
        attributes: value::attributes(point.attributes, "its")
            .map_err(PointRefusalReason::Origin)?,
        start: UnixNanos(point.start_time_unix_nano),
        time: UnixNanos(point.time_unix_nano),
        count: point.count,
        sum: point.sum,
        buckets: Buckets::Explicit { bounds, counts },
        exemplars: point.exemplars.into_iter().map(exemplar).collect(),
        no_recorded_value: point.flags & NO_RECORDED_VALUE != 0,
    })
}

fn exponential(
    point: metrics::ExponentialHistogramDataPoint,
) -> Result<RawPoint, PointRefusalReason> {
    let positive = point.positive.unwrap_or_default();
    let negative = point.negative.unwrap_or_default().bucket_counts;
    Ok(RawPoint {
        attributes: value::attributes(point.attributes, "its")
            .map_err(PointRefusalReason::Origin)?,
        start: UnixNanos(point.start_time_unix_nano),
        time: UnixNanos(point.time_unix_nano),
        count: point.count,
        sum: point.sum,
        buckets: Buckets::Exponential {
            positive: Exponential {
                scale: point.scale,
                zero_count: point.zero_count,
                zero_threshold: point.zero_threshold,
                offset: positive.offset,
                counts: positive.bucket_counts,
            },
            negative: negative.iter().fold(0, |sum, count| sum.saturating_add(*count)),
        },
        exemplars: point.exemplars.into_iter().map(exemplar).collect(),
        no_recorded_value: point.flags & NO_RECORDED_VALUE != 0,
    })
}

pub(super) fn exemplar(exemplar: metrics::Exemplar) -> RawExemplar {
    let value = match exemplar.value {
        Some(metrics::exemplar::Value::AsDouble(value)) => value,
        Some(metrics::exemplar::Value::AsInt(value)) => value as f64,
        None => f64::NAN,
    };
    RawExemplar {
        trace_id: TraceId::try_from(exemplar.trace_id.as_slice()).ok(),
        span_id: SpanId::try_from(exemplar.span_id.as_slice()).ok(),
        value,
        time: UnixNanos(exemplar.time_unix_nano),
    }
}
