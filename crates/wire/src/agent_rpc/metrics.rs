//! Converts RED metrics to the messages of the RPCs, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use coral_trace::red::{Delta, Exemplar, Histogram, Protocol, Series, Side};
use coral_trace::{Attributes, UnixNanos};
use prost::Message;
use prost_types::Timestamp;

use super::proto::{
    BeylaExemplar, BeylaGrpcMetric, BeylaHttpMetric, BeylaMetricDetail, BeylaSqlMetric,
    QueryBeylaMetricsResponse,
};
use super::{texts, timestamp};

const NANOS_A_MILLI: f64 = 1e6;

/// Adds `deltas`, each with its receipt, to `answer` until the next one exceeds `bytes` bytes in
/// total. The first delta is added whatever its size. Returns how many were added.
pub fn put_metrics<'a>(
    answer: &mut QueryBeylaMetricsResponse,
    deltas: impl Iterator<Item = (u64, &'a Delta)>,
    bytes: usize,
) -> usize {
    let (mut taken, mut left) = (0, bytes);
    for (receipt, delta) in deltas {
        let metric = Metric::from_delta(receipt, delta);
        let len = metric.len();
        if taken > 0 && len > left {
            break;
        }
        left = left.saturating_sub(len);
        metric.put(answer);
        taken += 1;
    }
    answer.total_metrics = i32::try_from(taken).unwrap_or(i32::MAX);
    taken
}

/// The decoded metrics of an answer.
#[derive(Debug, Default)]
pub struct ReceivedMetrics {
    /// The deltas, in order of receipt.
    pub deltas: Vec<Delta>,
    /// Number of metrics that could not be decoded.
    pub refused: u64,
    /// The reason for the first metric that could not be decoded; empty if all were decoded.
    pub reason: String,
}

/// Decodes the metrics of an agent's answer. An invalid metric is skipped and counted.
pub fn take_metrics(answer: QueryBeylaMetricsResponse) -> ReceivedMetrics {
    let QueryBeylaMetricsResponse { http_metrics, grpc_metrics, sql_metrics, .. } = answer;
    let metrics = http_metrics
        .into_iter()
        .map(Metric::Http)
        .chain(grpc_metrics.into_iter().map(Metric::Grpc))
        .chain(sql_metrics.into_iter().map(Metric::Sql));
    let (mut deltas, mut taken) = (Vec::new(), ReceivedMetrics::default());
    for metric in metrics {
        match metric.delta() {
            Ok(delta) => deltas.push(delta),
            Err(reason) => {
                if taken.refused == 0 {
                    taken.reason = reason;
                }
                taken.refused += 1;
            }
        }
    }
    deltas.sort_by_key(|(receipt, _)| *receipt);
    taken.deltas = deltas.into_iter().map(|(_, delta)| delta).collect();
    taken
}

enum Metric {
    Http(BeylaHttpMetric),
    Grpc(BeylaGrpcMetric),
    Sql(BeylaSqlMetric),
}

impl Metric {
    fn from_delta(receipt: u64, delta: &Delta) -> Self {
        let Series { protocol, service, operation, target, status, attributes, .. } =
            &*delta.series;
        let timestamp = Some(timestamp(delta.time));
        let service_name = service.clone();
        let bounds = delta.histogram.bounds().iter();
        let latency_buckets = bounds.map(|bound| *bound as f64 / NANOS_A_MILLI).collect();
        let latency_counts = delta.histogram.counts().to_vec();
        let count = delta.histogram.count();
        let (attributes, detail) = (texts(attributes), Some(detail(receipt, delta)));
        match protocol {
            Protocol::Http => Self::Http(BeylaHttpMetric {
                timestamp,
                service_name,
                http_route: target.clone(),
                http_method: operation.clone(),
                http_status_code: status.map(u32::from),
                latency_buckets,
                latency_counts,
                request_count: count,
                attributes,
                detail,
            }),
            Protocol::Grpc => Self::Grpc(BeylaGrpcMetric {
                timestamp,
                service_name,
                grpc_method: operation.clone(),
                grpc_status_code: status.map(u32::from),
                latency_buckets,
                latency_counts,
                request_count: count,
                attributes,
                detail,
            }),
            Protocol::Sql => Self::Sql(BeylaSqlMetric {
                timestamp,
                service_name,
                sql_operation: operation.clone(),
                table_name: target.clone(),
                latency_buckets,
                latency_counts,
                query_count: count,
                attributes,
                detail,
            }),
        }
    }

    /// An upper bound of the bytes in an answer, with tag and length.
    fn len(&self) -> usize {
        const FRAME: usize = 6;
        FRAME
            + match self {
                Self::Http(metric) => metric.encoded_len(),
                Self::Grpc(metric) => metric.encoded_len(),
                Self::Sql(metric) => metric.encoded_len(),
            }
    }

