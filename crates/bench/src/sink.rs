//! `coral-bench sink`: decodes spans and discards them. No receiver can use less CPU, so receivers
//! are compared with it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::Failure;
use crate::process::Process;

/// An OTLP/gRPC receiver that decodes with prost and discards the result. Prints its address; ends
/// when its standard input ends, and prints its CPU time per span.
#[derive(Args)]
pub struct Sink {
    /// The address to listen on; port 0 chooses a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// The largest size of an export, in bytes.
const MESSAGE_BYTES: usize = 64 << 20;

impl Sink {
    /// Serves until standard input ends.
    pub async fn run(self) -> Result<(), Failure> {
        let listener = TcpListener::bind(self.listen).await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let forget = Forget::default();
        let spans = forget.spans.clone();
        let service = TraceServiceServer::new(forget).max_decoding_message_size(MESSAGE_BYTES);
        let before = Process::this().cpu_seconds();
        Server::builder()
            .add_service(service)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop())
            .await?;
        let spans = spans.load(Ordering::Relaxed);
        let each = (Process::this().cpu_seconds() - before) * 1e6 / spans.max(1) as f64;
        println!("{spans} spans, {each:.2} CPU µs/span");
        Ok(())
    }
}

/// Completes when standard input ends.
async fn stop() {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A blocking read would delay the end of the runtime, so it runs on a thread of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "a read of stdin cannot be ended; it ends with the process"
    )]
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

#[derive(Default)]
struct Forget {
    spans: Arc<AtomicU64>,
}

#[tonic::async_trait]
impl TraceService for Forget {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.get_ref().resource_spans.iter().flat_map(|of| &of.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        self.spans.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse { partial_success: None }))
    }
}
