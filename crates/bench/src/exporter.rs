//! A client of OTLP over gRPC and HTTP, for exports that are already encoded. Sends each export
//! once; the answer says whether the caller must send the export again.

use std::time::Duration;

use clap::ValueEnum;
use coral_wire::otlp_service::ExportTraceServiceResponse;
use coral_wire::status::{RETRY_INFO, RetryInfo, RpcStatus};
use http::uri::PathAndQuery;
use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes};
use serde::Serialize;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstDecoder;

use crate::Failure;
use crate::target::Target;

/// The protocol of exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf.
    Http,
}

/// A connection to a receiver. Clones share the connection.
#[derive(Clone)]
pub enum Exporter {
    /// An HTTP/2 connection.
    Grpc(Channel),
    /// A pool of HTTP/1.1 connections, and the URL.
    Http(reqwest::Client, String),
}

/// The answer of a receiver to one export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Accepted, except for this many spans.
    Acknowledged { rejected: u64 },
    /// Not accepted; to be sent again, after a delay if the receiver named one.
    Again { after: Option<Duration>, why: String },
    /// Refused permanently.
    Refused(String),
}

/// After this long without an answer, an export is to be sent again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

impl Exporter {
    /// Connects to `target`, such as `http://127.0.0.1:4317`, with the first export.
    ///
    /// # Errors
    /// The URL is not one, or is to be used with OTLP/HTTP over TLS.
    pub fn new(target: impl Into<Target>, protocol: Protocol) -> Result<Self, Failure> {
        let target = target.into();
        Ok(match protocol {
            Protocol::Grpc => {
                Self::Grpc(target.connect_lazy(&target.endpoint()?.timeout(ANSWER_TIMEOUT)))
            }
            Protocol::Http if target.is_encrypted() => {
                return Err("the bench has no OTLP/HTTP over TLS: use gRPC".into());
            }
            Protocol::Http => {
                let client =
                    reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build()?;
                Self::Http(client, format!("{}/v1/traces", target.url.trim_end_matches('/')))
            }
        })
    }

    /// Sends `body`, an encoded `ExportTraceServiceRequest`, once.
    pub async fn export(&self, body: Bytes) -> Answer {
        match self {
            Self::Grpc(channel) => grpc(channel.clone(), body).await,
            Self::Http(client, url) => http(client, url, body).await,
        }
    }
}

async fn grpc(channel: Channel, body: Bytes) -> Answer {
    const PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let mut client = tonic::client::Grpc::new(channel);
    if let Err(error) = client.ready().await {
        return Answer::Again { after: None, why: error.to_string() };
    }
    let path = PathAndQuery::from_static(PATH);
    match client.unary(Request::new(body), path, EncodedExport).await {
        Ok(response) => acknowledged(response.get_ref()),
        Err(status) => grpc_refusal(&status),
    }
}

/// Whether a gRPC error is permanent, or the export is to be sent again. Source: OTLP
/// specification, "OTLP/gRPC Response".
fn grpc_refusal(status: &Status) -> Answer {
    let (after, why) = (retry_info(status.details()), status.to_string());
    match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Answer::Again { after, why },
        Code::ResourceExhausted if after.is_some() => Answer::Again { after, why },
        // Tonic reports a connection that broke during a request with this code.
        Code::Unknown if status.message().contains("transport") => Answer::Again { after, why },
        _ => Answer::Refused(why),
    }
}

/// The `RetryInfo.retry_delay` in `details`, an encoded `google.rpc.Status`.
fn retry_info(details: &[u8]) -> Option<Duration> {
    let status = RpcStatus::decode(details).ok()?;
    let info = status.details.iter().find(|detail| detail.type_url == RETRY_INFO)?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay?;
    Duration::try_from(delay).ok()
}

/// Sends `body` over HTTP. Which statuses are permanent is defined in the OTLP specification,
/// "OTLP/HTTP Response".
async fn http(client: &reqwest::Client, url: &str, body: Bytes) -> Answer {
    let request = client.post(url).header("content-type", "application/x-protobuf").body(body);
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Answer::Again { after: None, why: error.to_string() },
    };
    let status = response.status();
    let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let after = after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Answer::Again { after: None, why: error.to_string() },
    };
    match status.as_u16() {
        200 => ExportTraceServiceResponse::decode(body)
            .map_or_else(|error| Answer::Refused(error.to_string()), |body| acknowledged(&body)),
        429 | 502 | 503 | 504 => Answer::Again { after, why: status.to_string() },
        _ => Answer::Refused(status.to_string()),
    }
}

fn acknowledged(response: &ExportTraceServiceResponse) -> Answer {
    let rejected = response.partial_success.as_ref().map_or(0, |partial| partial.rejected_spans);
    Answer::Acknowledged { rejected: rejected.max(0) as u64 }
}

/// A gRPC codec for requests that are already encoded.
struct EncodedExport;

impl Codec for EncodedExport {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = ProstDecoder<ExportTraceServiceResponse>;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

impl Encoder for EncodedExport {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, body: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(body);
        Ok(())
    }
}
