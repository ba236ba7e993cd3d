//! A cache of the Parquet footers of segments.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_schema::{DataType, Field, Schema};
use hashbrown::HashMap;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::PageIndexPolicy;

use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// The most recently used footers of all files of a store, at most [`MAX_BYTES`] together. Reading
/// a footer takes a millisecond; a footer uses a quarter of a mebibyte.
#[derive(Default)]
pub(crate) struct Footers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    files: HashMap<PathBuf, Footer>,
    bytes: usize,
    /// A counter of uses, to find the least recently used footer.
    clock: u64,
}

#[derive(Clone)]
struct Footer {
    stored: ArrowReaderMetadata,
    /// The same footer, with text columns read as dictionaries.
    coded: ArrowReaderMetadata,
    used: u64,
}

/// Limit of all cached footers, in bytes: enough for 15 million spans. In a larger store, a search
/// of all segments reads footers again.
const MAX_BYTES: usize = 16 << 20;

impl Footers {
    /// The footer of `file`.
    pub(super) fn of(&self, file: &Path) -> Result<ArrowReaderMetadata, StoreError> {
        Ok(self.footer(file)?.stored)
    }

    /// The footer of `file` for reading text columns as dictionaries.
    pub(super) fn coded(&self, file: &Path) -> Result<ArrowReaderMetadata, StoreError> {
        Ok(self.footer(file)?.coded)
    }

    /// Removes the footer of `file`, which is being removed or rewritten.
    pub(super) fn forget(&self, file: &Path) {
        let mut kept = self.lock();
        if let Some(footer) = kept.files.remove(file) {
            kept.bytes -= footer.bytes();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn footer(&self, file: &Path) -> Result<Footer, StoreError> {
        if let Some(footer) = self.lock().used(file) {
            return Ok(footer);
        }
        let footer = Footer::read(file)?;
        self.lock().keep(file, footer.clone());
        Ok(footer)
    }
}

impl Kept {
    fn used(&mut self, file: &Path) -> Option<Footer> {
        self.clock += 1;
        let footer = self.files.get_mut(file)?;
        footer.used = self.clock;
        Some(footer.clone())
    }

    fn keep(&mut self, file: &Path, mut footer: Footer) {
        self.clock += 1;
        footer.used = self.clock;
        self.bytes += footer.bytes();
        if let Some(same) = self.files.insert(file.to_owned(), footer) {
            self.bytes -= same.bytes();
        }
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.oldest()
            && let Some(footer) = self.files.remove(&oldest)
        {
            self.bytes -= footer.bytes();
        }
    }

    fn oldest(&self) -> Option<PathBuf> {
        let oldest = self.files.iter().min_by_key(|(_, footer)| footer.used);
        oldest.map(|(file, _)| file.clone())
    }
}

impl Footer {
    fn read(path: &Path) -> Result<Self, StoreError> {
        let file = ParquetSource::open(path)?;
        file.reading(|| {
            let stored = ArrowReaderMetadata::load(&file, options())?;
            let options = options().with_schema(Arc::new(coded(stored.schema())));
            let coded = ArrowReaderMetadata::try_new(stored.metadata().clone(), options)?;
            Ok(Self { coded, stored, used: 0 })
        })
    }

    fn bytes(&self) -> usize {
        self.stored.metadata().memory_size()
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
