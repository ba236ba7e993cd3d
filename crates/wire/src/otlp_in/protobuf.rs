//! Reads an export span by span.
//!
//! Decoding the whole request at once would give 300 bytes to each `12 00` in a hostile body, and
//! lose 4096 spans for a bad byte in one. So the three outer messages are walked here, and prost
//! decodes the resources, scopes and spans in them, but for what [`plain`] can.

use coral_trace::{Attributes, Recogniser, Resource, Scope};
use opentelemetry_proto::tonic::{
    common::v1 as common, resource::v1 as resource, trace::v1 as trace,
};
use prost::Message;

use super::intake::{Intake, Origins};
use super::{DecodeError, Decoded, MAX_SPAN_BYTES, Why, plain, value};
use crate::fields::{Outer, Reader, TOO_DEEP, what};

pub(super) fn decode(body: &[u8], recogniser: &Recogniser) -> Result<Decoded, DecodeError> {
    let reader = Reader::new(body);
    let (mut intake, mut origins) = (Intake::default(), Origins::new(recogniser, body.len()));
    for field in reader.fields(body, REQUEST) {
        if let (1, resource_spans) = field? {
            reader.resource_spans(resource_spans, &mut origins, &mut intake)?;
        }
    }
    Ok(intake.decoded)
}

const REQUEST: Outer = Outer { name: "ExportTraceServiceRequest", last_field: 1 };
const RESOURCE_SPANS: Outer = Outer { name: "ResourceSpans", last_field: 3 };
const SCOPE_SPANS: Outer = Outer { name: "ScopeSpans", last_field: 3 };

impl<'a> Reader<'a> {
    /// Twice through the fields, since the resource may stand behind what it is about.
    fn resource_spans(
        &'a self,
        bytes: &'a [u8],
        origins: &mut Origins<'_>,
        intake: &mut Intake,
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
        intake: &mut Intake,
    ) -> Result<(), DecodeError> {
        let origin = origins.origin(self.scope(bytes)?);
        let mut scratch = Vec::new();
        for field in self.fields(bytes, SCOPE_SPANS) {
            if let (2, span) = field? {
                match self.span(span, &mut scratch) {
                    Ok(decoded) => intake.take(decoded, span.len(), &origin),
                    Err(why) => intake.refuse(why),
                }
            }
        }
        Ok(())
    }

    fn resource(&'a self, bytes: &'a [u8]) -> Result<Result<Resource, Why>, DecodeError> {
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

    fn scope(&'a self, bytes: &'a [u8]) -> Result<Result<Scope, Why>, DecodeError> {
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

    /// Not even looked into when it is too long, so its name stays unknown.
    fn span(
        &self,
        bytes: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Result<(trace::Span, Option<Attributes>), Why> {
        if bytes.len() > MAX_SPAN_BYTES {
            return Err(Why::TooLarge { bytes: bytes.len() });
        }
        if let Some((span, attributes)) = plain::span(bytes, scratch) {
            return Ok((span, Some(attributes)));
        }
        trace::Span::decode(bytes).map(|span| (span, None)).map_err(|error| match what(&error) {
            deep if deep == TOO_DEEP => Why::TooDeep { of: "its" },
            what => Why::Malformed(what),
        })
    }
}
