//! A frame: one commit in a log, with a header and a payload.
//!
//! The header has a mark (four bytes), the payload's length, a CRC-32 of everything after it, the
//! receipt of the first row, and the number of rows; little-endian. The mark lets a reader find the
//! next frame after a damaged one. The CRC is seeded with a random number of the log, so that no
//! content of a span can pass for a frame.

use std::io;

/// The receipts of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Receipts {
    /// The receipt of the first row; of the next row, if the commit has none.
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
/// The largest payload. Writers refuse a larger one; readers take it for damage.
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

/// The offset in `bytes` of the next complete, valid frame.
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
