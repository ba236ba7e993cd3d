//! A frame: one commit in a log, with a header and a payload.
//!
//! The header has 24 bytes, little-endian: a mark (4 bytes), the payload's length (4), a CRC-32
//! (4), the receipt of the first row (8), and the number of rows (4). The CRC covers the receipt,
//! the number of rows and the payload. Its seed is a random number of the log, so that no content
//! of a span can pass for a frame. The mark lets a reader find the next frame after a damaged one.

use std::io;

/// The receipts of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Receipts {
    /// The receipt of the commit's first row. If the commit has no rows: the receipt that the next
    /// row will get.
    pub(crate) first: u64,
    /// The number of rows, each with one receipt.
    pub(crate) rows: u32,
}

/// A frame that was read.
pub(crate) struct Frame {
    pub(crate) receipts: Receipts,
    pub(crate) payload: Vec<u8>,
}

const MARK: [u8; 4] = *b"\xc0frm";
const HEAD: usize = 24;
const CHECKED_FROM: usize = 12;
/// The largest payload, in bytes. Writers refuse a larger payload. Readers treat a frame with a
/// larger length as damaged.
pub(super) const MAX_PAYLOAD_BYTES: usize = 1 << 30;

impl Receipts {
    /// The receipt after the commit's last row.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.rows)
    }
}

/// Encodes a frame. `write` appends the payload.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] when the payload is larger than [`MAX_PAYLOAD_BYTES`].
pub(super) fn encode(
    seed: u32,
    receipts: Receipts,
    capacity: usize,
    write: impl FnOnce(&mut Vec<u8>),
) -> io::Result<Vec<u8>> {
    let mut frame = Vec::with_capacity(HEAD + capacity);
    frame.extend(MARK);
    frame.extend([0; CHECKED_FROM - MARK.len()]);
    frame.extend(receipts.first.to_le_bytes());
    frame.extend(receipts.rows.to_le_bytes());
    write(&mut frame);
    let length = frame.len() - HEAD;
    if length > MAX_PAYLOAD_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("a commit of {length} bytes is larger than a log's frame may be"),
        ));
    }
    let checksum = checksum(seed, &[&frame[CHECKED_FROM..]]);
    frame[4..8].copy_from_slice(&(length as u32).to_le_bytes());
    frame[8..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
    Ok(frame)
}

/// The frame at the start of `bytes`, and its length; `None` if there is no complete, valid frame.
pub(super) fn decode(seed: u32, bytes: &[u8]) -> Option<(Frame, usize)> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let word = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or(0);
    let length = word(4) as usize;
    if head[..4] != MARK || length > MAX_PAYLOAD_BYTES || length > rest.len() {
        return None;
    }
    if checksum(seed, &[&head[CHECKED_FROM..], &rest[..length]]) != word(8) {
        return None;
    }
    let first = u64::from(word(12)) | u64::from(word(16)) << 32;
    let receipts = Receipts { first, rows: word(20) };
    Some((Frame { receipts, payload: rest[..length].to_vec() }, HEAD + length))
}

/// The receipts that the frames in `bytes` name, as far as they follow each other; `None` if there
/// is no frame. For a log whose seed is lost, so that no checksum can be verified.
pub(super) fn receipts_named(bytes: &[u8]) -> Option<Receipts> {
    let mut named: Option<Receipts> = None;
    let mut rest = bytes;
    while let Some((head, after)) = rest.split_at_checked(HEAD)
        && head[..4] == MARK
    {
        let word = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or(0);
        let first = u64::from(word(12)) | u64::from(word(16)) << 32;
        let known = named.unwrap_or(Receipts { first, rows: 0 });
        let Some(rows) = known.rows.checked_add(word(20)) else { break };
        let is_next = first == known.next() && known.first.checked_add(rows.into()).is_some();
        if !is_next || word(4) as usize > after.len() {
            break;
        }
        named = Some(Receipts { first: known.first, rows });
        rest = &after[word(4) as usize..];
    }
    named
}

/// The offset in `bytes` of the first complete, valid frame.
pub(super) fn find(seed: u32, bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(MARK.len()).position(|mark| mark == MARK) {
        if decode(seed, &bytes[from + at..]).is_some() {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn checksum(seed: u32, parts: &[&[u8]]) -> u32 {
    let mut checksum = crc32fast::Hasher::new_with_initial(seed);
    parts.iter().for_each(|part| checksum.update(part));
    checksum.finalize()
}
