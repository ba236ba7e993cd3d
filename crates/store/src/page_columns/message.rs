//! The rows of a page as one Arrow IPC message: a record batch without compression.
//!
//! Arrow's reader checks the values of columns, and trusts where the message says that they are. So
//! the places are checked here first: nothing of the message may be unused, and every buffer has
//! the size that its column needs.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_buffer::Buffer;
use arrow_ipc::reader::read_record_batch;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{MetadataVersion, root_as_message};
use arrow_schema::{DataType, Field};

use crate::page_columns::layout::{PAGE_SCHEMA, width};

/// The mark before a message's length.
const MARK: [u8; 4] = [0xff; 4];
/// Mark and length.
const HEAD: usize = 8;
/// Each buffer begins at a multiple of this, in bytes.
const ALIGNMENT: usize = 8;

/// Encodes rows of [`PAGE_SCHEMA`].
pub(super) fn encode(rows: &RecordBatch, capacity: usize) -> Vec<u8> {
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5);
    let mut writer = options
        .and_then(|options| StreamWriter::try_new_with_options(Vec::new(), &PAGE_SCHEMA, options))
        .expect("memory takes a schema");
    // The schema message is not sent.
    *writer.get_mut() = Vec::with_capacity(capacity);
    writer.write(rows).expect("memory takes rows of the schema");
    std::mem::take(writer.get_mut())
}

/// Decodes rows of [`PAGE_SCHEMA`]: at least one. The message is not copied, if it is aligned.
///
/// # Errors
/// The reason, when `message` was not written by [`encode`].
pub(super) fn decode(message: Vec<u8>) -> Result<RecordBatch, String> {
    let bytes = Buffer::from(message);
    let (head, rest) = bytes.split_at_checked(HEAD).ok_or("it is too short")?;
    let (mark, length) = head.split_at(MARK.len());
    let length = length.try_into().map_or(0, u32::from_le_bytes) as usize;
    if mark != MARK || !length.is_multiple_of(ALIGNMENT) {
        return Err("it is not an Arrow IPC message".to_owned());
    }
    let (metadata, body) = rest.split_at_checked(length).ok_or("its metadata are cut")?;
    let message = root_as_message(metadata).map_err(|error| format!("its metadata: {error}"))?;
    let is_body_whole = usize::try_from(message.bodyLength()) == Ok(body.len());
    if message.version() != MetadataVersion::V5 || !is_body_whole {
        return Err("it has another version, or is cut".to_owned());
    }
    let batch = message.header_as_record_batch().ok_or("it is no record batch")?;
    check_places(&batch, body)?;
    let body = bytes.slice(HEAD + length);
    let (schema, no_dictionaries) = (PAGE_SCHEMA.clone(), HashMap::new());
    let rows = read_record_batch(&body, batch, schema, &no_dictionaries, None, &message.version())
        .map_err(|error| error.to_string())?;
    check_texts(&rows)?;
    Ok(rows)
}

/// Checks that the buffers of `batch` follow each other, fill `body`, and are as long as their
/// columns need.
fn check_places(batch: &arrow_ipc::RecordBatch<'_>, body: &[u8]) -> Result<(), String> {
    if batch.compression().is_some() || batch.variadicBufferCounts().is_some() {
        return Err("it is compressed".to_owned());
    }
    let rows = usize::try_from(batch.length()).map_err(|_| "it has a negative length")?;
    if rows == 0 || rows > body.len() {
        return Err(format!("it cannot have {rows} rows"));
    }
    let nodes = batch.nodes().ok_or("it has no columns")?;
    if nodes.len() != PAGE_SCHEMA.fields().len() {
        return Err("it has too many or too few columns".to_owned());
    }
    let mut buffers = Buffers { left: batch.buffers().ok_or("it has no buffers")?.iter(), end: 0 };
    for (field, node) in PAGE_SCHEMA.fields().iter().zip(nodes) {
        let nulls = usize::try_from(node.null_count());
        let is_node_of_rows = usize::try_from(node.length()) == Ok(rows);
        if !is_node_of_rows || !nulls.is_ok_and(|nulls| nulls <= rows) {
            return Err(format!("column `{}` has another length", field.name()));
        }
        let wrong = |what| format!("column `{}` has {what} of another size", field.name());
        let validity = buffers.next()?;
        if validity.len() != rows.div_ceil(8) && !(validity.is_empty() && nulls == Ok(0)) {
            return Err(wrong("a bitmap"));
        }
        let values = buffers.next()?;
        let is_whole = match field.data_type() {
            DataType::Utf8 => {
                let last = body.get(values.clone()).and_then(|offsets| offsets.last_chunk::<4>());
                let texts = last.map(|last| u32::from_le_bytes(*last) as usize);
                values.len() == (rows + 1) * size_of::<i32>()
                    && Some(buffers.next()?.len()) == texts
            }
            of => values.len() == rows * width(of),
        };
        if !is_whole {
            return Err(wrong("values"));
        }
    }
    match buffers.left.next() {
        None if buffers.end == body.len() => Ok(()),
        _ => Err("it has bytes of no column".to_owned()),
    }
}

/// The buffers that are still to be checked. Each must begin where the one before it ends.
struct Buffers<I> {
    left: I,
    end: usize,
}

impl<'a, I: Iterator<Item = &'a arrow_ipc::Buffer>> Buffers<I> {
    fn next(&mut self) -> Result<std::ops::Range<usize>, String> {
        let buffer = self.left.next().ok_or("it has too few buffers")?;
        let (begin, length) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length()));
        let (Ok(begin), Ok(length)) = (begin, length) else {
            return Err("it has a negative place".to_owned());
        };
        let end = begin.checked_add(length).and_then(|end| end.checked_next_multiple_of(ALIGNMENT));
        match end {
            Some(end) if begin == self.end && end <= u32::MAX as usize => {
                self.end = end;
                Ok(begin..begin + length)
            }
            _ => Err("its buffers overlap or leave gaps".to_owned()),
        }
    }
}

/// Checks that the texts of each column begin at 0, so that no text is unused.
fn check_texts(rows: &RecordBatch) -> Result<(), String> {
    let begins_later = |field: &Field| {
        let column = rows.column_by_name(field.name());
        let texts = column.and_then(|column| column.as_string_opt::<i32>());
        texts.is_some_and(|texts| texts.value_offsets().first() != Some(&0))
    };
    match rows.schema_ref().fields().iter().find(|field| begins_later(field)) {
        Some(field) => Err(format!("column `{}` has unused texts", field.name())),
        None if rows.num_rows() > 0 => Ok(()),
        None => Err("it has no rows".to_owned()),
    }
}
