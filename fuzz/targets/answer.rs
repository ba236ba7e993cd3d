//! See `properties::answer`: of any bytes as an answer, and of any as the page of one.
#![no_main]

use coral_wire::agent_rpc::proto::{QueryBeylaMetricsResponse, SpanPage};
use prost::Message as _;

#[path = "../../crates/wire/tests/wire/properties.rs"]
#[allow(dead_code, reason = "each target tries one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::answer(bytes);
    let page = Some(SpanPage { otlp: bytes.to_vec(), ..SpanPage::default() });
    let answer = QueryBeylaMetricsResponse { page, ..QueryBeylaMetricsResponse::default() };
    properties::answer(&answer.encode_to_vec());
});
