//! The Parquet footer of each row group of a segment's spans file, in a file of its own: `N.footers`.
//! A look-up in a segment that was merged of others reads the footers of the row groups it needs, of
//! 10 KB each, and not that of the whole file, which is 64 times as large.
//!
//! The file repeats what the spans file says. Without it, or if a part is damaged, the footer of the
//! spans file is read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::page_index::PageIndexBuilder;
use parquet::file::metadata::{
    FileMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use serde::{Deserialize, Serialize};

use crate::disk;

/// Where the file has the footer of each row group.
pub(super) struct GroupFooters {
    path: PathBuf,
    places: Vec<Place>,
    /// Size of the file in bytes; 0 if it is missing or does not fit the segment.
    bytes: u64,
}

/// Where the footer of a row group is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Number of rows of the group.
    rows: u32,
    /// The first byte of the footer, counted from the first byte after the head.
    at: u64,
    length: u32,
    checksum: u32,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// Size of the spans file in bytes: another size means another file.
    spans_bytes: u64,
    places: Vec<Place>,
}

/// The first bytes of the file; the last of them is the version.
const MAGIC: [u8; 8] = *b"coralft\x01";
/// Those bytes, then the length of the [`Head`] and its checksum.
const PREFIX_BYTES: usize = MAGIC.len() + 8;
/// The greatest length of a head that is read: that of a million row groups.
const MAX_HEAD_BYTES: u32 = 32 << 20;

