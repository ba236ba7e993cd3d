//! A stand-in for Beyla, with which the measurement of Beyla is itself tried. It is started as Beyla
//! is, with Beyla's configuration, and exports what the services tell it. What it shows says nothing
//! about Beyla.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use coral_trace::{
    Collector, Origin, Resource, Scope, Span, SpanId, SpanKind, Status, TraceId, UnixNanos,
    Value as AttributeValue,
};
use coral_wire::otlp_out;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, ResourceMetrics, ScopeMetrics,
};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::UnixDatagram;
use tokio::signal::unix::{SignalKind, signal};

use crate::metrics::{number, text};
use crate::units::parse_duration;
use crate::{Failure, clock, output};

/// A request that a service served or made, as the service tells it.
#[derive(Serialize, Deserialize)]
pub struct Observation {
    /// The port on which the service listens.
    pub port: u16,
    /// Whether the service served the request.
    pub is_server: bool,
    /// The trace.
    pub trace: u128,
    /// The span.
    pub id: u64,
    /// The parent span; 0 for none.
    pub parent: u64,
    /// Start and end, in nanoseconds since the Unix epoch.
    pub times: (u64, u64),
    /// The path of the URL.
    pub path: String,
}

/// The name by which this program is the stand-in.
const NAME: &str = "beyla-stand-in";
/// The socket for observations, beside the program.
const SOCKET: &str = "observed.sock";
/// Of a Beyla without a health check.
const GREETING: &str = "level=INFO msg=\"Grafana Beyla\" Version=v3.15.0 Revision=stand-in";
/// How long the stand-in "attaches its probes".
const ATTACH: Duration = Duration::from_secs(1);
const MAX_DATAGRAM_BYTES: usize = 4_096;

/// Makes a stand-in in `dir`. Returns the program, and the socket for observations.
///
/// # Errors
/// The link to this program cannot be made.
pub fn make(dir: &Path) -> std::io::Result<(PathBuf, PathBuf)> {
    let program = dir.join(NAME);
    std::os::unix::fs::symlink(std::env::current_exe()?, &program)?;
    Ok((program, dir.join(SOCKET)))
}

/// Runs the stand-in, if this program was started as one.
pub fn run() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let program = PathBuf::from(arguments.next()?);
    if program.file_name() != Some(OsStr::new(NAME)) {
        return None;
    }
    println!("{GREETING}");
    let ended = match (arguments.next(), arguments.next()) {
        (Some(flag), Some(file)) if flag == "-config" => trace(&program, Path::new(&file)),
        _ => Ok(()),
    };
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("level=ERROR msg={:?}", output::chain(&error));
            ExitCode::FAILURE
        }
    })
}

fn trace(program: &Path, config: &Path) -> Result<(), Failure> {
    let config: Value = serde_saphyr::from_str(&std::fs::read_to_string(config)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(StandIn::of(&config)?.run(&program.with_file_name(SOCKET)))
}

struct StandIn {
    /// Names of the services, by port.
    services: BTreeMap<String, String>,
    traces: Exporter,
    metrics: Exporter,
    started: u64,
    /// Spans for the next export.
    spans: Vec<Span>,
    /// How many requests each service has served.
    requests: BTreeMap<String, u64>,
}

/// Where something is exported, and how often.
struct Exporter {
    http: reqwest::Client,
    endpoint: String,
    interval: Duration,
}

impl Exporter {
    fn of(config: &Value, interval: &str) -> Result<Self, Failure> {
        let text = |key: &str| config[key].as_str().ok_or_else(|| format!("no `{key}`"));
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            endpoint: text("endpoint")?.to_owned(),
            interval: Duration::from_nanos(parse_duration(text(interval)?)?),
        })
    }

    async fn export(&self, body: Vec<u8>) {
        let request = self.http.post(&self.endpoint).body(body);
        let request = request.header("content-type", "application/x-protobuf");
        if let Err(error) = request.send().await {
            println!("level=WARN msg=\"cannot export\" error={:?}", error.to_string());
        }
    }
}

impl StandIn {
    fn of(config: &Value) -> Result<Self, Failure> {
        let items = config["discovery"]["instrument"].as_array().ok_or("no services")?;
        let service = |item: &Value| {
            Some((item["open_ports"].as_str()?.to_owned(), item["name"].as_str()?.to_owned()))
        };
        Ok(Self {
            services: items.iter().filter_map(service).collect(),
            traces: Exporter::of(&config["otel_traces_export"], "batch_timeout")?,
            metrics: Exporter::of(&config["otel_metrics_export"], "interval")?,
            started: clock::now(),
            spans: Vec::new(),
            requests: BTreeMap::new(),
        })
    }

