//! `coral-bench export`: measures what it costs a colony to export stored spans.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use coral_store::{Store, StoreConfig};
use coral_trace::{Recogniser, UnixNanos};
use coral_wire::otlp_in::{self, Encoding};
use coral_wire::otlp_service::{
    ExportTraceServiceRequest, ExportTraceServiceResponse, TraceService, TraceServiceServer,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::figures::Figures;
use crate::program::Program;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;
use crate::{Failure, clock, output};

/// Stores spans, and measures a colony that exports all of them to a sink, with compression and
/// without.
#[derive(Args)]
pub struct ExportCommand {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    traffic: Traffic,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The counter of the spans that the target of the export took.
const EXPORTED: &str = "coral.colony.export.exported";
/// The limit: spans per second of one core.
const MIN_RATE: f64 = 80_000.0;
/// The number of spans in one commit.
const COMMIT: usize = 8_192;
const SEGMENT_ROWS: u64 = 262_144;

impl ExportCommand {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let traffic = self.traffic.ending(clock::now());
        let figures = measure(&self.program, &traffic).await?;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Measures a colony that exports `traffic`, with compression and without.
///
/// # Errors
/// When the colony does not start, or the sink does not receive each span once.
pub async fn measure(program: &Program, traffic: &Traffic) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    for compression in ["gzip", "none"] {
        let measured = measure_one(program, traffic, compression).await?;
        figures.extend(&format!("compression: {compression}"), measured);
    }
    Ok(figures)
}

/// Measures a colony from its start until the sink has every span.
async fn measure_one(
    program: &Program,
    traffic: &Traffic,
    compression: &str,
) -> Result<Figures, Failure> {
    let dir = program.directory()?;
    let (stored, filled) = (traffic.clone(), dir.path().join("colony"));
    tokio::task::spawn_blocking(move || fill(&stored, filled)).await??;
    let (sink, mut serving) = sink().await?;
    let export = format!(
        "export=[{{name: sink, otlp: \"{}\", protocol: grpc, from: beginning, compression: {compression}}}]",
        sink.url
    );
    let begin = Instant::now();
    let colony = program.lone_colony(dir, &[&export]).await?;
    let total = traffic.total_spans();
    colony.until_counter(EXPORTED, |spans| spans >= total).await?;
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), colony.process().cpu_seconds());
    let received = sink.spans.load(Ordering::Relaxed);
    if received != total {
        return Err(format!("the sink received {received} of {total} spans").into());
    }
    let mut figures = Figures::default();
    figures.add("exported", total as f64 / seconds, "spans/s");
    figures.at_least("exported per core of the colony", total as f64 / cpu, "spans/s", MIN_RATE);
    figures.add("colony CPU, its start included", cpu * 1e6 / total as f64, "µs/span");
    figures.add("colony memory, peak", colony.process().peak_mib(), "MiB");
    serving.shutdown().await;
    Ok(figures)
}

/// Stores `traffic` in `dir`, sealed.
fn fill(traffic: &Traffic, dir: PathBuf) -> Result<(), Failure> {
    let store = Store::open(StoreConfig { dir, segment_rows: SEGMENT_ROWS })?;
    let (mut encoder, recogniser) = (Encoder::new(traffic), Recogniser::default());
    let mut group = Vec::new();
    for number in 0..traffic.exports() {
        let bytes = encoder.export(number).0;
        group.push(otlp_in::decode(&bytes, Encoding::Protobuf, &recogniser)?.spans);
        let spans = group.iter().map(Vec::len).sum::<usize>();
        if spans >= COMMIT || number + 1 == traffic.exports() {
            store.append(&group, UnixNanos(traffic.end))?;
            group.clear();
            if store.extent().spans.is_multiple_of(SEGMENT_ROWS) {
                store.seal()?;
            }
        }
    }
    Ok(store.seal().map(drop)?)
}

/// A receiver that counts spans and discards them.
struct Sink {
    url: String,
    spans: Arc<AtomicU64>,
}

async fn sink() -> Result<(Sink, JoinSet<Result<(), tonic::transport::Error>>), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let sink = Sink { url: format!("http://{}", listener.local_addr()?), spans: Arc::default() };
    let service = TraceServiceServer::new(Counting(sink.spans.clone()))
        .accept_compressed(CompressionEncoding::Gzip);
    let mut serving = JoinSet::new();
    let server = Server::builder().add_service(service);
    serving.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok((sink, serving))
}

struct Counting(Arc<AtomicU64>);

#[tonic::async_trait]
impl TraceService for Counting {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.get_ref().resource_spans.iter().flat_map(|of| &of.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        self.0.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse { partial_success: None }))
    }
}
