//! Values of labels, as Tempo's metrics generator has them.

use coral_trace::SpanKind;
use coral_trace::red::Series;

pub(super) const SERVICE: &str = "service";
pub(super) const SPAN_NAME: &str = "span_name";
pub(super) const SPAN_KIND: &str = "span_kind";
pub(super) const STATUS_CODE: &str = "status_code";
/// The protocol of requests over HTTP, gRPC and SQL. Tempo has no such label.
pub(super) const PROTOCOL: &str = "protocol";
pub(super) const CLIENT: &str = "client";
pub(super) const SERVER: &str = "server";
pub(super) const CONNECTION_TYPE: &str = "connection_type";

/// The caller of requests that no span made.
pub(super) const USER: &str = "user";

/// All kinds of spans.
pub(super) const KINDS: [SpanKind; 6] = [
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Internal,
    SpanKind::Producer,
    SpanKind::Consumer,
    SpanKind::Unspecified,
];

/// The value of [`SPAN_KIND`]: OTLP's name.
pub(super) const fn span_kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "SPAN_KIND_UNSPECIFIED",
        SpanKind::Internal => "SPAN_KIND_INTERNAL",
        SpanKind::Server => "SPAN_KIND_SERVER",
        SpanKind::Client => "SPAN_KIND_CLIENT",
        SpanKind::Producer => "SPAN_KIND_PRODUCER",
        SpanKind::Consumer => "SPAN_KIND_CONSUMER",
    }
}

/// The value of [`SPAN_NAME`] for requests of RED metrics, which have no span: the name that the
/// span of such a request has, such as `POST /charge`.
pub(super) fn span_name(series: &Series) -> String {
    let words = [series.operation.as_str(), series.target.as_str()];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