    /// Exports what the services tell, until SIGTERM. The spans of the last batch are sent then, and
    /// the last counts are not.
    async fn run(mut self, socket: &Path) -> Result<(), Failure> {
        tokio::time::sleep(ATTACH).await;
        let _ = std::fs::remove_file(socket);
        let socket = UnixDatagram::bind(socket)?;
        println!("level=INFO msg=\"instrumenting process\" cmd=service");
        let mut terminate = signal(SignalKind::terminate())?;
        let mut batch = tokio::time::interval(self.traces.interval);
        let mut points = tokio::time::interval(self.metrics.interval);
        let mut datagram = [0; MAX_DATAGRAM_BYTES];
        loop {
            tokio::select! {
                read = socket.recv(&mut datagram) => self.observe(&datagram[..read?]),
                _ = batch.tick() => self.export_spans().await,
                _ = points.tick() => {
                    self.metrics.export(self.points().encode_to_vec()).await;
                }
                _ = terminate.recv() => {
                    self.export_spans().await;
                    return Ok(());
                }
            }
        }
    }

    fn observe(&mut self, datagram: &[u8]) {
        let Ok(observation) = serde_json::from_slice::<Observation>(datagram) else { return };
        let Some(service) = self.services.get(&observation.port.to_string()).cloned() else {
            return;
        };
        if let Some(span) = span(&service, &observation) {
            self.spans.push(span);
        }
        if observation.is_server {
            *self.requests.entry(service).or_default() += 1;
        }
    }

    async fn export_spans(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if !spans.is_empty() {
            self.traces.export(otlp_out::encode(&spans)).await;
        }
    }

    /// The number of requests of each service since the start.
    fn points(&self) -> ExportMetricsServiceRequest {
        let now = clock::now();
        let of = |(service, requests): (&String, &u64)| ResourceMetrics {
            resource: Some(opentelemetry_proto::tonic::resource::v1::Resource {
                attributes: vec![
                    text("service.name", service),
                    text("telemetry.sdk.name", "beyla"),
                ],
                ..Default::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "go.opentelemetry.io/obi".to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics: vec![Metric {
                    name: "http.server.request.duration".to_owned(),
                    unit: "s".to_owned(),
                    data: Some(Data::Histogram(Histogram {
                        data_points: vec![HistogramDataPoint {
                            attributes: vec![
                                text("http.request.method", "GET"),
                                number("http.response.status_code", 200),
                                text("http.route", "/items/*"),
                            ],
                            start_time_unix_nano: self.started,
                            time_unix_nano: now,
                            count: *requests,
                            sum: Some(*requests as f64 * 0.001),
                            bucket_counts: vec![*requests, 0],
                            explicit_bounds: vec![0.005],
                            ..HistogramDataPoint::default()
                        }],
                        aggregation_temporality: 2,
                    })),
                    ..Metric::default()
                }],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        };
        ExportMetricsServiceRequest { resource_metrics: self.requests.iter().map(of).collect() }
    }
}

/// The span of an observation; `None` if an id is 0.
fn span(service: &str, of: &Observation) -> Option<Span> {
    let resource = [("service.name", service), ("telemetry.sdk.name", "beyla")];
    let resource = Resource { attributes: resource.into_iter().collect(), ..Resource::default() };
    let attributes = [
        ("http.request.method", AttributeValue::from("GET")),
        ("url.path", of.path.as_str().into()),
        ("http.response.status_code", 200.into()),
    ];
    Some(Span {
        trace_id: TraceId::try_from(of.trace).ok()?,
        span_id: SpanId::try_from(of.id).ok()?,
        parent_span_id: SpanId::try_from(of.parent).ok(),
        trace_state: String::new(),
        flags: 0,
        name: "GET /items/*".to_owned(),
        kind: if of.is_server { SpanKind::Server } else { SpanKind::Client },
        start: UnixNanos(of.times.0),
        end: UnixNanos(of.times.1),
        attributes: attributes.into_iter().collect(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        origin: Arc::new(Origin { resource, scope: Scope::default(), collector: Collector::Ebpf }),
    })
}
