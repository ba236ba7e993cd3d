//! What can go wrong with a store.

use std::io::ErrorKind;
use std::path::PathBuf;

use coral_engine::{BudgetError, EngineError};
use parquet::errors::ParquetError;

/// Why the store did not do what was asked. Nothing was changed by the call that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, listed or written.
    #[error("cannot use the store directory `{path}`")]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error("another process holds `{path}`: a store belongs to one process at a time")]
    Locked {
        /// The file that the other process has locked.
        path: PathBuf,
    },
    /// The file that says which store this is cannot be understood: somebody edited it, or it is damaged.
    #[error("cannot understand `{path}`")]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A newer or older Coral wrote this store.
    #[error(
        "`{path}` has schema version {found}; this build needs {needed}. Start the Coral \
         that wrote it, or name another data directory"
    )]
    SchemaVersion {
        /// The file that says so.
        path: PathBuf,
        /// The version that stands in it.
        found: u32,
        /// The version of this build.
        needed: u32,
    },
    /// The log cannot be written or read: most often a full disk.
    #[error("cannot use the log `{path}`")]
    Log {
        /// The log.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// A segment cannot be written or read: a full disk, or a damaged file.
    #[error("cannot use the segment file `{path}`")]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ParquetError,
    },
    /// Rows cannot be sealed for some time; more of them would fill the memory.
    #[error(
        "{hot_rows} rows wait to be sealed and cannot be: see the log for the reason; most often the \
         disk is full"
    )]
    CannotSeal {
        /// How many there are.
        hot_rows: u64,
    },
    /// A segment that exists cannot be read. The store puts it aside and goes on without it.
    #[error("cannot read segment {id}")]
    SegmentUnreadable {
        /// Its number.
        id: u64,
        /// What is wrong with it.
        source: Box<StoreError>,
    },
    /// A stored value is not what was written: the file is damaged or was edited.
    #[error("column `{column}` holds {found}, which this build never writes")]
    Damaged {
        /// The column.
        column: &'static str,
        /// What was found instead.
        found: String,
    },
    /// The question was cancelled, or costs more than it may.
    #[error(transparent)]
    OverBudget(#[from] BudgetError),
}

impl StoreError {
    /// Names the log that failed.
    pub(crate) fn log(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Log { path, source }
    }

    /// Names the segment file that failed.
    pub(crate) fn segment(path: impl Into<PathBuf>) -> impl FnOnce(ParquetError) -> Self {
        let path = path.into();
        move |source| Self::Segment { path, source }
    }

    /// Says which segment could not be read, when that is the segment's fault: what it holds is damaged, and
    /// not the process short of files or memory.
    pub(crate) fn unreadable(id: u64) -> impl FnOnce(Self) -> Self {
        move |source| match source.is_damage() {
            true => Self::SegmentUnreadable { id, source: Box::new(source) },
            false => source,
        }
    }

    pub(crate) fn is_damage(&self) -> bool {
        let of_file = |error: &std::io::Error| {
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof)
        };
        match self {
            Self::Damaged { .. } => true,
            Self::Directory { source, .. } => of_file(source),
            Self::Segment { source: ParquetError::External(cause), .. } => {
                cause.downcast_ref().is_none_or(of_file)
            }
            Self::Segment { .. } => true,
            _ => false,
        }
    }

    /// Names the directory or file that failed.
    pub(crate) fn directory(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Directory { path, source }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OverBudget(error) => Self::OverBudget(error),
            error @ StoreError::SegmentUnreadable { .. } => Self::damaged(error),
            error if error.is_damage() => Self::damaged(error),
            error => Self::unavailable(error),
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
