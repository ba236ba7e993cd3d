//! Decodes an export span by span.
//!
//! If prost decoded the whole request, each empty span in a hostile body (the bytes `12 00`) would
//! allocate 300 bytes, and one invalid byte would refuse every span of the request. So the three
//! outer messages are walked here. Prost decodes their resources, scopes and spans, except what
//! [`FastSpans`] can decode.

use coral_trace::{Recogniser, Resource, Scope};
use opentelemetry_proto::tonic::{
    common::v1 as common, resource::v1 as resource, trace::v1 as trace,
};
use prost::Message;

use super::fast_path::FastSpans;
use super::fields::SpanFields;
use super::intake::{Intake, Origins};
use crate::otlp::{DecodeError, MAX_SPAN_BYTES};
use crate::otlp_protobuf::fields::{Outer, Reader, TOO_DEEP, what};
use crate::otlp_protobuf::value;
use crate::refusal::RefusalReason;

pub(super) fn decode(
    body: &[u8],
    recogniser: &Recogniser,
    intake: &mut Intake<'_>,
) -> Result<(), DecodeError> {
    let reader = Reader::new(body);
    let mut origins = Origins::new(recogniser, body.len());
    for field in reader.fields(body, REQUEST) {
        if let (1, resource_spans) = field? {
            reader.resource_spans(resource_spans, &mut origins, intake)?;
        }
    }
    Ok(())
}

const REQUEST: Outer = Outer { name: "ExportTraceServiceRequest", last_field: 1 };
const RESOURCE_SPANS: Outer = Outer { name: "ResourceSpans", last_field: 3 };
const SCOPE_SPANS: Outer = Outer { name: "ScopeSpans", last_field: 3 };

impl<'a> Reader<'a> {
    /// Decodes one `ResourceSpans`. Walks its fields twice, because the resource may follow its
    /// spans.
    fn resource_spans(
        &'a self,
        bytes: &'a [u8],
        origins: &mut Origins<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), DecodeError> {
        origins.enter(self.resource(bytes)?);
        for field in self.fields(bytes, RESOURCE_SPANS) {
            if let (2, scope_spans) = field? {
                self.scope_spans(scope_spans, origins, intake)?;
            }
        }
        Ok(())
    }

    fn scope_spans(
        &'a self,
        bytes: &'a [u8],
        origins: &mut Origins<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), DecodeError> {
        let origin = origins.origin(self.scope(bytes)?);
        let mut fast = FastSpans::new();
        for field in self.fields(bytes, SCOPE_SPANS) {
            if let (2, span) = field? {
                // A span that is too long is refused without being decoded, so its name is unknown.
                if span.len() > MAX_SPAN_BYTES {
                    intake.refuse(RefusalReason::TooLarge { bytes: span.len() });
                } else if let Some(decoded) = fast.span(span, &mut intake.texts) {
                    intake.take(decoded, span.len(), &origin);
                } else {
                    match decode_span(span) {
                        Ok(mut decoded) => {
                            intake.take(SpanFields::of(&mut decoded), span.len(), &origin);
                        }
                        Err(why) => intake.refuse(why),
                    }
                }
            }
        }
        Ok(())
    }

    fn resource(&'a self, bytes: &'a [u8]) -> Result<Result<Resource, RefusalReason>, DecodeError> {
        let (mut resource, mut schema_url) = (resource::Resource::default(), String::new());
        for field in self.fields(bytes, RESOURCE_SPANS) {
            match field? {
                (1, field) => self.merge(&mut resource, field, "Resource")?,
                (3, field) => schema_url = self.text(field, RESOURCE_SPANS.name)?,
                _ => {}
            }
        }
        Ok(value::resource(Some(resource), schema_url))
    }

    fn scope(&'a self, bytes: &'a [u8]) -> Result<Result<Scope, RefusalReason>, DecodeError> {
        let (mut scope, mut schema_url) = (common::InstrumentationScope::default(), String::new());
        for field in self.fields(bytes, SCOPE_SPANS) {
            match field? {
                (1, field) => self.merge(&mut scope, field, "InstrumentationScope")?,
                (3, field) => schema_url = self.text(field, SCOPE_SPANS.name)?,
                _ => {}
            }
        }
        Ok(value::scope(Some(scope), schema_url))
    }
}

/// Decodes one span with prost.
fn decode_span(bytes: &[u8]) -> Result<trace::Span, RefusalReason> {
    trace::Span::decode(bytes).map_err(|error| match what(&error) {
        deep if deep == TOO_DEEP => RefusalReason::TooDeep { of: "its" },
        what => RefusalReason::Malformed(what),
    })
}