    fn put(self, answer: &mut QueryBeylaMetricsResponse) {
        match self {
            Self::Http(metric) => answer.http_metrics.push(metric),
            Self::Grpc(metric) => answer.grpc_metrics.push(metric),
            Self::Sql(metric) => answer.sql_metrics.push(metric),
        }
    }

    fn delta(self) -> Result<(u64, Delta), String> {
        match self {
            Self::Http(metric) => MetricFields {
                protocol: Protocol::Http,
                time: metric.timestamp,
                service: metric.service_name,
                operation: metric.http_method,
                target: metric.http_route,
                status: metric.http_status_code,
                bounds: metric.latency_buckets,
                counts: metric.latency_counts,
                attributes: metric.attributes,
                detail: metric.detail,
            },
            Self::Grpc(metric) => MetricFields {
                protocol: Protocol::Grpc,
                time: metric.timestamp,
                service: metric.service_name,
                operation: metric.grpc_method,
                target: String::new(),
                status: metric.grpc_status_code,
                bounds: metric.latency_buckets,
                counts: metric.latency_counts,
                attributes: metric.attributes,
                detail: metric.detail,
            },
            Self::Sql(metric) => MetricFields {
                protocol: Protocol::Sql,
                time: metric.timestamp,
                service: metric.service_name,
                operation: metric.sql_operation,
                target: metric.table_name,
                status: None,
                bounds: metric.latency_buckets,
                counts: metric.latency_counts,
                attributes: metric.attributes,
                detail: metric.detail,
            },
        }
        .delta()
    }
}

/// The fields of any of the three messages, under the names that [`Series`] and [`Delta`] use.
struct MetricFields {
    protocol: Protocol,
    time: Option<Timestamp>,
    service: String,
    operation: String,
    target: String,
    status: Option<u32>,
    bounds: Vec<f64>,
    counts: Vec<u64>,
    attributes: BTreeMap<String, String>,
    detail: Option<BeylaMetricDetail>,
}

impl MetricFields {
    fn delta(self) -> Result<(u64, Delta), String> {
        let detail = self.detail.ok_or("a metric has no detail")?;
        let status = self.status.map(u16::try_from).transpose();
        let bounds: Vec<u64> =
            self.bounds.iter().map(|bound| (bound * NANOS_A_MILLI).round() as u64).collect();
        let sum = detail.sum_ms.map(|sum| sum * NANOS_A_MILLI);
        let histogram = Histogram::new(bounds, self.counts, sum);
        let series = Series {
            protocol: self.protocol,
            side: if detail.client { Side::Client } else { Side::Server },
            service: self.service,
            operation: self.operation,
            target: self.target,
            status: status.map_err(|error| format!("a metric's status: {error}"))?,
            error: detail.error_type,
            attributes: Attributes::from_iter(
                self.attributes
                    .into_iter()
                    .map(|(key, value)| (key, coral_trace::Value::String(value))),
            ),
        };
        let delta = Delta {
            series: Arc::new(series),
            since: instant(detail.start),
            time: instant(self.time),
            histogram: histogram.map_err(|error| format!("a metric's buckets: {error}"))?,
            exemplars: detail.exemplars.into_iter().map(exemplar).collect::<Result<_, _>>()?,
        };
        Ok((detail.receipt, delta))
    }
}

fn detail(receipt: u64, delta: &Delta) -> BeylaMetricDetail {
    let exemplars = delta.exemplars.iter().map(|exemplar| BeylaExemplar {
        trace_id: exemplar.trace_id.to_string(),
        span_id: exemplar.span_id.to_string(),
        latency_ms: exemplar.nanos as f64 / NANOS_A_MILLI,
        time: Some(timestamp(exemplar.time)),
    });
    BeylaMetricDetail {
        receipt,
        start: Some(timestamp(delta.since)),
        client: delta.series.side == Side::Client,
        error_type: delta.series.error.clone(),
        sum_ms: delta.histogram.sum.map(|sum| sum / NANOS_A_MILLI),
        exemplars: exemplars.collect(),
    }
}

fn exemplar(exemplar: BeylaExemplar) -> Result<Exemplar, String> {
    let failed = |error| format!("an exemplar's id: {error}");
    Ok(Exemplar {
        trace_id: exemplar.trace_id.parse().map_err(failed)?,
        span_id: exemplar.span_id.parse().map_err(failed)?,
        nanos: (exemplar.latency_ms * NANOS_A_MILLI).round() as u64,
        time: instant(exemplar.time),
    })
}

fn instant(time: Option<Timestamp>) -> UnixNanos {
    let Timestamp { seconds, nanos } = time.unwrap_or_default();
    let seconds = u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000_000);
    UnixNanos(seconds.saturating_add(u64::try_from(nanos).unwrap_or(0)))
}
