//! Segments that were set aside as damaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::read_extent;
use super::{Footers, SegmentFiles, SegmentName, damaged_name};
use crate::disk;
use crate::error::StoreError;

/// How many spans are in the damaged segments in `dir` before receipt `oldest`, the oldest that can
/// be read. A segment that expired has no damaged file, so it does not count.
///
/// The spans file, or else the traces file, has the number of spans. If neither can be read, a
/// segment ends where the next begins.
pub(crate) fn damaged_before(
    dir: &Path,
    oldest: u64,
    footers: &Arc<Footers>,
) -> Result<u64, StoreError> {
    let paths = damaged_files(dir)?;
    let damaged = paths.iter().filter_map(|path| damaged_segment(path));
    let ids: BTreeMap<u64, SegmentName> = damaged.map(|name| (name.first(), name)).collect();
    let mut spans = 0;
    for (id, name) in ids.range(..oldest) {
        let end = ids.range(id + 1..).next().map_or(oldest, |(next, _)| oldest.min(*next));
        let files = SegmentFiles::of(dir, *name);
        let counted = damaged_rows(&files, footers).unwrap_or(end - id);
        spans += counted.min(end - id);
    }
    Ok(spans)
}

/// Removes the damaged segments in `dir` with a number below `id`.
pub(crate) fn remove_damaged_before(dir: &Path, id: u64) -> Result<(), StoreError> {
    let paths = damaged_files(dir)?;
    let is_before = |path: &&PathBuf| damaged_segment(path).is_some_and(|name| name.first() < id);
    for path in paths.iter().filter(is_before) {
        disk::remove(path).map_err(StoreError::directory(path))?;
        tracing::info!(file = %path.display(), "removed a damaged file whose spans have expired");
    }
    Ok(())
}

/// The number of spans of a damaged segment, if the footer of one of its files can be read.
fn damaged_rows(files: &SegmentFiles, footers: &Arc<Footers>) -> Option<u64> {
    let footer = |file: &Path| {
        let file = damaged_name(file);
        footers.forget(&file);
        footers.of(&file).ok()
    };
    let spans = footer(&files.spans);
    let spans = spans.map(|footer| footer.metadata().file_metadata().num_rows() as u64);
    spans.or_else(|| {
        let extent = read_extent(&footer(&files.traces)?).ok()?;
        (extent.last_receipt + 1).checked_sub(extent.first_receipt)
    })
}

/// The name of the segment of a damaged file.
fn damaged_segment(path: &Path) -> Option<SegmentName> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".spans.damaged").or_else(|| name.strip_suffix(".traces.damaged"));
    stem?.parse().ok()
}

/// The damaged files in `dir`, by name.
pub(crate) fn damaged_files(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(dir).map_err(StoreError::directory(dir))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> =
        paths.collect::<Result<_, _>>().map_err(StoreError::directory(dir))?;
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "damaged"));
    paths.sort();
    Ok(paths)
}
