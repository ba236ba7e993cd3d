//! Columns of a traces file with values of one width, neither compressed nor dictionary-encoded.
//! Single rows can be read.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::{Compression, Encoding};

use crate::disk;
use crate::error::StoreError;
use crate::row::damaged;

/// A fixed-width column. A page is a header followed by values.
pub(super) struct FixedWidthColumn {
    path: PathBuf,
    width: usize,
    rows: u32,
    pages: Vec<Page>,
}

/// The first row of a page, and the file offset of its value.
pub(super) type Page = (u32, u64);

impl FixedWidthColumn {
    /// Column `name`, at index `index`, of the file at `path`. Values have `width` bytes.
    ///
    /// # Errors
    /// [`StoreError`] when the column has another encoding.
    pub(super) fn of(
        path: PathBuf,
        footer: &ArrowReaderMetadata,
        (index, name): (usize, &'static str),
        width: usize,
    ) -> Result<Self, StoreError> {
        let metadata = footer.metadata();
        let rows = metadata.file_metadata().num_rows() as u32;
        let (Some(group), true) = (metadata.row_groups().first(), metadata.num_row_groups() < 2)
        else {
            let none = Self { path, width, rows, pages: Vec::new() };
            return if rows == 0 { Ok(none) } else { Err(damaged(name, &"several row groups")) };
        };
        let chunk = group.column(index);
        let plain = chunk.page_encoding_stats_mask().is_some_and(|p| p.is_only(Encoding::PLAIN));
        if chunk.compression() != Compression::UNCOMPRESSED || !plain {
            return Err(damaged(name, &"an encoding other than plain"));
        }
        let index = metadata.page_index_for_row_group(0).page_locations(index).cloned();
        let locations = index.ok_or_else(|| damaged(name, &"a missing page index"))?;
        let firsts = locations.iter().map(|page| page.first_row_index as u32);
        let ends = firsts.clone().skip(1).chain([rows]);
        let mut pages = Vec::with_capacity(locations.len());
        let is_in_order = firsts.clone().next() == Some(0)
            && firsts.clone().zip(ends.clone()).all(|(first, end)| first < end);
        if !is_in_order {
            return Err(damaged(name, &"pages out of order"));
        }
        for ((first, end), page) in firsts.zip(ends).zip(&locations) {
            let values = u64::from(end - first) * width as u64;
            let header = u64::try_from(page.compressed_page_size).ok();
            let header = header.and_then(|size| size.checked_sub(values));
            let at = header.and_then(|header| u64::try_from(page.offset).ok()?.checked_add(header));
            // An offset beyond the end of the file causes an error when values there are read.
            let at = at.filter(|at| *at < i64::MAX as u64);
            pages.push((first, at.ok_or_else(|| damaged(name, &"a short page"))?));
        }
        Ok(Self { path, width, rows, pages })
    }

    /// A column of `rows` rows with these pages; `None` if they are not the pages of such a column.
    pub(super) fn of_pages(
        path: PathBuf,
        width: usize,
        rows: u32,
        pages: Vec<Page>,
    ) -> Option<Self> {
        let begins = pages.first().map_or(rows == 0, |(first, _)| *first == 0);
        let is_in_order = pages.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let ends = pages.last().is_none_or(|(first, _)| *first < rows);
        (begins && is_in_order && ends).then_some(Self { path, width, rows, pages })
    }

    pub(super) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Opens the file for [`read`](Self::read).
    pub(super) fn open(&self) -> Result<File, StoreError> {
        disk::open(&self.path).map_err(StoreError::directory(&self.path))
    }

    /// Reads the values of these rows into `bytes`, replacing its content.
    pub(super) fn read(
        &self,
        file: &File,
        rows: Range<u32>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        bytes.resize(rows.len() * self.width, 0);
        let mut rest = bytes.as_mut_slice();
        let mut row = rows.start;
        while row < rows.end {
            let at = self.pages.partition_point(|(first, _)| *first <= row);
            let (first, offset) = self.pages[at - 1];
            let end = self.pages.get(at).map_or(self.rows, |(next, _)| *next).min(rows.end);
            let (these, others) = rest.split_at_mut((end - row) as usize * self.width);
            let offset = offset + u64::from(row - first) * self.width as u64;
            disk::read_exact_at(file, these, offset).map_err(StoreError::directory(&self.path))?;
            (rest, row) = (others, end);
        }
        Ok(())
    }
}
