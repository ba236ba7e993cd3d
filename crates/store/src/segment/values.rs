//! Which texts each row group of a segment has in its text columns and in the attributes of its
//! resources: a Bloom filter in a file of its own, of which a search reads a block of 64 bytes per
//! text and row group. So a search for a rare text costs about as much as the row groups that have
//! it.
//!
//! The filter repeats what the spans file says. Without it, or if a block is damaged, every text may
//! be in the row group.

use std::fs::File;
use std::io;
use std::path::Path;

use coral_engine::Budget;
use coral_trace::Value;
use hashbrown::{HashMap, HashSet};

use super::Segment;
use crate::disk;
use crate::error::StoreError;
use coral_record::promoted;
use coral_record::read_resource_attributes;

/// A text that a filter tells about, by its hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct StoredText(u64);

/// Text columns besides those of attributes.
const OTHER_COLUMNS: [&str; 1] = ["span_name"];
/// The first bytes of the file; the last of them is the version.
const MAGIC: [u8; 8] = *b"coralva\x01";
/// Those bytes, then the size of the spans file in bytes: another size means another segment.
const HEAD_BYTES: usize = MAGIC.len() + 8;
/// A block: its bits, and their checksum.
const BLOCK_BYTES: usize = 64;
const BIT_BYTES: usize = BLOCK_BYTES - 4;
/// Bits per text. The false-positive rate is about 1 in 50.
const BITS_PER_TEXT: usize = 8;
/// Bits that are set for each text.
const PROBES: u64 = 5;
/// The most blocks, together 2 MiB. A segment with more texts than fit has more false positives.
const MAX_BLOCKS: usize = 32_768;

impl StoredText {
    /// `text` in the text column `column`.
    pub(crate) fn in_column(column: &str, text: &str) -> Self {
        Self::of(0, column, text)
    }

    /// The attribute `key` of a resource, whose value is shown as `text` or is a list with it.
    pub(crate) fn in_resource(key: &str, text: &str) -> Self {
        Self::of(1, key, text)
    }

