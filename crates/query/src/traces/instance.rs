//! Where spans ran: host, version and pod of a service.

use std::collections::BTreeMap;

use coral_trace::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failures::cut;

/// Where a span ran, from its resource attributes, cut to 500 bytes each.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Instance {
    /// `host.name`.
    pub host: Option<String>,
    /// `service.version`.
    pub version: Option<String>,
    /// `k8s.pod.name`.
    pub pod: Option<String>,
}

impl Instance {
    pub(super) fn of(span: &Span) -> Self {
        let attributes = &span.origin.resource.attributes;
        let text = |key: &str| {
            let text = attributes.get(key).map(ToString::to_string);
            text.filter(|text| !text.is_empty()).map(cut)
        };
        Self {
            host: text("host.name"),
            version: text("service.version"),
            pod: text("k8s.pod.name"),
        }
    }

    /// Where the root of a trace ran: the earliest span without a parent, or else the earliest span.
    pub(super) fn of_root(spans: &[Span]) -> Self {
        let first = spans
            .iter()
            .min_by_key(|span| (span.parent_span_id.is_some(), span.start, span.span_id));
        first.map(Self::of).unwrap_or_default()
    }
}

/// Spans of one trace that belong to one service and ran at one place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServiceInstance {
    /// The service.
    pub service: String,
    /// The resource attribute `host.name`; null when there is none.
    pub host: Option<String>,
    /// The resource attribute `service.version`; null when there is none.
    pub version: Option<String>,
    /// The resource attribute `k8s.pod.name`; null when there is none.
    pub pod: Option<String>,
    /// How many of the spans in the answer ran there.
    pub spans: u64,
    /// How many of these spans have the status `error`.
    pub errors: u64,
}

/// The largest number of instances in one answer.
const MAX_INSTANCES: usize = 1_000;

impl ServiceInstance {
    /// The instances of `spans`, in the order of their first spans; at most 1,000.
    pub fn of_spans<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut places = BTreeMap::new();
        for span in spans {
            let service = cut(span.origin.service_name().to_owned());
            let place = (service, Instance::of(span));
            let at = match places.get(&place) {
                Some(at) => *at,
                None if found.len() == MAX_INSTANCES => continue,
                None => {
                    let (service, Instance { host, version, pod }) = place.clone();
                    found.push(Self { service, host, version, pod, spans: 0, errors: 0 });
                    places.insert(place, found.len() - 1);
                    found.len() - 1
                }
            };
            let instance = &mut found[at];
            instance.spans += 1;
            instance.errors += u64::from(span.is_error());
        }
        found
    }
}
