//! Reads selected rows of a Parquet file.

use std::ops::Range;
use std::path::Path;

use arrow_array::RecordBatch;
use coral_engine::{Budget, BudgetError};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection,
};

use crate::error::StoreError;
use crate::parquet_source::ParquetSource;

/// Row numbers as ranges of consecutive rows.
pub(crate) fn ranges(rows: &[u32]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for row in rows.iter().map(|row| *row as usize) {
        match ranges.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            Some(last) if last.end > row => {}
            _ => ranges.push(row..row + 1),
        }
    }
    ranges
}

/// The rows to read.
pub(super) enum Rows<'a> {
    All,
    /// Ranges in ascending order.
    Ranges(&'a [Range<usize>]),
}

/// Reads rows of the columns in `mask`, in file order. Charges the budget, and stops when it is
/// used up.
pub(super) fn read(
    path: &Path,
    footer: ArrowReaderMetadata,
    mask: ProjectionMask,
    rows: Rows<'_>,
    budget: &Budget,
) -> Result<Vec<RecordBatch>, StoreError> {
    budget.check()?;
    let file = ParquetSource::open(path)?;
    let groups = footer.metadata().row_groups();
    let all = groups.iter().map(|group| group.num_rows() as usize).sum();
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), footer)
        .with_projection(mask)
        .with_batch_size(32_768);
    match rows {
        Rows::All => {}
        Rows::Ranges(rows) => {
            let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), all);
            builder = builder.with_row_selection(selection);
        }
    }
    let mut reader = file.reading(|| builder.build())?;
    let mut batches = Vec::new();
    while let Some(batch) = file.reading(|| Ok(reader.next().transpose()?))? {
        charge(budget, &batch)?;
        batches.push(batch);
    }
    Ok(batches)
}

/// Charges the rows and bytes of a batch to the budget.
pub(crate) fn charge(budget: &Budget, batch: &RecordBatch) -> Result<(), BudgetError> {
    budget.count_rows(batch.num_rows() as u64)?;
    budget.count_bytes(batch.get_array_memory_size() as u64)?;
    budget.check()
}
