//! Collects the spans of one body, one after another, so that a body of refused spans needs no
//! memory.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use coral_trace::{Origin, Recogniser, Resource, Scope, Span};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::convert::{Converted, converted};
use super::halves;
use crate::otlp::{MAX_ORIGIN_BYTES, MAX_SPAN_BYTES};
use crate::otlp_in::DecodedSpans;
use crate::otlp_out;
use crate::refusal::RefusalReason;
use crate::zipkin::span_json::SpanJson;

/// Spans accepted and refused so far.
pub(super) struct Intake<'r> {
    recogniser: &'r Recogniser,
    origins: HashSet<Arc<Origin>>,
    decoded: DecodedSpans,
}

impl<'r> Intake<'r> {
    pub fn new(recogniser: &'r Recogniser) -> Self {
        Self { recogniser, origins: HashSet::new(), decoded: DecodedSpans::default() }
    }

    /// The spans, after both halves of each call have been found.
    pub fn decoded(mut self) -> DecodedSpans {
        halves::separate(&mut self.decoded.spans);
        self.decoded
    }

    fn take(&mut self, json: SpanJson<'_>) {
        let name = json.name.clone().map(Cow::into_owned).unwrap_or_default();
        match self.accepted(json) {
            Ok(span) => self.decoded.spans.push(span),
            Err(why) => self.decoded.refused.span(why, &name),
        }
    }

    fn accepted(&mut self, json: SpanJson<'_>) -> Result<Span, RefusalReason> {
        let Converted { mut span, resource, scope } = converted(json)?;
        span.origin = self.origin(resource, scope)?;
        let bytes = otlp_out::span_len(&span);
        match bytes > MAX_SPAN_BYTES {
            true => Err(RefusalReason::TooLarge { bytes }),
            false => Ok(span),
        }
    }

    /// The origin that all spans of this body with `resource` and `scope` share.
    fn origin(&mut self, resource: Resource, scope: Scope) -> Result<Arc<Origin>, RefusalReason> {
        let collector = self.recogniser.collector(&resource, &scope);
        let origin = Origin { resource, scope, collector };
        if let Some(known) = self.origins.get(&origin) {
            return Ok(known.clone());
        }
        let bytes = otlp_out::origin_len(&origin);
        if bytes > MAX_ORIGIN_BYTES {
            return Err(RefusalReason::OriginTooLarge { bytes });
        }
        let origin = Arc::new(origin);
        self.origins.insert(origin.clone());
        Ok(origin)
    }
}

/// Reads an array of lists of spans.
pub(super) struct Traces<'a, 'r>(pub &'a mut Intake<'r>);

impl<'de> Visitor<'de> for Traces<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of traces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut traces: A) -> Result<(), A::Error> {
        while traces.next_element_seed(&mut *self.0)?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Intake<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Intake<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of Zipkin v2 spans")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut spans: A) -> Result<(), A::Error> {
        while let Some(span) = spans.next_element::<SpanJson<'_>>()? {
            self.take(span);
        }
        Ok(())
    }
}