impl GroupFooters {
    /// The file at `path` of a segment whose spans file has `spans_bytes` bytes. It may be missing.
    pub(super) fn open(path: PathBuf, spans_bytes: u64) -> Self {
        match read_head(&path, spans_bytes) {
            Ok(Some((places, bytes))) => Self { path, places, bytes },
            Ok(None) => Self::missing(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::missing(path),
            Err(error) => {
                tracing::warn!(%error, file = %path.display(), "could not read the footers of a segment's row groups; look-ups read more of it");
                Self::missing(path)
            }
        }
    }

    /// Writes the file at `path`, for a spans file of `spans_bytes` bytes with this footer. Without a
    /// page index, or after an error, there is no file.
    pub(super) fn write(path: &Path, spans_bytes: u64, footer: &ParquetMetaData) {
        let Some(content) = encode(spans_bytes, footer) else { return };
        let aside = path.with_extension("footers.tmp");
        let written = disk::create(&aside)
            .and_then(|mut file| disk::write_all(&mut file, &content))
            .and_then(|()| disk::rename(&aside, path));
        if let Err(error) = written {
            let _ = disk::remove(&aside);
            tracing::warn!(%error, file = %path.display(), "could not write the footers of a segment's row groups; look-ups read more of it");
        }
    }

    fn missing(path: PathBuf) -> Self {
        Self { path, places: Vec::new(), bytes: 0 }
    }

    /// Size of the file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of rows of each row group; `None` if the file is missing.
    pub(super) fn rows(&self) -> Option<impl Iterator<Item = u32>> {
        (self.bytes > 0).then(|| self.places.iter().map(|place| place.rows))
    }

    /// The footer of row group `group`, as of a file with only this row group; `None` if it cannot be
    /// read.
    pub(super) fn read(&self, group: usize) -> Option<ParquetMetaData> {
        let place = self.places.get(group)?;
        let head: u64 = self.bytes - self.places.last().map(|last| last.end())?;
        let mut bytes = vec![0; place.length as usize];
        let read = disk::open(&self.path)
            .and_then(|file| disk::read_exact_at(&file, &mut bytes, head + place.at));
        let file = self.path.display();
        if let Err(error) = read {
            tracing::warn!(%error, %file, "could not read the footer of a row group; a look-up reads that of the whole file");
            return None;
        }
        let is_intact = crc32fast::hash(&bytes) == place.checksum;
        let footer = is_intact.then(|| decode(bytes.into())).flatten();
        if footer.is_none() {
            tracing::info!(%file, group, "the footer of a row group is damaged; a look-up reads that of the whole file");
        }
        footer
    }
}

impl Place {
    fn end(&self) -> u64 {
        self.at + u64::from(self.length)
    }
}

/// The part of `footer` about row group `group`, as of a file with only this row group. `None` if
/// `footer` has no page index, or no such row group.
pub(super) fn cut(footer: &ParquetMetaData, group: usize) -> Option<ParquetMetaData> {
    let row_group = footer.row_groups().get(group)?.clone();
    let (pages, columns) = (footer.page_index_for_row_group(group), row_group.num_columns());
    let mut index = PageIndexBuilder::default();
    index.allocate_offset_indexes(1, columns);
    for column in 0..columns {
        index.put_offset_index(pages.offset_index(column)?.clone(), 0, column);
    }
    let file = footer.file_metadata();
    let file = FileMetaData::new(
        file.version(),
        row_group.num_rows(),
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    let part = ParquetMetaData::new(file, vec![row_group]).into_builder();
    Some(part.set_page_index(Some(Arc::new(index.build()))).build())
}

fn encode(spans_bytes: u64, footer: &ParquetMetaData) -> Option<Vec<u8>> {
    let (mut places, mut footers) = (Vec::new(), Vec::new());
    for (group, row_group) in footer.row_groups().iter().enumerate() {
        let mut bytes = Vec::new();
        ParquetMetaDataWriter::new(&mut bytes, &cut(footer, group)?).finish().ok()?;
        let (rows, at) = (row_group.num_rows() as u32, footers.len() as u64);
        let (length, checksum) = (bytes.len() as u32, crc32fast::hash(&bytes));
        places.push(Place { rows, at, length, checksum });
        footers.extend(bytes);
    }
    let head = Head { spans_bytes, places };
    let head = postcard::to_allocvec(&head).expect("a head is plain data");
    let mut content = Vec::with_capacity(PREFIX_BYTES + head.len() + footers.len());
    content.extend(MAGIC);
    content.extend((head.len() as u32).to_le_bytes());
    content.extend(crc32fast::hash(&head).to_le_bytes());
    content.extend(head);
    content.extend(footers);
    Some(content)
}

fn decode(bytes: Bytes) -> Option<ParquetMetaData> {
    let reader = ParquetMetaDataReader::new().with_offset_index_policy(PageIndexPolicy::Required);
    let footer = reader.parse_and_finish(&bytes).ok()?;
    (footer.num_row_groups() == 1).then_some(footer)
}

/// The places of the footers in the file at `path`, and its size in bytes; `None` if it belongs to
/// another spans file or another version of Coral, or is damaged.
fn read_head(path: &Path, spans_bytes: u64) -> io::Result<Option<(Vec<Place>, u64)>> {
    let file = disk::open(path)?;
    let bytes = file.metadata()?.len();
    let mut prefix = [0; PREFIX_BYTES];
    if bytes < prefix.len() as u64 {
        return Ok(None);
    }
    disk::read_exact_at(&file, &mut prefix, 0)?;
    let (magic, numbers) = prefix.split_at(MAGIC.len());
    let [length, checksum] = [&numbers[..4], &numbers[4..]]
        .map(|number| number.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)));
    let rest = bytes - PREFIX_BYTES as u64;
    if magic != MAGIC || length > MAX_HEAD_BYTES || u64::from(length) > rest {
        return Ok(None);
    }
    let mut head = vec![0; length as usize];
    disk::read_exact_at(&file, &mut head, PREFIX_BYTES as u64)?;
    if crc32fast::hash(&head) != checksum {
        return Ok(None);
    }
    let Ok(head) = postcard::from_bytes::<Head>(&head) else { return Ok(None) };
    let ends = head.places.iter().try_fold(0, |at, place| (place.at == at).then(|| place.end()));
    let fits = head.spans_bytes == spans_bytes && ends == Some(rest - u64::from(length));
    Ok(fits.then_some((head.places, bytes)))
}
