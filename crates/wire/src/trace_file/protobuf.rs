//! Files in protobuf.
//!
//! The OpenTelemetry Collector's file exporter writes the length of each message before it, in four
//! bytes, the largest first. Other programs write the length as a varint.

use prost::encoding::decode_varint;

use super::{FileError, FileFormat, TraceFile, recogniser};
use crate::otlp::{DecodeError, Encoding};
use crate::otlp_in;

pub(super) fn read(bytes: &[u8]) -> Result<TraceFile, FileError> {
    match messages(bytes, four_bytes) {
        Framed::Whole(messages) => return decoded(&messages),
        // A message without a length begins with its field, as a length of 160 MiB would.
        Framed::Cut { messages, missing } if bytes.first() != Some(&ONLY_FIELD) => {
            return Err(FileError::Cut { messages, missing });
        }
        Framed::Cut { .. } | Framed::Otherwise => {}
    }
    match decoded(&[bytes]) {
        Err(FileError::Invalid { source, .. }) => match messages(bytes, varint) {
            Framed::Whole(messages) => decoded(&messages),
            Framed::Cut { messages, missing } if messages > 0 => {
                Err(FileError::Cut { messages, missing })
            }
            // A file of another kind begins with another field.
            _ if bytes.first() != Some(&ONLY_FIELD) => Err(FileError::Unknown),
            _ => Err(invalid(source)),
        },
        read => read,
    }
}

/// The first byte of an `ExportTraceServiceRequest`: its only field, of length-delimited type.
const ONLY_FIELD: u8 = 1 << 3 | 2;

fn decoded(messages: &[&[u8]]) -> Result<TraceFile, FileError> {
    let mut file = TraceFile::new(FileFormat::OtlpProtobuf);
    for message in messages {
        file.add(otlp_in::decode(message, Encoding::Protobuf, &recogniser()))?;
    }
    Ok(file)
}

fn invalid(source: DecodeError) -> FileError {
    FileError::Invalid { format: FileFormat::OtlpProtobuf, source }
}

/// Reads the length of a message from the first bytes, and returns the rest.
type ReadLength = fn(&[u8]) -> Option<(usize, &[u8])>;

/// What `bytes` are, if each message begins with its length.
enum Framed<'a> {
    /// These messages, and nothing else.
    Whole(Vec<&'a [u8]>),
    /// So many messages, and the beginning of another one.
    Cut { messages: usize, missing: usize },
    /// Something else.
    Otherwise,
}

/// Splits `bytes` into messages, each of which begins with its length, as `length` reads it.
fn messages(mut bytes: &[u8], length: ReadLength) -> Framed<'_> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let Some((length, rest)) = length(bytes) else { return Framed::Otherwise };
        if length > 0 && rest.first().is_some_and(|first| *first != ONLY_FIELD) {
            return Framed::Otherwise;
        }
        let Some((message, after)) = rest.split_at_checked(length) else {
            return Framed::Cut { messages: messages.len(), missing: length - rest.len() };
        };
        messages.push(message);
        bytes = after;
    }
    Framed::Whole(messages)
}

fn four_bytes(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*length) as usize, rest))
}

fn varint(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = decode_varint(&mut bytes).ok()?;
    Some((usize::try_from(length).ok()?, bytes))
}
