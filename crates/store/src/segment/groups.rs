//! Row groups of a spans file: finds which of them can hold matching rows.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use bytes::Bytes;
use coral_engine::Budget;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::statistics::Statistics;

use super::file::{Rows, read};
use super::footer::Footer;
use super::write::ROW_GROUP;
use super::{Segment, group_footers};
use crate::error::StoreError;
use crate::parquet_source::ParquetSource;
use crate::row::damaged;

/// A row group of a spans file. Each column has at most one dictionary per row group.
pub(crate) struct RowGroup<'a> {
    segment: &'a Segment,
    /// Read when it is first needed.
    footer: OnceCell<Footer>,
    /// The number of the group in the file.
    pub(crate) index: usize,
    /// The row number of the group's first row in the spans file.
    pub(crate) first_row: u32,
    rows: u32,
}

impl Segment {
    /// The number of row groups of the segment's spans file.
    pub(crate) fn row_group_count(&self) -> usize {
        match self.extent.row_groups {
            0 => (self.spans() as usize).div_ceil(ROW_GROUP),
            groups => groups as usize,
        }
    }

    /// The row groups of the segment's spans file, in order.
    pub(crate) fn row_groups(&self) -> Result<Vec<RowGroup<'_>>, StoreError> {
        let rows: Vec<u32> = match self.group_footers.rows() {
            Some(rows) => rows.collect(),
            None => {
                let footer = self.footers.of(&self.files.spans)?;
                footer.metadata().row_groups().iter().map(|group| group.num_rows() as u32).collect()
            }
        };
        let mut first_row = 0;
        let groups = rows.into_iter().enumerate().map(|(index, rows)| {
            let this = RowGroup { segment: self, footer: OnceCell::new(), index, first_row, rows };
            first_row += rows;
            this
        });
        Ok(groups.collect())
    }

    /// The footer of row group `group` of the spans file.
    fn group_footer(&self, group: usize) -> Result<Footer, StoreError> {
        let spans = &self.files.spans;
        let whole = || {
            let footer = self.footers.of(spans)?;
            let part = group_footers::cut(footer.metadata(), group);
            part.ok_or_else(|| damaged("row group", &"missing in the footer"))
        };
        self.footers.of_group(spans, group, || match self.group_footers.read(group) {
            Some(part) => Ok(part),
            None => whole(),
        })
    }
}

