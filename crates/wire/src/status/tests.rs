//! Answers as an exporter decodes them.

use super::*;
use crate::otlp_in::{self, DecodedSpans};
use crate::otlp_service::ExportTraceServiceRequest;

/// The refused spans of `json`.
fn refused(json: &str) -> RefusedSpans {
    let recogniser = coral_trace::Recogniser::default();
    let DecodedSpans { refused, .. } =
        otlp_in::decode(json.as_bytes(), Encoding::Json, &recogniser).unwrap();
    refused
}

#[test]
fn a_retryable_grpc_error_has_the_delay_in_its_details() {
    let status = retry_info_details(Code::Unavailable, "busy", Duration::from_millis(1_500));
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "busy"));
    let details = RpcStatus::decode(status.details()).unwrap();
    assert_eq!((details.code, details.message.as_str()), (14, "busy"));
    assert_eq!(details.details[0].type_url, RETRY_INFO);
    let info = RetryInfo::decode(details.details[0].value.as_slice()).unwrap();
    let delay = info.retry_delay.unwrap();
    assert_eq!((delay.seconds, delay.nanos), (1, 500_000_000));
}

#[test]
fn an_http_error_has_the_same_status_in_both_encodings() {
    let body = http_status_body(3, "bad \"body\"", Encoding::Protobuf);
    let status = RpcStatus::decode(body.as_slice()).unwrap();
    assert_eq!((status.code, status.message.as_str()), (3, "bad \"body\""));
    let body = http_status_body(3, "bad \"body\"", Encoding::Json);
    assert_eq!(body, br#"{"code":3,"message":"bad \"body\""}"#);
}

#[test]
fn an_entirely_accepted_export_has_an_empty_answer() {
    let nothing = refused("{}");
    assert!(export_response(&nothing, Encoding::Protobuf).is_empty());
    assert_eq!(export_response(&nothing, Encoding::Json), b"{}");
    assert!(
        otlp_in::convert(ExportTraceServiceRequest::default(), &coral_trace::Recogniser::default())
            .refused
            .is_empty()
    );
}

#[test]
fn an_export_with_a_bad_span_is_answered_with_the_count_and_the_reason() {
    let refused = refused(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc","name":"GET /"}]}]}]}"#,
    );
    let reason = "1 span refused: trace_id: 3 long, expected 32 hex digits (first: span `GET /`)";
    let body = export_response(&refused, Encoding::Protobuf);
    let partial =
        ExportTraceServiceResponse::decode(body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (1, reason));
    let body = String::from_utf8(export_response(&refused, Encoding::Json)).unwrap();
    let expected =
        format!(r#"{{"partialSuccess":{{"errorMessage":"{reason}","rejectedSpans":"1"}}}}"#);
    assert_eq!(body, expected);
}

#[test]
fn an_export_with_only_a_bad_link_is_answered_with_a_warning() {
    let refused = refused(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{
            "traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"GET /",
            "links":[{"traceId":"","spanId":"00f067aa0ba902b7"}]}]}]}]}"#,
    );
    let body = export_response(&refused, Encoding::Protobuf);
    let partial =
        ExportTraceServiceResponse::decode(body.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 0);
    assert_eq!(
        partial.error_message,
        "1 link dropped: trace_id: 0 long, expected 32 hex digits (first: span `GET /`)"
    );
}
