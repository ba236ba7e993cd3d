//! Collects the spans of one request, from either encoding.

use std::mem;
use std::sync::Arc;

use coral_trace::{Origin, Recogniser, Resource, Scope, Span};

use super::fields::SpanFields;
use super::span;
use super::texts::Texts;
use crate::otlp::{MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};
use crate::otlp_out;
use crate::refusal::{RefusalReason, RefusedSpans};

/// The decoded spans of one request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DecodedSpans {
    /// The accepted spans, in the order of the request. Spans of one `ScopeSpans`, and of
    /// neighbouring `ScopeSpans` with an equal scope, share their origin.
    pub spans: Vec<Span>,
    /// The refused spans and links.
    pub refused: RefusedSpans,
}

/// Receives each accepted span, in the order of the request. A span that it returns is not needed
/// any more: its memory is used for the next one.
pub type TakeSpan<'t> = dyn FnMut(Span) -> Option<Span> + 't;

/// Where accepted spans go, and the spans refused so far.
pub(super) struct Intake<'t> {
    take: &'t mut TakeSpan<'t>,
    pub refused: RefusedSpans,
    pub texts: Texts,
}

/// The origins of one request. Spans of an invalid resource or scope are refused.
pub(crate) struct Origins<'r> {
    recogniser: &'r Recogniser,
    /// How many bytes of resources may still be copied. Without this limit, a body with one long
    /// resource and many short scopes would be multiplied in memory.
    may_copy: usize,
    /// The current resource, until it is moved into the first origin of `under`.
    resource: Result<Resource, RefusalReason>,
    resource_bytes: usize,
    /// The origins of the current resource, one per scope.
    under: Vec<Arc<Origin>>,
}

/// How many of the latest scopes of a resource are compared with the next scope, to reuse their
/// origin. Beyla repeats one scope for each request that it observes, with scopes of Go's SDK in
/// between.
const RECENT_SCOPES: usize = 8;

impl<'t> Intake<'t> {
    pub fn new(take: &'t mut TakeSpan<'t>) -> Self {
        Self { take, refused: RefusedSpans::default(), texts: Texts::default() }
    }

    /// Accepts a span of `bytes` bytes in protobuf, or counts why the span is refused.
    pub fn take(
        &mut self,
        span: SpanFields<'_>,
        bytes: usize,
        origin: &Result<Arc<Origin>, RefusalReason>,
    ) {
        let fits = bytes <= MAX_SPAN_BYTES;
        let origin = if fits {
            origin.as_ref().map_err(RefusalReason::clone)
        } else {
            Err(RefusalReason::TooLarge { bytes })
        };
        if let Some(span) = span::take(span, origin, &mut self.texts, &mut self.refused) {
            self.accept(span);
        }
    }

    /// Accepts `span`.
    pub fn accept(&mut self, span: Span) {
        if let Some(span) = (self.take)(span) {
            self.texts.reuse(span);
        }
    }

    /// Counts a refused span whose name could not be read.
    pub fn refuse(&mut self, why: RefusalReason) {
        self.refused.span(why, "");
    }
}

impl<'r> Origins<'r> {
    /// The origins of a request of `bytes` bytes. Copies of resources may have as many bytes, and
    /// [`MAX_ORIGIN_BYTES`] more.
    pub fn new(recogniser: &'r Recogniser, bytes: usize) -> Self {
        Self {
            recogniser,
            may_copy: bytes.saturating_add(MAX_ORIGIN_BYTES),
            resource: Ok(Resource::default()),
            resource_bytes: 0,
            under: Vec::new(),
        }
    }

    /// Makes `resource` the current resource, to which the following scopes belong.
    pub fn enter(&mut self, resource: Result<Resource, RefusalReason>) {
        self.resource_bytes = resource.as_ref().map_or(0, otlp_out::resource_len);
        self.resource = resource;
        self.under.clear();
    }

    /// The origin of the current resource and `scope`.
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

    /// The current resource, for one more origin: moved into the first origin, and copied from
    /// there into each later one.
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