    /// FNV-1a. The hash must not change, because bits are stored.
    fn of(kind: u8, name: &str, text: &str) -> Self {
        let bytes = [kind].into_iter().chain(name.bytes()).chain([0xff]).chain(text.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// The text in row group `group`.
    fn in_group(self, group: usize) -> Self {
        Self(mixed(self.0 ^ (group as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// The block of a file of `blocks` blocks.
    fn block(self, blocks: usize) -> usize {
        ((u128::from(self.0) * blocks as u128) >> 64) as usize
    }

    /// The bits in the block, as bytes and masks.
    fn bits(self) -> impl Iterator<Item = (usize, u8)> {
        let (first, step) = (self.0 & 0xffff_ffff, self.0.rotate_left(17) | 1);
        (0..PROBES).map(move |probe| {
            let bit = first.wrapping_add(probe.wrapping_mul(step)) % (8 * BIT_BYTES as u64);
            (bit as usize / 8, 1 << (bit % 8))
        })
    }
}

/// Reads the filter of one segment.
pub(crate) struct TextFilter<'a> {
    segment: &'a Segment,
    /// The file; `None` if the segment has no filter.
    file: Option<File>,
    blocks: usize,
}

impl TextFilter<'_> {
    /// Whether the segment has a filter. Without one, every row group may have every text.
    pub(crate) fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Whether row group `group` may have one of `texts`. `false` is certain.
    pub(crate) fn may_have_any(&self, group: usize, texts: &[StoredText]) -> bool {
        let Some(file) = &self.file else { return true };
        let mut block = [0; BLOCK_BYTES];
        for text in texts.iter().map(|text| text.in_group(group)) {
            let at = HEAD_BYTES + text.block(self.blocks) * BLOCK_BYTES;
            if let Err(error) = disk::read_exact_at(file, &mut block, at as u64) {
                self.segment.warn_of_values(&error);
                return true;
            }
            let (bits, checksum) = block.split_at(BIT_BYTES);
            let is_intact = crc32fast::hash(bits).to_le_bytes() == checksum;
            if !is_intact || text.bits().all(|(byte, mask)| bits[byte] & mask != 0) {
                return true;
            }
        }
        false
    }
}

impl Segment {
    /// Opens the filter of texts.
    pub(crate) fn text_filter(&self) -> TextFilter<'_> {
        let opened = self.values_bytes.map(|bytes| (bytes, disk::open(&self.files.values)));
        let (file, blocks) = match opened {
            Some((bytes, Ok(file))) => (Some(file), (bytes as usize - HEAD_BYTES) / BLOCK_BYTES),
            Some((_, Err(error))) => {
                self.warn_of_values(&error);
                (None, 0)
            }
            None => (None, 0),
        };
        TextFilter { segment: self, file, blocks }
    }

    fn warn_of_values(&self, error: &io::Error) {
        let file = self.files.values.display();
        tracing::warn!(%error, %file, "could not read the filter of a segment's texts; searches read more of it");
    }

    /// Writes the filter of the segment's texts. An error leaves the segment without one.
    pub(super) fn write_values(&mut self) {
        if let Err(error) = self.try_write_values() {
            let (error, file) = (crate::error::chain(&error), self.files.values.display());
            tracing::warn!(error, %file, "could not read the texts of a segment for a filter");
        }
    }

    /// As [`write_values`](Self::write_values).
    ///
    /// # Errors
    /// [`StoreError`] when the segment cannot be read.
    pub(super) fn try_write_values(&mut self) -> Result<(), StoreError> {
        let file = self.files.values.clone();
        self.file_bytes -= self.values_bytes.take().unwrap_or_default();
        let spans_bytes = std::fs::metadata(&self.files.spans).map_or(0, |file| file.len());
        match write(&file, spans_bytes, &self.values()?) {
            Ok(bytes) => {
                self.values_bytes = Some(bytes);
                self.file_bytes += bytes;
            }
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "could not write the filter of a segment's texts; searches read more of it");
            }
        }
        Ok(())
    }

    /// The texts of all row groups. Reads dictionaries; of columns without one, every row.
    fn values(&self) -> Result<HashSet<StoredText>, StoreError> {
        let mut texts = HashSet::new();
        let attributes = promoted::TEXT.iter().map(|promoted| promoted.column);
        let columns: Vec<&'static str> = attributes.chain(OTHER_COLUMNS).collect();
        let budget = Budget::unlimited();
        let mut resources: HashMap<StoredText, Vec<StoredText>> = HashMap::new();
        for (number, group) in self.row_groups()?.iter().enumerate() {
            for column in group.with_values(&columns)? {
                group.each_text(column, &budget, |text| {
                    texts.insert(StoredText::in_column(column, text).in_group(number));
                })?;
            }
            group.each_text("origin", &budget, |origin| {
                // Most row groups have the same resources.
                let known = resources.entry(StoredText::in_column("origin", origin));
                let of_it = known.or_insert_with(|| resource_texts(origin));
                texts.extend(of_it.iter().map(|text| text.in_group(number)));
            })?;
        }
        Ok(texts)
    }
}

/// The texts of the resource in the JSON `origin`.
fn resource_texts(origin: &str) -> Vec<StoredText> {
    let mut texts = Vec::new();
    for attribute in read_resource_attributes(origin).unwrap_or_default().iter() {
        each_text(&attribute.value, &mut |text| {
            texts.push(StoredText::in_resource(&attribute.key, text));
        });
    }
    texts
}

/// The texts as which a search finds `value`.
fn each_text(value: &Value, tell: &mut dyn FnMut(&str)) {
    match value.as_str() {
        Some(text) => tell(text),
        None => tell(&value.to_string()),
    }
    if let Value::Array(elements) = value {
        for element in elements {
            match element.as_str() {
                Some(text) => tell(text),
                None => tell(&element.to_string()),
            }
        }
    }
}

/// Spreads the bits of a hash. Murmur3's last step.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Writes a filter of `texts`, and returns its size in bytes.
fn write(file: &Path, spans_bytes: u64, texts: &HashSet<StoredText>) -> io::Result<u64> {
    let blocks = (texts.len() * BITS_PER_TEXT).div_ceil(8 * BIT_BYTES).clamp(1, MAX_BLOCKS);
    let mut content = vec![0; HEAD_BYTES + blocks * BLOCK_BYTES];
    let (head, filter) = content.split_at_mut(HEAD_BYTES);
    head[..MAGIC.len()].copy_from_slice(&MAGIC);
    head[MAGIC.len()..].copy_from_slice(&spans_bytes.to_le_bytes());
    let filter: &mut [[u8; BLOCK_BYTES]] = filter.as_chunks_mut().0;
    for text in texts {
        let block = &mut filter[text.block(blocks)];
        text.bits().for_each(|(byte, mask)| block[byte] |= mask);
    }
    for block in filter {
        let (bits, checksum) = block.split_at_mut(BIT_BYTES);
        checksum.copy_from_slice(&crc32fast::hash(bits).to_le_bytes());
    }
    let aside = file.with_extension("values.tmp");
    let written = disk::create(&aside)
        .and_then(|mut created| disk::write_all(&mut created, &content))
        .and_then(|()| disk::rename(&aside, file));
    if written.is_err() {
        let _ = disk::remove(&aside);
    }
    written.map(|()| content.len() as u64)
}

/// The size of the filter at `file`, whose segment has a spans file of `spans_bytes` bytes; `None` if
/// there is none that this version reads.
pub(super) fn size(file: &Path, spans_bytes: u64) -> Option<u64> {
    let mut head = [0; HEAD_BYTES];
    let opened = disk::open(file).ok()?;
    disk::read_exact_at(&opened, &mut head, 0).ok()?;
    let length = opened.metadata().ok()?.len();
    let blocks = length.checked_sub(HEAD_BYTES as u64)?;
    let is_whole = blocks > 0 && blocks.is_multiple_of(BLOCK_BYTES as u64);
    let (magic, size) = head.split_at(MAGIC.len());
    (magic == MAGIC && size == spans_bytes.to_le_bytes() && is_whole).then_some(length)
}
