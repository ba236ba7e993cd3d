//! The bytes of a store's segments, by kind of file and by column.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::Failure;
use crate::table::Table;

/// Bytes of all segments of a store.
#[derive(Default)]
pub struct Breakdown {
    /// The number of spans.
    pub spans: u64,
    /// Sizes of files by kind, such as `spans.parquet`.
    kinds: BTreeMap<String, u64>,
    /// Sizes of columns, by kind of file and name.
    columns: BTreeMap<(String, String), Column>,
}

/// What a column takes.
#[derive(Default)]
struct Column {
    bytes: u64,
    /// Of these bytes, those of dictionaries.
    dictionaries: u64,
    /// The size without compression.
    encoded: u64,
    /// The encodings of pages, and the compression.
    form: String,
}

/// The extension of Parquet files.
const PARQUET: &str = "parquet";

impl Breakdown {
    /// Adds up the files in `dir`, a directory of segments.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(dir: &Path) -> Result<Self, Failure> {
        let mut all = Self::default();
        for entry in std::fs::read_dir(dir).map_err(|e| format!("`{}`: {e}", dir.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some((_, kind)) = name.split_once('.') else { continue };
            *all.kinds.entry(kind.to_owned()).or_default() += std::fs::metadata(&path)?.len();
            if kind.ends_with(PARQUET) {
                all.add_parquet(kind, &path)?;
            }
        }
        Ok(all)
    }

    fn add_parquet(&mut self, kind: &str, path: &Path) -> Result<(), Failure> {
        let file = SerializedFileReader::new(File::open(path)?)?;
        for group in file.metadata().row_groups() {
            if kind.starts_with("spans") {
                self.spans += group.num_rows() as u64;
            }
            self.add_group(kind, group);
        }
        Ok(())
    }

    fn add_group(&mut self, kind: &str, group: &RowGroupMetaData) {
        for chunk in group.columns() {
            let name = (kind.to_owned(), chunk.column_path().string());
            self.columns.entry(name).or_default().add(chunk);
        }
    }

    /// Bytes per span of one kind of file.
    pub fn of_kind(&self, kind: &str) -> f64 {
        self.per_span(self.kinds.get(kind).copied().unwrap_or_default())
    }

    /// Bytes per span of all files.
    pub fn total(&self) -> f64 {
        self.per_span(self.kinds.values().sum())
    }

    /// The kinds of files.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    fn per_span(&self, bytes: u64) -> f64 {
        bytes as f64 / self.spans.max(1) as f64
    }

    /// A row for each kind of file, its largest columns below it, and what is in no column.
    pub fn table(&self) -> Table {
        let mut table =
            Table::new(&["file and column", "B/span", "dictionary", "uncompressed", "form"]);
        let cell = |bytes: u64| format!("{:.3}", self.per_span(bytes));
        let total = self.kinds.values().sum();
        table.row(&[format!("all files, {} spans", self.spans), cell(total)]);
        for (kind, bytes) in &self.kinds {
            table.row(&[format!("**{kind}**"), cell(*bytes)]);
            let mut columns: Vec<_> =
                self.columns.iter().filter(|((of, _), _)| of == kind).collect();
            columns.sort_by_key(|(_, column)| std::cmp::Reverse(column.bytes));
            let in_columns: u64 = columns.iter().map(|(_, column)| column.bytes).sum();
            for ((_, name), column) in &columns {
                let sizes = [column.bytes, column.dictionaries, column.encoded].map(cell);
                let [bytes, dictionaries, encoded] = sizes;
                table.row(&[name.clone(), bytes, dictionaries, encoded, column.form.clone()]);
            }
            if !columns.is_empty() {
                table.row(&["footer and indexes".to_owned(), cell(bytes - in_columns)]);
            }
        }
        table
    }
}

impl Column {
    fn add(&mut self, chunk: &ColumnChunkMetaData) {
        self.bytes += chunk.compressed_size() as u64;
        self.encoded += chunk.uncompressed_size() as u64;
        self.dictionaries += chunk
            .dictionary_page_offset()
            .map_or(0, |first| (chunk.data_page_offset() - first).max(0) as u64);
        if self.form.is_empty() {
            let encodings: Vec<String> =
                chunk.encodings().map(|encoding| encoding.to_string()).collect();
            self.form = format!("{}, {}", encodings.join("+"), chunk.compression());
        }
    }
}
