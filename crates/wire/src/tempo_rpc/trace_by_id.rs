//! `tempopb.TraceByIDResponse`, which no RPC of a colony has.

use coral_trace::Span;
use prost::Message;

use crate::otlp_out;

/// Encodes `spans` as a `tempopb.TraceByIDResponse` in protobuf. `partial` says why spans are left
/// out; `None` for a trace with all of its spans.
pub fn trace_by_id(spans: &[Span], partial: Option<&str>) -> Vec<u8> {
    TraceById {
        trace: otlp_out::encode(spans),
        metrics: Some(Metrics {}),
        status: i32::from(partial.is_some()),
        message: partial.unwrap_or_default().to_owned(),
    }
    .encode_to_vec()
}

/// `tempopb.TraceByIDResponse`.
#[derive(Clone, PartialEq, Message)]
struct TraceById {
    /// A `tempopb.Trace`, which has the bytes of OTLP's `TracesData`.
    #[prost(bytes = "vec", tag = "1")]
    trace: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    metrics: Option<Metrics>,
    /// `tempopb.PartialStatus`.
    #[prost(int32, tag = "3")]
    status: i32,
    #[prost(string, tag = "4")]
    message: String,
}

/// `tempopb.TraceByIDMetrics`, without the bytes that Tempo counts there.
#[derive(Clone, PartialEq, Message)]
struct Metrics {}

#[cfg(test)]
mod tests {
    use coral_trace::testing;
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn a_trace_is_field_one_and_a_partial_one_says_so_in_fields_three_and_four() {
        let span = testing::span().new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let spans = [span];
        let whole = TraceById::decode(&*trace_by_id(&spans, None)).unwrap();
        assert_eq!((&*whole.trace, whole.status), (&*otlp_out::encode(&spans), 0));
        let cut = TraceById::decode(&*trace_by_id(&spans, Some("3 spans"))).unwrap();
        assert_eq!((cut.status, &*cut.message), (1, "3 spans"));
        assert_eq!(trace_by_id(&[], Some("x")), [0x12, 0, 0x18, 1, 0x22, 1, b'x']);
    }
}
