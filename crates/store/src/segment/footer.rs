//! The footers of a segment's files.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::PageIndexPolicy;

use super::SegmentFiles;
use super::file::SegmentFile;
use crate::error::StoreError;

/// The footers of both files, read when they are needed.
#[derive(Default)]
pub(super) struct Footers {
    traces: Mutex<Option<ArrowReaderMetadata>>,
    spans: Mutex<Option<ArrowReaderMetadata>>,
    /// The same, with texts as dictionaries.
    coded_spans: Mutex<Option<ArrowReaderMetadata>>,
}

impl Footers {
    pub(super) fn of_traces(
        &self,
        files: &SegmentFiles,
    ) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.traces, || load(&files.traces))
    }

    pub(super) fn of_spans(&self, files: &SegmentFiles) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.spans, || load(&files.spans))
    }

    pub(super) fn of_coded_spans(
        &self,
        files: &SegmentFiles,
    ) -> Result<ArrowReaderMetadata, StoreError> {
        cached(&self.coded_spans, || {
            let plain = self.of_spans(files)?;
            let coded = coded(plain.schema());
            let options = options().with_schema(Arc::new(coded));
            ArrowReaderMetadata::try_new(plain.metadata().clone(), options)
                .map_err(StoreError::segment(&files.spans))
        })
    }
}

fn cached(
    slot: &Mutex<Option<ArrowReaderMetadata>>,
    load: impl FnOnce() -> Result<ArrowReaderMetadata, StoreError>,
) -> Result<ArrowReaderMetadata, StoreError> {
    if let Some(footer) = slot.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        return Ok(footer);
    }
    let footer = load()?;
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(footer.clone());
    Ok(footer)
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Required)
}

fn load(path: &Path) -> Result<ArrowReaderMetadata, StoreError> {
    ArrowReaderMetadata::load(&SegmentFile::open(path)?, options())
        .map_err(StoreError::segment(path))
}

/// The schema with its texts as dictionaries.
fn coded(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        // JSON is rarely twice the same.
        DataType::Utf8 if !["attributes", "extra"].contains(&field.name().as_str()) => {
            let coded = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), coded, field.is_nullable()))
        }
        _ => field.clone(),
    });
    Schema::new(fields.collect::<Vec<_>>())
}
