//! Collects the spans of one request, whatever they are read from.

use std::mem;
use std::sync::Arc;

use coral_trace::{Attributes, Origin, Recogniser, Resource, Scope, Span};
use opentelemetry_proto::tonic::trace::v1 as proto;

use super::span;
use crate::otlp::{MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};
use crate::otlp_out;
use crate::refusal::{RefusalReason, RefusedSpans};

/// What one request held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DecodedSpans {
    /// The spans that were taken, in the order in which they came. Spans of one `ScopeSpans`, and
    /// of neighbours with an equal scope, share their origin.
    pub spans: Vec<Span>,
    /// What was not taken.
    pub refused: RefusedSpans,
}

/// What was taken and refused so far.
#[derive(Default)]
pub(super) struct Intake {
    pub decoded: DecodedSpans,
}

/// The origins of one request. A resource or scope that cannot be taken refuses its spans.
pub(crate) struct Origins<'r> {
    recogniser: &'r Recogniser,
    /// How many bytes of resources may still be copied. Without that limit, a body with one long
    /// resource and many short scopes would multiply.
    may_copy: usize,
    /// The resource that was entered, until it is moved into the first of `under`.
    resource: Result<Resource, RefusalReason>,
    resource_bytes: usize,
    /// The origins made under that resource, one per scope.
    under: Vec<Arc<Origin>>,
}

/// How many scopes back an equal one is looked for. Beyla repeats one scope for each request that
/// it observed, and puts those of Go's SDK between (spec/beyla.md §1, §2.1).
const RECENT_SCOPES: usize = 8;

impl Intake {
    /// Takes `span`, which is `bytes` long in protobuf, or counts why not. Its attributes may be given apart.
    pub fn take(
        &mut self,
        (span, attributes): (proto::Span, Option<Attributes>),
        bytes: usize,
        origin: &Result<Arc<Origin>, RefusalReason>,
    ) {
        let fits = bytes <= MAX_SPAN_BYTES;
        let origin = if fits {
            origin.as_ref().map_err(RefusalReason::clone)
        } else {
            Err(RefusalReason::TooLarge { bytes })
        };
        let refused = &mut self.decoded.refused;
        self.decoded.spans.extend(span::take(span, attributes, origin, refused));
    }

    /// Counts a span of which not even the name could be read.
    pub fn refuse(&mut self, why: RefusalReason) {
        self.decoded.refused.span(why, "");
    }
}

impl<'r> Origins<'r> {
    /// For a request of `bytes`, of which resources may repeat as many, and [`MAX_ORIGIN_BYTES`].
    pub fn new(recogniser: &'r Recogniser, bytes: usize) -> Self {
        Self {
            recogniser,
            may_copy: bytes.saturating_add(MAX_ORIGIN_BYTES),
            resource: Ok(Resource::default()),
            resource_bytes: 0,
            under: Vec::new(),
        }
    }

    /// Whatever follows is under `resource`.
    pub fn enter(&mut self, resource: Result<Resource, RefusalReason>) {
        self.resource_bytes = resource.as_ref().map_or(0, otlp_out::resource_len);
        self.resource = resource;
        self.under.clear();
    }

    /// The origin under the current resource and `scope`.
    pub fn origin(
        &mut self,
        scope: Result<Scope, RefusalReason>,
    ) -> Result<Arc<Origin>, RefusalReason> {
        let scope = scope?;
        let mut recent = self.under.iter().rev().take(RECENT_SCOPES);
        if let Some(known) = recent.find(|origin| origin.scope == scope) {
            return Ok(known.clone());
        }
        let bytes = self.resource_bytes + otlp_out::scope_len(&scope);
        if bytes > MAX_ORIGIN_BYTES {
            return Err(RefusalReason::OriginTooLarge { bytes });
        }
        let resource = self.resource()?;
        let collector = self.recogniser.collector(&resource, &scope);
        let origin = Arc::new(Origin { resource, scope, collector });
        self.under.push(origin.clone());
        Ok(origin)
    }

    /// The resource for one more origin: moved into the first, and copied for others from there.
    fn resource(&mut self) -> Result<Resource, RefusalReason> {
        match (&mut self.resource, self.under.first()) {
            (Err(why), _) => Err(why.clone()),
            (Ok(resource), None) => Ok(mem::take(resource)),
            (Ok(_), Some(first)) => {
                let left = self.may_copy.checked_sub(self.resource_bytes);
                self.may_copy = left.ok_or(RefusalReason::TooManyScopes)?;
                Ok(first.resource.clone())
            }
        }
    }
}
