//! Shifts the times of recorded metrics, so that they can be sent again.

use coral_trace::UnixNanos;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::HistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::{DecodeError, Message};

/// Shifts the times of recorded `ExportMetricsServiceRequest`s by the same amount, so that the last
/// histogram point is at `now`. The start times are shifted too: each replay looks like a restarted
/// exporter, so the requests count again. Exemplars are removed, because they name recorded traces.
///
/// # Errors
/// [`DecodeError`] of the first invalid request.
pub fn retimed(requests: &[&[u8]], now: UnixNanos) -> Result<Vec<Vec<u8>>, DecodeError> {
    let decode = |request: &&[u8]| ExportMetricsServiceRequest::decode(*request);
    let mut requests: Vec<_> = requests.iter().map(decode).collect::<Result<_, _>>()?;
    let last = requests.iter_mut().flat_map(points).map(|point| point.time_unix_nano).max();
    let shift = now.0.saturating_sub(last.unwrap_or_default());
    for point in requests.iter_mut().flat_map(points) {
        point.start_time_unix_nano = point.start_time_unix_nano.saturating_add(shift);
        point.time_unix_nano = point.time_unix_nano.saturating_add(shift);
        point.exemplars.clear();
    }
    Ok(requests.iter().map(Message::encode_to_vec).collect())
}

fn points(
    request: &mut ExportMetricsServiceRequest,
) -> impl Iterator<Item = &mut HistogramDataPoint> {
    let resources = request.resource_metrics.iter_mut();
    let metrics = resources
        .flat_map(|resource| &mut resource.scope_metrics)
        .flat_map(|scope| &mut scope.metrics);
    metrics.flat_map(|metric| match &mut metric.data {
        Some(Data::Histogram(histogram)) => histogram.data_points.as_mut_slice(),
        _ => &mut [],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &[u8] =
        include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-005.otlp.pb");
    const LATER: &[u8] = include_bytes!("../../../../../fixtures/beyla/3.31.0/metrics-012.otlp.pb");

    fn times(bodies: &[Vec<u8>]) -> Vec<(u64, u64)> {
        let decode = |body: &Vec<u8>| ExportMetricsServiceRequest::decode(&body[..]).unwrap();
        let mut requests: Vec<_> = bodies.iter().map(decode).collect();
        let all = requests.iter_mut().flat_map(points);
        all.map(|point| (point.start_time_unix_nano, point.time_unix_nano)).collect()
    }

    #[test]
    fn the_last_point_is_at_now_and_all_distances_are_kept() {
        let recorded = times(&[RECORDED.to_vec(), LATER.to_vec()]);
        let now = UnixNanos(2_000_000_000_000_000_000);
        let told = times(&retimed(&[RECORDED, LATER], now).unwrap());
        assert_eq!(told.iter().map(|(_, time)| *time).max(), Some(now.0));
        let shift = told[0].0 - recorded[0].0;
        let shifted: Vec<_> =
            recorded.iter().map(|(start, time)| (start + shift, time + shift)).collect();
        assert_eq!(told, shifted);
    }

    #[test]
    fn an_invalid_request_is_refused() {
        assert!(retimed(&[b"\xff"], UnixNanos(1)).is_err());
    }
}
