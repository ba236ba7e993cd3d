//! Reads a file of spans in any of the formats that tracing systems write.

mod json;
mod protobuf;
#[cfg(test)]
mod tests;

use std::fmt;

use coral_trace::{Recogniser, Span};

use crate::otlp::DecodeError;
use crate::otlp_in::DecodedSpans;
use crate::refusal::RefusedSpans;

/// The format of a file of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileFormat {
    /// OTLP in JSON: one object, or one object after another, as a file exporter writes them.
    OtlpJson,
    /// OTLP in protobuf: one message, or messages with their lengths before them.
    OtlpProtobuf,
    /// The JSON of Jaeger's user interface.
    Jaeger,
    /// The JSON of Zipkin's v2 API: an array of spans, or of traces.
    Zipkin,
}

/// The spans of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceFile {
    /// The format that was found.
    pub format: FileFormat,
    /// The spans, in the order of the file.
    pub spans: Vec<Span>,
    /// The spans that cannot be read, with reasons.
    pub refused: RefusedSpans,
}

/// Why a file cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileError {
    /// The file has nothing.
    #[error("the file is empty")]
    Empty,
    /// The file is JSON of another kind, or no JSON and no protobuf of OTLP.
    #[error("the file is none of OTLP (JSON, protobuf), Jaeger JSON and Zipkin JSON")]
    Unknown,
    /// The file ends before the end of one of its messages.
    #[error(
        "the file is cut: it has {messages} whole messages, and the last one lacks {missing} bytes"
    )]
    Cut {
        /// The number of whole messages.
        messages: usize,
        /// The number of bytes that the last message lacks.
        missing: usize,
    },
    /// The file begins like one of that format.
    #[error("the file is not valid {format}")]
    Invalid {
        /// The format.
        format: FileFormat,
        /// What is wrong.
        source: DecodeError,
    },
}

/// Detects the format of `bytes`, and decodes them.
///
/// # Errors
/// [`FileError`] if the file as a whole cannot be read.
pub fn read(bytes: &[u8]) -> Result<TraceFile, FileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        None => Err(FileError::Empty),
        // Blanks at the beginning stay, because errors have the number of a line.
        Some(b'{' | b'[') => json::read(bytes.trim_ascii_end()),
        Some(_) => protobuf::read(bytes),
    }
}

/// Only a user's own rules tell collectors apart by more than the built-in ones, and the agent that
/// is sent the spans has them.
fn recogniser() -> Recogniser {
    Recogniser::default()
}

impl TraceFile {
    fn new(format: FileFormat) -> Self {
        Self { format, spans: Vec::new(), refused: RefusedSpans::default() }
    }

    fn add(&mut self, decoded: Result<DecodedSpans, DecodeError>) -> Result<(), FileError> {
        let format = self.format;
        let DecodedSpans { spans, refused } =
            decoded.map_err(|source| FileError::Invalid { format, source })?;
        self.spans.extend(spans);
        self.refused.add(refused);
        Ok(())
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtlpJson => "OTLP JSON",
            Self::OtlpProtobuf => "OTLP protobuf",
            Self::Jaeger => "Jaeger JSON",
            Self::Zipkin => "Zipkin JSON",
        })
    }
}