impl RowGroup<'_> {
    /// Returns `false` only if no text of `column` in the group satisfies `fits`, whose argument
    /// is the text as UTF-8. Reads only the column's dictionary. Returns `true` if the column has
    /// values and is not entirely dictionary-encoded.
    pub(crate) fn may_hold(
        &self,
        column: &'static str,
        fits: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, StoreError> {
        if has_no_value(self.chunk(column)?) {
            return Ok(false);
        }
        let Some((texts, count)) = self.whole_dictionary(column)? else { return Ok(true) };
        for text in Texts(&texts).take(count) {
            if fits(text.ok_or_else(|| damaged(column, &"an invalid dictionary"))?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls `tell` with each distinct text of `column`, with some texts perhaps repeatedly. Reads
    /// only the dictionary if the column is entirely dictionary-encoded, else every row.
    pub(crate) fn each_text(
        &self,
        column: &'static str,
        budget: &Budget,
        mut tell: impl FnMut(&str),
    ) -> Result<(), StoreError> {
        budget.check()?;
        let Some((texts, count)) = self.whole_dictionary(column)? else {
            for batch in self.read(&[column], budget)? {
                let coded = batch.column(0).as_dictionary_opt::<UInt32Type>();
                let coded = coded.ok_or_else(|| damaged(column, &"missing dictionary codes"))?;
                coded.values().as_string::<i32>().iter().flatten().for_each(&mut tell);
            }
            return Ok(());
        };
        for text in Texts(&texts).take(count) {
            let text = text.and_then(|text| std::str::from_utf8(text).ok());
            tell(text.ok_or_else(|| damaged(column, &"an invalid dictionary"))?);
        }
        Ok(())
    }

    /// Those of `columns` that have a non-null value in some row of the group. A column without
    /// statistics is included.
    pub(crate) fn with_values(
        &self,
        columns: &[&'static str],
    ) -> Result<Vec<&'static str>, StoreError> {
        let mut found = Vec::with_capacity(columns.len());
        for column in columns {
            if !has_no_value(self.chunk(column)?) {
                found.push(*column);
            }
        }
        Ok(found)
    }

    /// Whether a value of a column of small numbers may be `least` or more. A column without
    /// statistics may have any.
    pub(crate) fn may_reach(&self, column: &'static str, least: u8) -> Result<bool, StoreError> {
        Ok(match self.chunk(column)?.statistics() {
            Some(Statistics::Int32(statistics)) => {
                statistics.max_opt().is_none_or(|max| *max >= i32::from(least))
            }
            _ => true,
        })
    }

    /// The least and the greatest value of a column of times; `None` without statistics.
    pub(crate) fn bounds(&self, column: &'static str) -> Result<Option<(i64, i64)>, StoreError> {
        Ok(match self.chunk(column)?.statistics() {
            Some(Statistics::Int64(statistics)) => {
                statistics.min_opt().copied().zip(statistics.max_opt().copied())
            }
            _ => None,
        })
    }

    /// All rows of these columns, with text columns as dictionaries.
    pub(crate) fn read(
        &self,
        columns: &[&str],
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        self.read_rows(self.footer()?.coded.clone(), columns, Rows::All, budget)
    }

    /// These rows of these columns, counted from the first row of the group, with text columns as they
    /// are stored.
    pub(super) fn read_stored(
        &self,
        columns: &[&str],
        rows: &[Range<usize>],
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        self.read_rows(self.footer()?.stored.clone(), columns, Rows::Ranges(rows), budget)
    }

    fn read_rows(
        &self,
        footer: ArrowReaderMetadata,
        columns: &[&str],
        rows: Rows<'_>,
        budget: &Budget,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        let mask = ProjectionMask::columns(footer.parquet_schema(), columns.iter().copied());
        read(self.segment.spans_file(), footer, mask, rows, budget)
    }

    /// The row number in the spans file of the first row after the group.
    pub(super) fn end(&self) -> usize {
        (self.first_row + self.rows) as usize
    }

    /// The rows of the group that are among `rows` of the spans file, counted from the first row of the
    /// group.
    pub(super) fn part_of(&self, rows: &Range<usize>) -> Range<usize> {
        let first = self.first_row as usize;
        rows.start.max(first) - first..rows.end.min(self.end()) - first
    }

    /// All rows of all columns.
    pub(super) fn read_all(&self, budget: &Budget) -> Result<Vec<RecordBatch>, StoreError> {
        let (footer, mask) = (self.footer()?.coded.clone(), ProjectionMask::all());
        read(self.segment.spans_file(), footer, mask, Rows::All, budget)
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows as usize
    }

    fn footer(&self) -> Result<&Footer, StoreError> {
        if let Some(footer) = self.footer.get() {
            return Ok(footer);
        }
        let footer = self.segment.group_footer(self.index)?;
        Ok(self.footer.get_or_init(|| footer))
    }

    fn chunk(&self, column: &'static str) -> Result<&ColumnChunkMetaData, StoreError> {
        let chunks = self.footer()?.stored.metadata().row_group(0).columns();
        let named = |chunk: &&ColumnChunkMetaData| chunk.column_path().string() == column;
        chunks.iter().find(named).ok_or_else(|| damaged(column, &"a missing column"))
    }

    /// The dictionary of a column, and its number of texts; `None` if the column is not entirely
    /// dictionary-encoded.
    fn whole_dictionary(&self, column: &'static str) -> Result<Option<(Bytes, usize)>, StoreError> {
        let chunk = self.chunk(column)?;
        if !is_all_coded(chunk) {
            return Ok(None);
        }
        let file = ParquetSource::open(self.segment.spans_file())?;
        file.reading(|| self.dictionary(&file, chunk))
    }

    /// The dictionary page of `chunk`, and its number of texts; `None` if the chunk does not begin
    /// with one.
    fn dictionary(
        &self,
        file: &ParquetSource,
        chunk: &ColumnChunkMetaData,
    ) -> Result<Option<(Bytes, usize)>, ParquetError> {
        let file = Arc::new(file.clone());
        let first = SerializedPageReader::new(file, chunk, self.rows(), None)?.get_next_page()?;
        Ok(match first {
            Some(Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, .. }) => {
                Some((buf, num_values as usize))
            }
            _ => None,
        })
    }
}

fn has_no_value(chunk: &ColumnChunkMetaData) -> bool {
    let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
    nulls == Some(chunk.num_values() as u64)
}

/// Whether every value of a column chunk is dictionary-encoded.
fn is_all_coded(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset().is_some()
        && chunk.page_encoding_stats_mask().is_some_and(|pages| {
            pages.is_only(Encoding::RLE_DICTIONARY) || pages.is_only(Encoding::PLAIN_DICTIONARY)
        })
}

/// Texts in Parquet's PLAIN encoding: a length of four bytes, little-endian, then the text. An
/// invalid text yields `None`, and so does every later call: the iterator never ends. Callers take
/// as many texts as the dictionary has.
struct Texts<'a>(&'a [u8]);

impl<'a> Iterator for Texts<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.split();
        if text.is_none() {
            self.0 = &[];
        }
        Some(text)
    }
}

impl<'a> Texts<'a> {
    fn split(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        Some(text)
    }
}
