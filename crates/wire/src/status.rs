//! Answers to exports: `google.rpc.Status`, `RetryInfo` and OTLP's partial success.

use std::time::Duration;

use prost::Message;
use prost_types::Any;
use serde_json::json;
use tonic::Code;

use crate::otlp::Encoding;
use crate::otlp_metrics_in::RefusedPoints;
use crate::otlp_service::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse, ExportTracePartialSuccess,
    ExportTraceServiceResponse,
};
use crate::refusal::RefusedSpans;

/// `google.rpc.Status`. Source: googleapis, `google/rpc/status.proto`.
#[derive(Clone, PartialEq, Message)]
pub struct RpcStatus {
    /// A gRPC code.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// A message for developers, in English.
    #[prost(string, tag = "2")]
    pub message: String,
    /// Further messages, such as [`RetryInfo`].
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `google.rpc.RetryInfo`. Source: googleapis, `google/rpc/error_details.proto`.
#[derive(Clone, PartialEq, Message)]
pub struct RetryInfo {
    /// How long to wait before sending the same request again.
    #[prost(message, optional, tag = "1")]
    pub retry_delay: Option<prost_types::Duration>,
}

/// The type URL of [`RetryInfo`].
pub const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// A gRPC error that asks the client to retry after `retry_after`, with `grpc-status-details-bin`
/// as OTLP specifies.
pub fn retry_info_details(code: Code, message: &str, retry_after: Duration) -> tonic::Status {
    let info = RetryInfo { retry_delay: Some(delay(retry_after)) };
    let details = vec![Any { type_url: RETRY_INFO.to_owned(), value: info.encode_to_vec() }];
    let status = RpcStatus { code: code as i32, message: message.to_owned(), details };
    tonic::Status::with_details(code, message, status.encode_to_vec().into())
}

/// The body of an OTLP/HTTP error: a `google.rpc.Status` with the gRPC code `code`.
pub fn http_status_body(code: i32, message: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => {
            let details = Vec::new();
            RpcStatus { code, message: message.to_owned(), details }.encode_to_vec()
        }
        Encoding::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    }
}

/// The `ExportTraceServiceResponse` for an export of which `refused` was not accepted.
///
/// Empty if nothing was refused. If only links were refused, the number of rejected spans is 0 and
/// the message is a warning in OTLP's sense.
pub fn export_response(refused: &RefusedSpans, encoding: Encoding) -> Vec<u8> {
    let rejected_spans = i64::try_from(refused.spans).unwrap_or(i64::MAX);
    let error_message = refused.message();
    let all_taken = refused.is_empty();
    match encoding {
        Encoding::Protobuf => {
            let partial = ExportTracePartialSuccess { rejected_spans, error_message };
            let partial_success = (!all_taken).then_some(partial);
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        Encoding::Json if all_taken => b"{}".to_vec(),
        Encoding::Json => partial_json("rejectedSpans", rejected_spans, &error_message),
    }
}

/// The `ExportMetricsServiceResponse` for an export of which `refused` was not accepted. Empty if
/// nothing was refused.
pub fn metrics_response(refused: &RefusedPoints, encoding: Encoding) -> Vec<u8> {
    let rejected_data_points = i64::try_from(refused.points).unwrap_or(i64::MAX);
    let error_message = refused.message();
    let all_taken = refused.points == 0;
    match encoding {
        Encoding::Protobuf => {
            let partial = ExportMetricsPartialSuccess { rejected_data_points, error_message };
            let partial_success = (!all_taken).then_some(partial);
            ExportMetricsServiceResponse { partial_success }.encode_to_vec()
        }
        Encoding::Json if all_taken => b"{}".to_vec(),
        Encoding::Json => partial_json("rejectedDataPoints", rejected_data_points, &error_message),
    }
}

/// How many spans an agent refused, and why, by the protobuf body of its answer 200.
pub fn rejected_spans(body: &[u8]) -> (u64, String) {
    let partial = ExportTraceServiceResponse::decode(body).ok().and_then(|it| it.partial_success);
    let partial = partial.unwrap_or_default();
    (u64::try_from(partial.rejected_spans).unwrap_or(0), partial.error_message)
}

/// The message of an error over OTLP/HTTP, by its protobuf body.
pub fn http_error_message(body: &[u8]) -> Option<String> {
    let status = RpcStatus::decode(body).ok()?;
    Some(status.message).filter(|message| !message.is_empty())
}

/// A partial success in JSON. `rejected` is text, as all 64-bit numbers in protobuf's JSON mapping.
fn partial_json(name: &str, rejected: i64, error_message: &str) -> Vec<u8> {
    let partial = json!({ "errorMessage": error_message, name: rejected.to_string() });
    json!({ "partialSuccess": partial }).to_string().into_bytes()
}

fn delay(delay: Duration) -> prost_types::Duration {
    let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX);
    prost_types::Duration { seconds, nanos: delay.subsec_nanos() as i32 }
}

#[cfg(test)]
mod tests;
