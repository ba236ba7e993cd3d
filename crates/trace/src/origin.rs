//! Where a span comes from: its resource, its scope and its collector.

use crate::attribute::Attributes;

/// The service name of spans whose resource has none, as in OpenTelemetry's resource conventions.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// The resource, scope and collector that all spans of one OTLP `ScopeSpans` share. Spans refer to
/// their origin by `Arc`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin {
    /// The process, host or workload that was observed.
    pub resource: Resource,
    /// The instrumentation scope that reported the spans. Beyla 1.6 and newer send an empty scope.
    pub scope: Scope,
    /// The kind of instrumentation that made the spans.
    pub collector: Collector,
}

/// The kind of instrumentation that made a span.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Collector {
    /// Beyla or another build of OpenTelemetry's eBPF instrumentation, which observes processes
    /// from outside.
    Ebpf,
    /// An SDK: code in the observed process.
    #[default]
    Sdk,
}

/// An OTLP `Resource` with the schema URL of its `ResourceSpans`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Resource {
    /// The attributes of the resource.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// The entities that the resource consists of (an OTLP field in development).
    pub entity_refs: Vec<EntityRef>,
    /// The schema URL; empty when there was none.
    pub schema_url: String,
}

/// An OTLP `EntityRef`: which attributes of the resource identify which entity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs, reason = "the fields have the names of OTLP")]
pub struct EntityRef {
    pub schema_url: String,
    pub kind: String,
    pub id_keys: Vec<String>,
    pub description_keys: Vec<String>,
}

/// An OTLP `InstrumentationScope` with the schema URL of its `ScopeSpans`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scope {
    /// The name of the library; empty when there was none.
    pub name: String,
    /// The version of the library; empty when there was none.
    pub version: String,
    /// The attributes of the scope.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// The schema URL; empty when there was none.
    pub schema_url: String,
}

impl Origin {
    /// The `service.name` of the resource, or [`UNKNOWN_SERVICE`] when the attribute is missing,
    /// empty or not text.
    pub fn service_name(&self) -> &str {
        match self.resource.attributes.text("service.name") {
            None | Some("") => UNKNOWN_SERVICE,
            Some(name) => name,
        }
    }
}

impl Collector {
    /// The collector as `--source` spells it: `ebpf` or `sdk`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ebpf => "ebpf",
            Self::Sdk => "sdk",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Value;

    fn named(value: Option<Value>) -> Origin {
        let attributes = value.map(|value| ("service.name", value)).into_iter().collect();
        Origin { resource: Resource { attributes, ..Resource::default() }, ..Origin::default() }
    }

    #[test]
    fn a_service_without_a_usable_name_is_unknown_service() {
        assert_eq!(named(Some("cart".into())).service_name(), "cart");
        assert_eq!(named(Some("".into())).service_name(), UNKNOWN_SERVICE);
        assert_eq!(named(Some(Value::Int(7))).service_name(), UNKNOWN_SERVICE);
        assert_eq!(named(None).service_name(), UNKNOWN_SERVICE);
    }
}
