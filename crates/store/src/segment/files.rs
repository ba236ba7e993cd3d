//! The files of a segment, and their names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::disk;
use crate::error::StoreError;

/// Paths of a segment's files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentFiles {
    pub(crate) spans: PathBuf,
    pub(crate) traces: PathBuf,
    /// See [`index`](super::index).
    pub(crate) index: PathBuf,
    /// See [`CallsFile`](super::CallsFile).
    pub(crate) calls: PathBuf,
    /// See [`values`](super::values).
    pub(crate) values: PathBuf,
    /// See [`GroupFooters`](super::GroupFooters).
    pub(crate) footers: PathBuf,
}

/// What the names of a segment's files begin with: the receipt of its first row, and if it was merged
/// of others, that of its last row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SegmentName {
    first: u64,
    last: Option<u64>,
}

impl SegmentFiles {
    /// The files in `dir` of the segment with this name.
    pub(crate) fn of(dir: &Path, name: SegmentName) -> Self {
        Self {
            spans: dir.join(format!("{name}.spans.parquet")),
            traces: dir.join(format!("{name}.traces.parquet")),
            index: dir.join(format!("{name}.index")),
            calls: dir.join(format!("{name}.calls")),
            values: dir.join(format!("{name}.values")),
            footers: dir.join(format!("{name}.footers")),
        }
    }

    /// The files that repeat what the Parquet files say.
    pub(super) fn derived(&self) -> [&PathBuf; 4] {
        [&self.index, &self.values, &self.calls, &self.footers]
    }

    /// Removes the spans file, then the other files. If the spans file cannot be removed, both
    /// files stay and are loaded again when the store is next opened. Other files that stay without
    /// it are removed then.
    pub(super) fn remove(&self) {
        for file in [&self.spans, &self.traces].into_iter().chain(self.derived()) {
            if let Err(error) = disk::remove(file) {
                tracing::warn!(%error, file = %file.display(), "could not remove an expired segment");
                // A spans file without a traces file would count as a damaged segment.
                return;
            }
        }
    }

    /// Removes the files.
    ///
    /// # Errors
    /// [`StoreError::Directory`] when the spans file stays.
    pub(crate) fn remove_completely(&self) -> Result<(), StoreError> {
        disk::remove(&self.spans).map_err(StoreError::directory(&self.spans))?;
        self.remove();
        Ok(())
    }

    /// Renames the Parquet files so that [`load`](fn@super::load) ignores them, for inspection or
    /// repair.
    pub(super) fn put_aside(&self) {
        for file in [&self.spans, &self.traces] {
            if let Err(error) = disk::rename(file, &damaged_name(file)) {
                tracing::warn!(%error, file = %file.display(), "could not set a damaged file aside");
            }
        }
        for file in self.derived() {
            if let Err(error) = disk::remove(file) {
                tracing::debug!(%error, file = %file.display(), "a file of a damaged segment stays until the next start");
            }
        }
    }
}

impl SegmentName {
    /// The name of a segment that was merged of others.
    pub(crate) fn merged(first: u64, last: u64) -> Self {
        Self { first, last: Some(last) }
    }

    /// The receipt of the segment's first row.
    pub(super) fn first(self) -> u64 {
        self.first
    }

    /// The receipt of its last row; of a segment that was not merged, that of its first row.
    pub(super) fn last(self) -> u64 {
        self.last.unwrap_or(self.first)
    }

    /// The name of the segment whose spans file is at `path`; `None` if `path` is no spans file.
    pub(super) fn of_spans_file(path: &Path) -> Option<Self> {
        path.file_name()?.to_str()?.strip_suffix(".spans.parquet")?.parse().ok()
    }
}

/// The name of a segment that was sealed.
impl From<u64> for SegmentName {
    fn from(first: u64) -> Self {
        Self { first, last: None }
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:012}", self.first)?;
        self.last.map_or(Ok(()), |last| write!(to, "-{last:012}"))
    }
}

impl FromStr for SegmentName {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (first, Some(last.parse()?)),
            None => (text, None),
        };
        Ok(Self { first: first.parse()?, last })
    }
}

/// The name of a damaged file.
pub(crate) fn damaged_name(file: &Path) -> PathBuf {
    file.with_extension("damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for (name, text) in [
            (SegmentName::from(7), "000000000007"),
            (SegmentName::merged(7, 4_000), "000000000007-000000004000"),
            (SegmentName::from(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse(), Ok(name));
        }
        for text in ["", "-", "7-", "-7", "a", "7-8-9"] {
            assert!(text.parse::<SegmentName>().is_err(), "{text}");
        }
    }
}
