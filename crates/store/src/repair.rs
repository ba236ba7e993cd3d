//! Bringing back what was put aside as damaged, where it turns out to be whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_trace::{Span, UnixNanos};

use crate::disk;
use crate::error::{StoreError, chain};
use crate::layout::{metric_file_dir, segment_dir};
use crate::metrics;
use crate::segment;
use crate::store::Store;

/// What became of the damaged files of a store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repaired {
    /// Spans that are stored again.
    pub spans: u64,
    /// Spans that had been stored again already.
    pub known: u64,
    /// Files of metrics that are read again when the store is opened next.
    pub metric_files: u64,
    /// Files that stay aside, each with the reason.
    pub left: Vec<(PathBuf, String)>,
}

impl Store {
    /// Stores the spans of every damaged segment that can be read from its beginning to its end once more, as received
    /// at `now`, and removes its files; gives whole files of metrics their names back. Spans that were stored again
    /// since are not stored twice. No other process may have the store.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, and the same call goes on from there.
    pub fn repair(&self, now: UnixNanos) -> Result<Repaired, StoreError> {
        let mut repaired = Repaired::default();
        let dir = segment_dir(&self.0.config.dir);
        for path in damaged(&dir)? {
            if path.to_string_lossy().ends_with(".spans.damaged") {
                match segment::read_all(&path, &self.0.footers) {
                    Ok(spans) => self.store_again(&path, spans, now, &mut repaired)?,
                    Err(error) => repaired.left.push((path, chain(&error))),
                }
            }
        }
        self.seal()?;
        for path in damaged(&metric_file_dir(&self.0.config.dir))? {
            match metrics::restore(&path) {
                Ok(()) => repaired.metric_files += 1,
                Err(error) => repaired.left.push((path, chain(&error))),
            }
        }
        Ok(repaired)
    }

    fn store_again(
        &self,
        path: &Path,
        spans: Vec<crate::StoredSpan>,
        now: UnixNanos,
        repaired: &mut Repaired,
    ) -> Result<(), StoreError> {
        let mut by_agent: BTreeMap<Arc<str>, Vec<Span>> = BTreeMap::new();
        for stored in spans {
            by_agent.entry(stored.agent_id).or_default().push(stored.span);
        }
        for (agent_id, spans) in by_agent {
            for appended in self.0.commit(&[spans], &agent_id, now, None)? {
                repaired.spans += appended.new;
                repaired.known += appended.duplicate;
            }
        }
        let traces = path.with_file_name(path.file_name().map_or_else(String::new, |name| {
            name.to_string_lossy().replace(".spans.", ".traces.")
        }));
        for file in [path, &traces] {
            disk::remove(file).map_err(StoreError::directory(file))?;
        }
        Ok(())
    }
}

/// The damaged files in `dir`, in order of their names.
fn damaged(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(dir).map_err(StoreError::directory(dir))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> =
        paths.collect::<Result<_, _>>().map_err(StoreError::directory(dir))?;
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "damaged"));
    paths.sort();
    Ok(paths)
}
