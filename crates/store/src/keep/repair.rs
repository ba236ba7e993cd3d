//! Restores files that were set aside as damaged and turn out to be readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_engine::StoredSpan;
use coral_trace::{Span, UnixNanos};

use crate::disk;
use crate::error::{StoreError, chain};
use crate::layout::{metric_file_dir, segment_dir};
use crate::segment;
use crate::spans::Spans;

/// The result of a repair.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repaired {
    /// Spans that were stored again.
    pub spans: u64,
    /// Spans that were stored already.
    pub known: u64,
    /// Metric files that will be read when the store is next opened.
    pub metric_files: u64,
    /// Files that stay set aside, each with the reason.
    pub left: Vec<(PathBuf, String)>,
}

/// Stores the spans of readable segments that were set aside.
pub(crate) fn spans(spans: &Spans, now: UnixNanos) -> Result<Repaired, StoreError> {
    let mut repaired = Repaired::default();
    for path in segment::damaged_files(&segment_dir(&spans.dir))? {
        if path.to_string_lossy().ends_with(".spans.damaged") {
            match segment::read_all(&path, &spans.footers) {
                Ok(found) => {
                    store_again(spans, &path, found, now, &mut repaired)?;
                    spans.seal_all()?;
                }
                Err(error) => repaired.left.push((path, chain(&error))),
            }
        }
    }
    Ok(repaired)
}

/// Renames readable metric files of the store in `dir` back to their names.
pub(crate) fn metrics(dir: &Path, repaired: &mut Repaired) -> Result<(), StoreError> {
    for path in segment::damaged_files(&metric_file_dir(dir))? {
        match crate::metrics::restore(&path) {
            Ok(()) => repaired.metric_files += 1,
            Err(error) => repaired.left.push((path, chain(&error))),
        }
    }
    Ok(())
}

fn store_again(
    spans: &Spans,
    path: &Path,
    found: Vec<StoredSpan>,
    now: UnixNanos,
    repaired: &mut Repaired,
) -> Result<(), StoreError> {
    let mut by_agent: BTreeMap<Arc<str>, Vec<Span>> = BTreeMap::new();
    for stored in found {
        by_agent.entry(stored.agent_id).or_default().push(stored.span);
    }
    for (agent_id, group) in by_agent {
        for appended in spans.commit(&[group], &agent_id, now)? {
            repaired.spans += appended.new;
            repaired.known += appended.duplicate;
        }
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    for file in [path, &path.with_file_name(name.replace(".spans.", ".traces."))] {
        disk::remove(file).map_err(StoreError::directory(file))?;
    }
    Ok(())
}
