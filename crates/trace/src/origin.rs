//! Where a span comes from: the resource and scope it was reported under, and who collected it.

use crate::attribute::Attributes;

/// The service name of spans whose resource names none, as OpenTelemetry's resource conventions say.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// What all spans of one OTLP `ScopeSpans` share. Spans hold it by `Arc`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin {
    /// The process, host or workload that was observed.
    pub resource: Resource,
    /// The instrumentation that reported. Beyla's is empty from 1.6 on (spec/beyla.md §1).
    pub scope: Scope,
    /// Whether eBPF or an SDK made the spans.
    pub collector: Collector,
}

/// Which kind of instrumentation made a span.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Collector {
    /// Beyla or another build of OpenTelemetry's eBPF instrumentation.
    Ebpf,
    /// Code in the observed process.
    #[default]
    Sdk,
}

/// An OTLP `Resource` with the schema URL of its `ResourceSpans`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Resource {
    /// What is known of it.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// Entities the resource is made of (OTLP, in development).
    pub entity_refs: Vec<EntityRef>,
    /// Empty when there was none.
    pub schema_url: String,
}

/// An OTLP `EntityRef`: which of the resource's attributes identify which entity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs, reason = "the fields are OTLP's, named as there")]
pub struct EntityRef {
    pub schema_url: String,
    pub kind: String,
    pub id_keys: Vec<String>,
    pub description_keys: Vec<String>,
}

/// An OTLP `InstrumentationScope` with the schema URL of its `ScopeSpans`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scope {
    /// Empty when there was none.
    pub name: String,
    /// Empty when there was none.
    pub version: String,
    /// What is known of it.
    pub attributes: Attributes,
    /// How many attributes the exporter dropped.
    pub dropped_attributes: u32,
    /// Empty when there was none.
    pub schema_url: String,
}

impl Origin {
    /// `service.name` of the resource, or [`UNKNOWN_SERVICE`] when it is missing, empty or no text.
    pub fn service_name(&self) -> &str {
        match self.resource.attributes.text("service.name") {
            None | Some("") => UNKNOWN_SERVICE,
            Some(name) => name,
        }
    }
}

impl Collector {
    /// `ebpf` or `sdk`, as `--source` spells it.
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
