//! Requests of arbitrary spans.

use std::sync::Arc;

use coral_trace::testing::{origin, span};
use coral_trace::{Collector, Origin, Resource, Scope, Span, SpanId, TraceId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Up to 19 spans with up to 3 different origins. Spans share an origin, or have equal copies of
/// it.
pub fn spans() -> impl Strategy<Value = Vec<Span>> {
    let origins = vec(origin_of_sdk().prop_map(Arc::new), 1..4);
    let span = (span(), any_ids(), any::<Index>(), any::<bool>());
    (origins, vec(span, 0..20)).prop_map(|(origins, spans)| {
        let place = |(mut span, ids, index, shared): (Span, _, Index, bool)| {
            let origin = index.get(&origins);
            span.origin = if shared { origin.clone() } else { Arc::new(Origin::clone(origin)) };
            (span.trace_id, span.span_id) = ids;
            span
        };
        spans.into_iter().map(place).collect()
    })
}

fn any_ids() -> impl Strategy<Value = (TraceId, SpanId)> {
    (1..=u128::MAX, 1..=u64::MAX).prop_map(|(trace, span)| {
        (TraceId::try_from(trace).expect("not zero"), SpanId::try_from(span).expect("not zero"))
    })
}

/// An arbitrary origin. Its resource and its scope are often the default, so that some resources
/// have several scopes, and some scopes have several resources.
fn origin_of_sdk() -> impl Strategy<Value = Origin> {
    (origin(), any::<bool>(), any::<bool>()).prop_map(|(mut origin, no_resource, no_scope)| {
        origin.collector = Collector::Sdk;
        if no_resource {
            origin.resource = Resource::default();
        }
        if no_scope {
            origin.scope = Scope::default();
        }
        origin
    })
}
