//! Tags with a meaning of their own.

/// A failed span. Zipkin takes any value for a failure; OpenTelemetry leaves out `false`.
pub(crate) const ERROR: &str = "error";
pub(crate) const STATUS_CODE: &str = "otel.status_code";
pub(crate) const STATUS_DESCRIPTION: &str = "otel.status_description";
pub(crate) const SPAN_KIND: &str = "span.kind";
pub(crate) const TRACE_STATE: &str = "w3c.tracestate";
pub(crate) const SCOPE_NAME: &str = "otel.scope.name";
pub(crate) const SCOPE_VERSION: &str = "otel.scope.version";
/// The names of [`SCOPE_NAME`] and [`SCOPE_VERSION`] until 2022.
pub(crate) const LIBRARY_NAME: &str = "otel.library.name";
pub(crate) const LIBRARY_VERSION: &str = "otel.library.version";

/// The tag of a span's link, counted from 0.
pub(crate) fn link(at: usize) -> String {
    format!("otlp.link.{at}")
}

/// Whether an exporter of OpenTelemetry writes a resource attribute as the tag `key`.
pub(crate) fn is_of_resource(key: &str) -> bool {
    const PREFIXES: [&str; 11] = [
        "cloud.",
        "container.",
        "deployment.",
        "device.",
        "host.",
        "k8s.",
        "os.",
        "process.",
        "service.",
        "telemetry.",
        "webengine.",
    ];
    // The peer of a call, and no attribute of the process that calls.
    const OF_SPANS: &str = "service.peer.";
    !key.starts_with(OF_SPANS) && PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// The tag `error` of a failed span with this status message, if the exporter sent no such tag.
pub(crate) fn error_of(message: &str) -> &str {
    if message.is_empty() { "true" } else { message }
}
