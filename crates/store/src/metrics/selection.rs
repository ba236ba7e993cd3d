//! Finds the row groups and pages of a sorted file that may have wanted rows.

use std::ops::Range;

use coral_engine::DeltaQuery;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::schema::column;

/// The row groups that may have rows that `wanted` selects, each with its rows in the pages that
/// may have some, and their number.
pub(super) fn candidates(
    footer: &ArrowReaderMetadata,
    wanted: &DeltaQuery,
) -> Vec<(usize, RowSelection, usize)> {
    let groups = footer.metadata().row_groups().iter().enumerate();
    groups
        .filter(|(_, group)| may_hold(group, wanted))
        .filter_map(|(index, group)| {
            let rows = usize::try_from(group.num_rows()).ok()?;
            let all = RowSelection::from_consecutive_ranges(std::iter::once(0..rows), rows);
            let selection =
                [column::SERVICE, column::TIME].into_iter().fold(all, |rows, column| {
                    match pages(footer, index, column, wanted) {
                        Some(pages) => rows.intersection(&pages),
                        None => rows,
                    }
                });
            let count = selection.row_count();
            (count > 0).then_some((index, selection, count))
        })
        .collect()
}

/// Whether statistics of the row group allow a wanted row.
fn may_hold(group: &RowGroupMetaData, wanted: &DeltaQuery) -> bool {
    let has_service = match (&wanted.service, group.column(column::SERVICE).statistics()) {
        (Some(service), Some(Statistics::ByteArray(statistics))) => {
            let (min, max) = (statistics.min_opt(), statistics.max_opt());
            min.is_none_or(|min| min.data() <= service.as_bytes())
                && max.is_none_or(|max| max.data() >= service.as_bytes())
        }
        _ => true,
    };
    let has_time = match group.column(column::TIME).statistics() {
        Some(Statistics::Int64(statistics)) => {
            let (min, max) = (statistics.min_opt(), statistics.max_opt());
            overlaps(min.copied(), max.copied(), wanted)
        }
        _ => true,
    };
    has_service && has_time
}

/// The rows in those pages of `column` that may have a wanted row; `None` if the column index does
/// not say.
fn pages(
    footer: &ArrowReaderMetadata,
    group: usize,
    column: usize,
    wanted: &DeltaQuery,
) -> Option<RowSelection> {
    let rows = usize::try_from(footer.metadata().row_group(group).num_rows()).ok()?;
    let index = footer.metadata().page_index_for_row_group(group);
    let (bounds, places) = (index.column_index(column)?, index.offset_index(column)?);
    let mut found: Vec<Range<usize>> = Vec::new();
    let starts: Vec<usize> = places
        .page_locations()
        .iter()
        .map(|page| usize::try_from(page.first_row_index))
        .collect::<Result<_, _>>()
        .ok()?;
    for (page, start) in starts.iter().enumerate() {
        let end = starts.get(page + 1).copied().unwrap_or(rows);
        if *start > end || end > rows {
            // A damaged index selects nothing; whatever is damaged is found when pages are read.
            return None;
        }
        if page_may_hold(bounds, page, wanted) {
            found.push(*start..end);
        }
    }
    Some(RowSelection::from_consecutive_ranges(found.into_iter(), rows))
}

fn page_may_hold(bounds: &ColumnIndexMetaData, page: usize, wanted: &DeltaQuery) -> bool {
    match (bounds, &wanted.service) {
        (ColumnIndexMetaData::BYTE_ARRAY(services), Some(service)) => {
            let service = service.as_bytes();
            services.min_value(page).is_none_or(|min| min <= service)
                && services.max_value(page).is_none_or(|max| max >= service)
        }
        (ColumnIndexMetaData::INT64(times), _) => {
            overlaps(times.min_value(page).copied(), times.max_value(page).copied(), wanted)
        }
        _ => true,
    }
}

/// Whether a time from `min` to `max` may be in the range. The column has unsigned times as signed
/// numbers, so a negative number is a time after all others, and `min` and `max` say nothing.
fn overlaps(min: Option<i64>, max: Option<i64>, wanted: &DeltaQuery) -> bool {
    let (Some(min), Some(max)) = (min, max) else { return true };
    min < 0 || ((min as u64) < wanted.range.end.0 && (max as u64) >= wanted.range.start.0)
}
