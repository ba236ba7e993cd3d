//! Loads the segments of a store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Footers, Opened, Segment, SegmentFiles, SegmentName};
use crate::disk;
use crate::error::StoreError;
use crate::layout::MERGE_DIR;
use crate::parallel;

/// Loads all segments in `dir`, oldest first. Partial files are removed, and so are segments that a
/// merged segment replaces. Unreadable segments are set aside with a log entry, so that everything
/// else stays readable.
///
/// # Errors
/// [`StoreError::Directory`] when `dir` or a file cannot be read, which does not mean damage.
pub(crate) fn load(dir: &Path, footers: &Arc<Footers>) -> Result<Vec<Opened>, StoreError> {
    let names: Vec<SegmentName> = sweep(dir)?.into_iter().collect();
    let opened = parallel::map(&names, |name| Segment::open(SegmentFiles::of(dir, *name), footers));
    let mut loaded: Vec<(SegmentName, Result<Opened, StoreError>)> =
        names.into_iter().zip(opened).collect();
    remove_replaced(dir, &mut loaded);
    let mut segments = Vec::new();
    for (name, opened) in loaded {
        match opened {
            Ok(opened) => segments.push(opened),
            Err(error) if error.is_damage() => {
                let files = SegmentFiles::of(dir, name);
                let error = crate::error::chain(&error);
                let file = files.spans.display();
                tracing::error!(%file, error, "a damaged segment was set aside");
                files.put_aside();
            }
            // The error does not indicate damage, so all files stay.
            Err(error) => return Err(error),
        }
    }
    Ok(segments)
}

/// Removes segments whose rows are also in a merged segment, which stay if a process ends before they
/// are removed, or while a reader holds them.
fn remove_replaced(dir: &Path, loaded: &mut Vec<(SegmentName, Result<Opened, StoreError>)>) {
    let readable = loaded.iter().filter_map(|(name, opened)| {
        let segment = &opened.as_ref().ok()?.segment;
        Some((*name, segment.id(), segment.extent.last_receipt))
    });
    let readable: Vec<(SegmentName, u64, u64)> = readable.collect();
    loaded.retain(|(name, opened)| {
        let last = match opened {
            Ok(opened) => opened.segment.extent.last_receipt,
            Err(error) if error.is_damage() => name.last(),
            Err(_) => return true,
        };
        let is_replaced = readable.iter().any(|(other, first, other_last)| {
            other != name && *first <= name.first() && last <= *other_last
        });
        if is_replaced {
            let files = SegmentFiles::of(dir, *name);
            tracing::info!(file = %files.spans.display(), "removing a segment whose rows were merged");
            files.remove();
        }
        !is_replaced
    });
}

/// The names of segments with a spans file, in order. Removes files that belong to no segment.
fn sweep(dir: &Path) -> Result<BTreeSet<SegmentName>, StoreError> {
    let failed = || StoreError::directory(dir);
    remove_merge_dir(dir);
    let entries = std::fs::read_dir(dir).map_err(failed())?;
    let paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>().map_err(failed())?;
    let names: BTreeSet<SegmentName> =
        paths.iter().filter_map(|path| SegmentName::of_spans_file(path)).collect();
    let belongs = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let stem = name.and_then(|name| name.split_once('.')).map(|(stem, _)| stem);
        stem.and_then(|stem| stem.parse().ok()).is_some_and(|name| names.contains(&name))
    };
    for path in &paths {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if kind == "tmp"
            || (["parquet", "index", "values", "calls", "footers"].contains(&kind)
                && !belongs(path))
        {
            tracing::info!(file = %path.display(), "removing a partial file after a crash");
            if let Err(error) = disk::remove(path) {
                tracing::warn!(%error, file = %path.display(), "could not remove a partial file after a crash");
            }
        }
    }
    Ok(names)
}

/// Removes the files of a merge that did not end.
pub(super) fn remove_merge_dir(dir: &Path) {
    let merge_dir = dir.join(MERGE_DIR);
    match std::fs::remove_dir_all(&merge_dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, dir = %merge_dir.display(), "could not remove the files of a merge that did not end");
        }
        _ => {}
    }
}
