//! Reads what a receiver of OTLP answers to an export: the reverse of `status`.

use std::time::Duration;

use prost::Message;
use serde_json::Value;

use crate::otlp::Encoding;
use crate::otlp_service::ExportTraceServiceResponse;
use crate::refusal::bounded;
use crate::status::{RETRY_INFO, RetryInfo, RpcStatus};

/// What a receiver of an export did not take, although it accepted the request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartialSuccess {
    /// How many spans the receiver rejected. Sending them again does not help.
    pub rejected_spans: u64,
    /// The receiver's reason, on one line and shortened; a warning if nothing was rejected. Empty if
    /// the receiver gave none.
    pub message: String,
}

impl PartialSuccess {
    /// Reads an `ExportTraceServiceResponse`. A body that is not one says nothing, because the
    /// receiver's status has accepted the export already.
    pub fn of_response(body: &[u8], encoding: Encoding) -> Self {
        let (rejected, message) = match encoding {
            Encoding::Protobuf => match ExportTraceServiceResponse::decode(body) {
                Ok(ExportTraceServiceResponse { partial_success: Some(partial) }) => {
                    (partial.rejected_spans, partial.error_message)
                }
                _ => return Self::default(),
            },
            Encoding::Json => of_json(body),
        };
        Self { rejected_spans: u64::try_from(rejected).unwrap_or(0), message: bounded(&message) }
    }
}

/// The fields of a partial success in JSON; a 64-bit number may be text.
fn of_json(body: &[u8]) -> (i64, String) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let partial = &body["partialSuccess"];
    let rejected = &partial["rejectedSpans"];
    let text = rejected.as_str().and_then(|text| text.parse().ok());
    let message = partial["errorMessage"].as_str().unwrap_or_default();
    (rejected.as_i64().or(text).unwrap_or_default(), message.to_owned())
}

/// The message of a `google.rpc.Status`, as in the body of an OTLP/HTTP error, on one line and
/// shortened; `None` if `body` is no such status or has no message.
pub fn status_message(body: &[u8], encoding: Encoding) -> Option<String> {
    let message = match encoding {
        Encoding::Protobuf => RpcStatus::decode(body).ok()?.message,
        Encoding::Json => {
            let body: Value = serde_json::from_slice(body).ok()?;
            body["message"].as_str()?.to_owned()
        }
    };
    Some(bounded(message.trim())).filter(|message| !message.is_empty())
}

/// How long the receiver asks to wait, in the `grpc-status-details-bin` of an error; `None` if it
/// does not ask.
pub fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = RpcStatus::decode(details).ok()?;
    let info = status.details.iter().find(|detail| detail.type_url == RETRY_INFO)?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay.unwrap_or_default();
    let (seconds, nanos) = (u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?);
    Some(Duration::new(seconds, nanos.min(999_999_999)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::retry_info_details;

    #[test]
    fn a_partial_success_is_read_in_both_encodings() {
        let partial = crate::otlp_service::ExportTracePartialSuccess {
            rejected_spans: 3,
            error_message: "too old\n\u{1b}[2J".to_owned(),
        };
        let response = ExportTraceServiceResponse { partial_success: Some(partial) };
        let found = PartialSuccess::of_response(&response.encode_to_vec(), Encoding::Protobuf);
        assert_eq!(found.rejected_spans, 3);
        assert!(!found.message.contains(char::is_control), "{}", found.message);
        for json in [
            r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#,
            r#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too old"}}"#,
        ] {
            let found = PartialSuccess::of_response(json.as_bytes(), Encoding::Json);
            assert_eq!((found.rejected_spans, found.message.as_str()), (3, "too old"));
        }
    }

    #[test]
    fn an_answer_that_says_nothing_of_spans_rejects_none() {
        for (body, encoding) in [
            (&b""[..], Encoding::Protobuf),
            (b"{}", Encoding::Json),
            (b"<html>", Encoding::Protobuf),
            (b"\xff\xff\xff", Encoding::Protobuf),
            (b"[1", Encoding::Json),
            (br#"{"partialSuccess":{"rejectedSpans":-1}}"#, Encoding::Json),
        ] {
            assert_eq!(PartialSuccess::of_response(body, encoding), PartialSuccess::default());
        }
    }

    #[test]
    fn the_delay_that_a_receiver_asks_for_is_read_from_its_details() {
        let delay = Duration::from_millis(2_500);
        let status = retry_info_details(tonic::Code::ResourceExhausted, "busy", delay);
        assert_eq!(retry_delay(status.details()), Some(delay));
        assert_eq!(retry_delay(b""), None);
        assert_eq!(retry_delay(b"\x07"), None);
        assert_eq!(status_message(status.details(), Encoding::Protobuf).as_deref(), Some("busy"));
    }
}
