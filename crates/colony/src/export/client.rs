//! The connection to a target: OTLP/gRPC over HTTP/2, or OTLP/HTTP over HTTP/1.1.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coral_config::ExportProtocol;
use coral_trace::chain;
use coral_wire::export_answer::PartialSuccess;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::refusal::{Refusal, of_grpc, of_http};
use super::target::Target;

/// Whatever takes requests of an export.
pub trait Receiver: Send {
    /// Sends a request with `body`, and returns what the receiver did not take of it.
    ///
    /// # Errors
    /// [`Refusal`]: nothing may have been taken, or all of it.
    fn deliver(
        &mut self,
        body: Bytes,
    ) -> impl Future<Output = Result<PartialSuccess, Refusal>> + Send;
}

/// A client of a target. Connects at the first request, and again after a failure.
pub struct OtlpClient {
    target: Arc<Target>,
    connection: Option<Connection>,
    /// The task that moves the bytes of the connection.
    driver: JoinSet<()>,
}

enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time from the beginning of a request to the end of its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest answer that is read. A receiver answers with a few bytes.
const MAX_ANSWER_BYTES: usize = 64 << 10;
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// The RPC of OTLP/gRPC.
const EXPORT_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

impl OtlpClient {
    /// A client of `target`.
    pub fn new(target: Arc<Target>) -> Self {
        Self { target, connection: None, driver: JoinSet::new() }
    }

    /// An open connection.
    async fn connected(&mut self) -> Result<&mut Connection, Refusal> {
        let is_open = match &self.connection {
            None => false,
            Some(Connection::Http1(sender)) => !sender.is_closed(),
            Some(Connection::Http2(sender)) => !sender.is_closed(),
        };
        if !is_open {
            self.hang_up();
            let (url, connector) = (self.target.url.clone(), self.target.connector.clone());
            let failed = |error: &dyn std::error::Error| {
                Refusal::unanswered(&format!("the target cannot be reached: {}", chain(error)))
            };
            let stream = timeout(CONNECT_TIMEOUT, connector.connect(url)).await;
            let late = || {
                Refusal::unanswered(&format!("no connection to the target in {CONNECT_TIMEOUT:?}"))
            };
            let stream = stream.map_err(|_| late())?.map_err(|error| failed(&error))?;
            let opened = match self.target.protocol {
                ExportProtocol::Grpc => {
                    let mut builder = http2::Builder::new(TokioExecutor::new());
                    builder.max_header_list_size(MAX_HEADER_BYTES);
                    let shaken = timeout(CONNECT_TIMEOUT, builder.handshake(stream)).await;
                    let (sender, driving) =
                        shaken.map_err(|_| late())?.map_err(|error| failed(&error))?;
                    self.driver.spawn(async { drop(driving.await) });
                    Connection::Http2(sender)
                }
                ExportProtocol::Http => {
                    let shaken = timeout(CONNECT_TIMEOUT, http1::handshake(stream)).await;
                    let (sender, driving) =
                        shaken.map_err(|_| late())?.map_err(|error| failed(&error))?;
                    self.driver.spawn(async { drop(driving.await) });
                    Connection::Http1(sender)
                }
            };
            self.connection = Some(opened);
        }
        self.connection.as_mut().ok_or_else(|| Refusal::unanswered("there is no connection"))
    }

    fn hang_up(&mut self) {
        self.connection = None;
        // Dropping a set of tasks aborts them.
        self.driver = JoinSet::new();
    }

    async fn exchange(&mut self, body: Bytes) -> Result<PartialSuccess, Refusal> {
        let target = self.target.clone();
        let request = request(&target, body);
        let broken = |error: &hyper::Error| {
            Refusal::unanswered(&format!("the connection to the target broke: {}", chain(error)))
        };
        let answer = match self.connected().await? {
            Connection::Http1(sender) => {
                sender.ready().await.map_err(|error| broken(&error))?;
                sender.send_request(request).await
            }
            Connection::Http2(sender) => {
                sender.ready().await.map_err(|error| broken(&error))?;
                sender.send_request(request).await
            }
        };
        let answer = answer.map_err(|error| broken(&error))?;
        let Answer { status, headers, body, trailers } = Answer::read(answer).await?;
        match target.protocol {
            ExportProtocol::Http => of_http(status, &headers, &body),
            ExportProtocol::Grpc if status != StatusCode::OK => of_http(status, &headers, &body),
            ExportProtocol::Grpc => {
                let last = trailers.as_ref().unwrap_or(&headers);
                of_grpc(last, body.get(5..).unwrap_or_default())
            }
        }
    }
}

impl Receiver for OtlpClient {
    async fn deliver(&mut self, body: Bytes) -> Result<PartialSuccess, Refusal> {
        let outcome = timeout(REQUEST_TIMEOUT, self.exchange(body)).await;
        match outcome {
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(refusal)) => {
                self.hang_up();
                Err(refusal)
            }
            Err(_) => {
                self.hang_up();
                Err(Refusal::unanswered(&format!(
                    "the target did not answer within {REQUEST_TIMEOUT:?}"
                )))
            }
        }
    }
}

/// An answer that was read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    trailers: Option<HeaderMap>,
}

impl Answer {
    async fn read(answer: http::Response<Incoming>) -> Result<Self, Refusal> {
        let (head, body) = answer.into_parts();
        let read = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let read = read.map_err(|error| {
            Refusal::unanswered(&format!("the target's answer broke off: {}", chain(&*error)))
        })?;
        let trailers = read.trailers().cloned();
        Ok(Self { status: head.status, headers: head.headers, body: read.to_bytes(), trailers })
    }
}

fn request(target: &Target, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    let headers = request.headers_mut();
    // The settings may set any header but those that say what the body is.
    headers.extend(target.headers.iter().cloned());
    let agent = concat!("coral/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    match target.protocol {
        ExportProtocol::Grpc => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
            if target.gzip {
                headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
            }
            *request.version_mut() = Version::HTTP_2;
            *request.uri_mut() = with_path(&target.url, EXPORT_PATH);
        }
        ExportProtocol::Http => {
            let kind = HeaderValue::from_static("application/x-protobuf");
            headers.insert(header::CONTENT_TYPE, kind);
            if target.gzip {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            let host = target.url.authority().map(|host| HeaderValue::from_str(host.as_str()));
            if let Some(Ok(host)) = host {
                headers.insert(header::HOST, host);
            }
            *request.uri_mut() = Uri::try_from(target.url.path()).unwrap_or_default();
        }
    }
    *request.method_mut() = Method::POST;
    request
}

/// `url` with `path` as its path.
fn with_path(url: &Uri, path: &'static str) -> Uri {
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static(path));
    Uri::from_parts(parts).unwrap_or_default()
}
