//! `coral-bench metrics`: measures an agent under Beyla-like metrics.

use std::time::Duration;

use clap::Args;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::program::Program;
use crate::{Failure, clock};

/// Starts an agent and sends it the totals of many series again and again, as Beyla does.
#[derive(Args)]
pub struct MetricsCommand {
    #[command(flatten)]
    program: Program,
    /// Number of services; each sends one request per export.
    #[arg(long, default_value_t = 20)]
    services: u64,
    /// Number of series of each service.
    #[arg(long, default_value_t = 50)]
    series: u64,
    /// Number of exports, with time stamps ten seconds apart.
    #[arg(long, default_value_t = 200)]
    exports: u64,
}

const TEN_SECONDS: u64 = 10_000_000_000;
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

impl MetricsCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let agent = self.program.agent(&[]).await?;
        let url = format!("{}/v1/metrics", agent.url("beyla_http")?);
        let http = reqwest::Client::builder().no_proxy().build()?;
        let start = clock::now() - self.exports * TEN_SECONDS;
        let before = agent.process().cpu_seconds();
        for export in 1..=self.exports {
            // Beyla exports all services at the same time.
            let mut requests = JoinSet::new();
            for service in 0..self.services {
                let body = self.export(service, start, export).encode_to_vec();
                let request = http.post(&url).header("content-type", "application/x-protobuf");
                requests.spawn(request.body(body).send());
            }
            for answer in requests.join_all().await {
                answer?.error_for_status()?;
            }
        }
        let answered = agent.process().cpu_seconds() - before;
        let idle = agent
            .process()
            .until_idle(IDLE_TIMEOUT)
            .await
            .ok_or("the agent does not become idle")?;
        let points = self.services * self.series * self.exports;
        let stored = agent.counter("coral.agent.metric_points.stored").await?;
        if stored != points {
            return Err(format!("{stored} of {points} points were stored").into());
        }
        let each = |seconds: f64| seconds * 1e6 / points as f64;
        println!("points                    {points}, {} a request", self.series);
        println!("floor: prost alone        {:.2} µs a point", each(self.floor(start)?));
        println!("CPU until answered        {:.2} µs a point", each(answered));
        println!("CPU until idle            {:.2} µs a point", each(idle - before));
        println!("memory, peak              {:.0} MiB", agent.process().peak_mib());
        let bytes = agent.counter("coral.agent.metrics.bytes").await?;
        let rows = agent.counter("coral.agent.metrics.rows").await?;
        println!("sealed                    {bytes} bytes of {rows} rows");
        Ok(())
    }

    /// CPU seconds that decoding as many exports with prost takes in this process.
    fn floor(&self, start: u64) -> Result<f64, Failure> {
        let bodies: Vec<Vec<u8>> = (0..self.services)
            .map(|service| self.export(service, start, self.exports).encode_to_vec())
            .collect();
        let process = Process::this();
        let before = process.cpu_seconds();
        for body in (0..self.exports).flat_map(|_| &bodies) {
            std::hint::black_box(ExportMetricsServiceRequest::decode(body.as_slice())?);
        }
        Ok(process.cpu_seconds() - before)
    }

    /// The cumulative histograms of `service` at export number `export`: each export adds two
    /// requests to each series.
    fn export(&self, service: u64, start: u64, export: u64) -> ExportMetricsServiceRequest {
        let points = (0..self.series).map(|series| point(series, start, export));
        let histogram = Histogram { data_points: points.collect(), aggregation_temporality: 2 };
        let metric = Metric {
            name: "http.server.request.duration".to_owned(),
            unit: "s".to_owned(),
            data: Some(Data::Histogram(histogram)),
            ..Metric::default()
        };
        let scope = InstrumentationScope {
            name: "go.opentelemetry.io/obi".to_owned(),
            ..InstrumentationScope::default()
        };
        let resource = Resource {
            attributes: vec![
                text("host.name", "vm"),
                text("service.name", &format!("service-{service}")),
                text("telemetry.sdk.name", "beyla"),
            ],
            ..Resource::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(resource),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(scope),
                    metrics: vec![metric],
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        }
    }
}

fn point(series: u64, start: u64, export: u64) -> HistogramDataPoint {
    let bounds =
        [0.0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
    let mut counts = vec![0; bounds.len() + 1];
    counts[1] = export;
    counts[3] = export;
    HistogramDataPoint {
        attributes: vec![
            text("http.request.method", "GET"),
            number("http.response.status_code", 200),
            text("http.route", &format!("/api/v1/things-{series}/{{id}}")),
            text("server.address", "payments-api"),
            number("server.port", 8080),
            text("service.name", "payments-api"),
            text("url.scheme", "http"),
        ],
        start_time_unix_nano: start,
        time_unix_nano: start + export * TEN_SECONDS,
        count: 2 * export,
        sum: Some(export as f64 * 0.02),
        bucket_counts: counts,
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    }
}

/// An attribute with a text.
pub fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.to_owned()))
}

/// An attribute with a number.
pub fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, any_value::Value::IntValue(value))
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
