//! A gRPC server with a certificate, for tests that play one side.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use coral_trust::material::Material;
use coral_trust::tls;
use coral_wire::colony_rpc::proto::RegisterAgentRequest;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;

/// A server that runs until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    _served: JoinSet<()>,
}

impl Server {
    /// Serves `service` with the certificate of `own`.
    pub async fn start<S>(own: Material, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(own, None).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut served = JoinSet::new();
        served.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, service) = (acceptor.clone(), service.clone());
                open.spawn(async move {
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let builder = Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(service);
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, _served: served }
    }

    /// Sends `first` to each client, and then `again` as long as the client takes it. Also returns how
    /// many clients there were.
    pub async fn raw(own: Material, first: Vec<u8>, again: Vec<u8>) -> (Self, Arc<AtomicUsize>) {
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(own, None).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients = Arc::<AtomicUsize>::default();
        let counted = clients.clone();
        let mut served = JoinSet::new();
        served.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (acceptor, first, again) = (acceptor.clone(), first.clone(), again.clone());
                open.spawn(async move {
                    let Ok(mut stream) = acceptor.accept(socket).await else { return };
                    if stream.write_all(&first).await.and(stream.flush().await).is_err() {
                        return;
                    }
                    while !again.is_empty() && stream.write_all(&again).await.is_ok() {
                        tokio::task::yield_now().await;
                    }
                    // What the client says is read, so that the client can end the connection.
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                });
            }
        });
        (Self { address, _served: served }, clients)
    }

    /// The registration of an agent that is reached here.
    pub fn registration(&self, agent_id: &str) -> RegisterAgentRequest {
        RegisterAgentRequest {
            agent_id: agent_id.to_owned(),
            address: format!("https://{}", self.address),
            version: "1.2.3".to_owned(),
            store_id: "a store".to_owned(),
        }
    }
}
