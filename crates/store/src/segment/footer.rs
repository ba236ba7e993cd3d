//! A cache of the Parquet footers of segments.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::{DataType, Field, Schema};
use hashbrown::HashMap;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// The most recently used footers of a store's files and of their row groups, at most [`MAX_BYTES`]
/// together. Reading the footer of a file takes a millisecond or more, and that of a row group, which
/// uses about 30 KB, some 50 µs.
#[derive(Default)]
pub(crate) struct Footers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    footers: HashMap<Part, Footer>,
    bytes: usize,
    /// A counter of uses, to find the least recently used footer.
    clock: u64,
}

/// A file, or one of its row groups.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Part {
    file: PathBuf,
    group: Option<usize>,
}

/// The footer of a file or of a row group.
#[derive(Clone)]
pub(super) struct Footer {
    pub(super) stored: ArrowReaderMetadata,
    /// The same footer, with text columns read as dictionaries.
    pub(super) coded: ArrowReaderMetadata,
    used: u64,
}

/// Limit of all cached footers, in bytes: enough for some 15 million spans. In a larger store, a search
/// of all segments reads footers again.
const MAX_BYTES: usize = 16 << 20;

impl Footers {
    /// The footer of `file`.
    pub(super) fn of(&self, file: &Path) -> Result<ArrowReaderMetadata, StoreError> {
        let part = Part { file: file.to_owned(), group: None };
        Ok(self.part(part, || Footer::read(file))?.stored)
    }

    /// The footer of row group `group` of `file`, which `read` reads.
    pub(super) fn of_group(
        &self,
        file: &Path,
        group: usize,
        read: impl FnOnce() -> Result<ParquetMetaData, StoreError>,
    ) -> Result<Footer, StoreError> {
        let part = Part { file: file.to_owned(), group: Some(group) };
        self.part(part, || {
            let footer = ArrowReaderMetadata::try_new(Arc::new(read()?), options());
            footer.and_then(Footer::of).map_err(StoreError::segment(file))
        })
    }

    /// Removes the footers of `file`, which is being removed or rewritten.
    pub(super) fn forget(&self, file: &Path) {
        let mut kept = self.lock();
        let mut bytes = 0;
        kept.footers.retain(|part, footer| {
            let is_other = part.file != file;
            bytes += if is_other { 0 } else { footer.bytes() };
            is_other
        });
        kept.bytes -= bytes;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(
        &self,
        part: Part,
        read: impl FnOnce() -> Result<Footer, StoreError>,
    ) -> Result<Footer, StoreError> {
        if let Some(footer) = self.lock().used(&part) {
            return Ok(footer);
        }
        let footer = read()?;
        self.lock().keep(part, footer.clone());
        Ok(footer)
    }
}

impl Kept {
    fn used(&mut self, part: &Part) -> Option<Footer> {
        self.clock += 1;
        let footer = self.footers.get_mut(part)?;
        footer.used = self.clock;
        Some(footer.clone())
    }

    fn keep(&mut self, part: Part, mut footer: Footer) {
        self.clock += 1;
        footer.used = self.clock;
        self.bytes += footer.bytes();
        if let Some(same) = self.footers.insert(part, footer) {
            self.bytes -= same.bytes();
        }
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.oldest()
            && let Some(footer) = self.footers.remove(&oldest)
        {
            self.bytes -= footer.bytes();
        }
    }

    fn oldest(&self) -> Option<Part> {
        let oldest = self.footers.iter().min_by_key(|(_, footer)| footer.used);
        oldest.map(|(part, _)| part.clone())
    }
}

impl Footer {
    fn read(path: &Path) -> Result<Self, StoreError> {
        let file = ParquetSource::open(path)?;
        file.reading(|| Self::of(ArrowReaderMetadata::load(&file, options())?))
    }

    fn of(stored: ArrowReaderMetadata) -> Result<Self, ParquetError> {
        let options = options().with_schema(Arc::new(coded(stored.schema())));
        let coded = ArrowReaderMetadata::try_new(stored.metadata().clone(), options)?;
        Ok(Self { coded, stored, used: 0 })
    }

    fn bytes(&self) -> usize {
        let schemas = self.stored.schema().fields().size() + self.coded.schema().fields().size();
        self.stored.metadata().memory_size() + schemas
    }
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Required)
}

/// The schema with text columns as dictionaries.
fn coded(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        // JSON values rarely repeat, so a dictionary would not help.
        DataType::Utf8 if !["attributes", "extra"].contains(&field.name().as_str()) => {
            let coded = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), coded, field.is_nullable()))
        }
        _ => field.clone(),
    });
    Schema::new(fields.collect::<Vec<_>>())
}
