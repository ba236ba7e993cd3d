//! Walks the outer messages of a body, field by field.
//!
//! If prost decoded the whole request, each empty message in a hostile body (the bytes `12 00`)
//! would allocate 300 bytes, and one invalid byte would refuse everything in the request.

use prost::Message;

use crate::otlp::DecodeError;
use crate::refusal::bounded;

/// An outer message, whose fields from 1 to `last_field` are all length-delimited.
#[derive(Clone, Copy)]
pub(crate) struct Outer {
    pub name: &'static str,
    pub last_field: usize,
}

/// Reads the outer messages of one body. Keeps the body, to find the offsets of errors.
pub(crate) struct Reader<'a> {
    body: &'a [u8],
}

/// Iterates over the length-delimited fields of a message: number and bytes. Other fields are
/// skipped.
pub(crate) struct Fields<'a> {
    reader: &'a Reader<'a>,
    message: Outer,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of `body`.
    pub fn new(body: &'a [u8]) -> Self {
        Self { body }
    }

    /// The fields of `message`, which has these `bytes`.
    pub fn fields(&'a self, bytes: &'a [u8], message: Outer) -> Fields<'a> {
        Fields { reader: self, message, rest: bytes }
    }

    pub fn merge(
        &self,
        into: &mut impl Message,
        bytes: &[u8],
        message: &'static str,
    ) -> Result<(), DecodeError> {
        into.merge(bytes).map_err(|error| self.error(message, bytes, what(&error)))
    }

    pub fn text(&self, bytes: &[u8], message: &'static str) -> Result<String, DecodeError> {
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
    /// Reads one field; `None` if it is not length-delimited.
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

/// prost's error text for more than 100 nested messages.
pub(crate) const TOO_DEEP: &str = "recursion limit reached";

/// prost's error text without its preamble, shortened. If the message is nested too deep,
/// [`TOO_DEEP`] without the very long path.
pub(crate) fn what(error: &prost::DecodeError) -> String {
    let text = error.to_string();
    if text.ends_with(TOO_DEEP) {
        return TOO_DEEP.to_owned();
    }
    bounded(text.strip_prefix("failed to decode Protobuf message: ").unwrap_or(&text))
}
