//! Collects the spans of one request, whatever they are read from.

use std::mem;
use std::sync::Arc;

use coral_trace::{Origin, Recogniser, Resource, Scope};
use opentelemetry_proto::tonic::trace::v1 as proto;

use super::{Decoded, MAX_ORIGIN_BYTES, MAX_SPAN_BYTES, Why, span};
use crate::otlp_out;

/// What was taken and refused so far.
#[derive(Default)]
pub(super) struct Intake {
    pub decoded: Decoded,
}

/// The origins under one resource. A resource or scope that cannot be taken refuses its spans.
pub(crate) struct Under<'r> {
    resource: Result<Resource, Why>,
    recogniser: &'r Recogniser,
    last: Option<Arc<Origin>>,
}

impl Intake {
    /// Takes `span`, which is `bytes` long in protobuf, or counts why not.
    pub fn take(&mut self, span: proto::Span, bytes: usize, origin: &Result<Arc<Origin>, Why>) {
        let fits = bytes <= MAX_SPAN_BYTES;
        let origin = if fits { origin.as_ref().map_err(Why::clone) } else { Err(Why::TooLarge { bytes }) };
        self.decoded.spans.extend(span::take(span, origin, &mut self.decoded.refused));
    }

    /// Counts a span of which not even the name could be read.
    pub fn refuse(&mut self, why: Why) {
        self.decoded.refused.span(why, "");
    }
}

impl<'r> Under<'r> {
    pub fn new(resource: Result<Resource, Why>, recogniser: &'r Recogniser) -> Self {
        Self { resource, recogniser, last: None }
    }

    /// The origin under this resource and `scope`: the last one again if the scope is equal, which
    /// it is for Beyla's many (spec/beyla.md §2.1).
    pub fn origin(&mut self, scope: Result<Scope, Why>) -> Result<Arc<Origin>, Why> {
        let scope = scope?;
        if let Some(last) = self.last.as_ref().filter(|last| last.scope == scope) {
            return Ok(last.clone());
        }
        let origin = Arc::new(self.make(scope)?);
        self.last = Some(origin.clone());
        let bytes = otlp_out::origin_len(&origin);
        if bytes > MAX_ORIGIN_BYTES { Err(Why::OriginTooLarge { bytes }) } else { Ok(origin) }
    }

    /// Moves the resource into the first origin, and copies it for the others from there.
    fn make(&mut self, scope: Scope) -> Result<Origin, Why> {
        let resource = match (&self.last, &mut self.resource) {
            (_, Err(why)) => return Err(why.clone()),
            (None, Ok(resource)) => mem::take(resource),
            (Some(last), Ok(_)) => last.resource.clone(),
        };
        let collector = self.recogniser.collector(&resource, &scope);
        Ok(Origin { resource, scope, collector })
    }
}
