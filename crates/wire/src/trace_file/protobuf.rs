//! Files in protobuf.
//!
//! The OpenTelemetry Collector's file exporter writes the length of each message before it, in four
//! bytes, the largest first. Other programs write the length as a varint.

use prost::encoding::decode_varint;

use super::{FileError, FileFormat, TraceFile, recogniser};
use crate::otlp::{DecodeError, Encoding};
use crate::otlp_in;

pub(super) fn read(bytes: &[u8]) -> Result<TraceFile, FileError> {
    if let Some(messages) = messages(bytes, four_bytes) {
        return decoded(&messages);
    }
    match decoded(&[bytes]) {
        Err(FileError::Invalid { source, .. }) => match messages(bytes, varint) {
            Some(messages) => decoded(&messages),
            // A file of another kind begins with another field.
            None if bytes.first() != Some(&ONLY_FIELD) => Err(FileError::Unknown),
            None => Err(invalid(source)),
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

/// The messages of `bytes`, if each begins with its length, as `length` reads it, and all of them are
/// all of `bytes`.
fn messages(mut bytes: &[u8], length: ReadLength) -> Option<Vec<&[u8]>> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = length(bytes)?;
        let (message, rest) = rest.split_at_checked(length)?;
        if message.first().is_some_and(|first| *first != ONLY_FIELD) {
            return None;
        }
        messages.push(message);
        bytes = rest;
    }
    Some(messages)
}

fn four_bytes(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*length) as usize, rest))
}

fn varint(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = decode_varint(&mut bytes).ok()?;
    Some((usize::try_from(length).ok()?, bytes))
}
