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
use super::{DecodeError, Decoded, MAX_SPAN_BYTES, Why, plain, refused, value};

pub(super) fn decode(body: &[u8], recogniser: &Recogniser) -> Result<Decoded, DecodeError> {
    let reader = Reader { body };
    let (mut intake, mut origins) = (Intake::default(), Origins::new(recogniser, body.len()));
    for field in reader.fields(body, REQUEST) {
        if let (1, resource_spans) = field? {
            reader.resource_spans(resource_spans, &mut origins, &mut intake)?;
        }
    }
    Ok(intake.decoded)
}

/// One of the outer messages, whose fields from 1 to `last_field` all have a length.
#[derive(Clone, Copy)]
struct Outer {
    name: &'static str,
    last_field: usize,
}

const REQUEST: Outer = Outer { name: "ExportTraceServiceRequest", last_field: 1 };
const RESOURCE_SPANS: Outer = Outer { name: "ResourceSpans", last_field: 3 };
const SCOPE_SPANS: Outer = Outer { name: "ScopeSpans", last_field: 3 };

struct Reader<'a> {
    body: &'a [u8],
}

/// The fields of one message that have a length: number and bytes. Others are stepped over.
struct Fields<'a> {
    reader: &'a Reader<'a>,
    message: Outer,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn fields(&'a self, bytes: &'a [u8], message: Outer) -> Fields<'a> {
        Fields { reader: self, message, rest: bytes }
    }

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

    fn merge(
        &self,
        into: &mut impl Message,
        bytes: &[u8],
        message: &'static str,
    ) -> Result<(), DecodeError> {
        into.merge(bytes).map_err(|error| self.error(message, bytes, what(&error)))
    }

    fn text(&self, bytes: &[u8], message: &'static str) -> Result<String, DecodeError> {
        let text = str::from_utf8(bytes);
        text.map(str::to_owned)
            .map_err(|error| self.error(message, bytes, format!("schema_url: {error}")))
    }

    fn error(&self, message: &'static str, at: &[u8], what: String) -> DecodeError {
        let offset = at.as_ptr().addr().saturating_sub(self.body.as_ptr().addr());
        DecodeError::Protobuf { message, offset, what }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(usize, &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let start = self.rest;
            match self.field() {
                Ok(Some(field)) => return Some(Ok(field)),
                Ok(None) => {}
                Err(what) => {
                    self.rest = &[];
                    return Some(Err(self.reader.error(self.message.name, start, what)));
                }
            }
        }
        None
    }
}

impl<'a> Fields<'a> {
    /// Steps over one field; `None` if it has no length.
    ///
    /// Source: protobuf.dev, "Encoding": a key is a varint of number and wire type.
    fn field(&mut self) -> Result<Option<(usize, &'a [u8])>, String> {
        let key = self.varint()?;
        match (key >> 3, key & 7) {
            (0, _) => return Err("field number 0".to_owned()),
            (number, 2) => {
                let length = self.varint()?;
                return Ok(Some((number, self.bytes(length)?)));
            }
            (number, other) if number <= self.message.last_field => {
                return Err(format!("field {number} has wire type {other}, expected 2"));
            }
            (_, 0) => drop(self.varint()?),
            (_, 1) => drop(self.bytes(8)?),
            (_, 5) => drop(self.bytes(4)?),
            (number, other) => return Err(format!("field {number} has wire type {other}")),
        }
        Ok(None)
    }

    fn varint(&mut self) -> Result<usize, String> {
        prost::decode_length_delimiter(&mut self.rest).map_err(|error| what(&error))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], String> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(format!("{length} bytes announced, {} left", self.rest.len()));
        };
        self.rest = rest;
        Ok(bytes)
    }
}

/// How prost words that there are more than 100 messages in each other.
const TOO_DEEP: &str = "recursion limit reached";

/// prost's reason without its preamble; without the path, too, where that is a hundred steps long.
fn what(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    if text.ends_with(TOO_DEEP) {
        return TOO_DEEP.to_owned();
    }
    refused::bounded(text.strip_prefix("failed to decode Protobuf message: ").unwrap_or(&text))
}
