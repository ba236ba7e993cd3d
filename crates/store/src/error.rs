//! Errors of a store.

use std::io::ErrorKind;
use std::path::PathBuf;

use coral_engine::{BudgetError, EngineError};
use parquet::errors::ParquetError;

/// Why a call to the store failed. A failed call changes nothing, unless its documentation says
/// otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A directory or file of the store cannot be created, listed, read, written or renamed.
    #[error("cannot use the store directory `{path}`")]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// Another process has opened the store.
    #[error("another process holds `{path}`: a store belongs to one process at a time")]
    Locked {
        /// The file that the other process has locked.
        path: PathBuf,
    },
    /// `store.json` cannot be parsed: it was edited or is damaged.
    #[error(
        "cannot parse `{path}`: restore this file from a backup, or delete only this file: no span is \
         lost, but the store gets a new id, and colonies poll it again from the start"
    )]
    Identity {
        /// The file.
        path: PathBuf,
        /// The parse error.
        source: serde_json::Error,
    },
    /// Another version of Coral wrote this store.
    #[error(
        "`{path}` has schema version {found}; this build needs {needed}. Start the Coral \
         that wrote it, or name another data directory"
    )]
    SchemaVersion {
        /// The file that holds the version.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The version that this build reads and writes.
        needed: u32,
    },
    /// The log cannot be written or read; usually the disk is full.
    #[error("cannot use the log `{path}`")]
    Log {
        /// The log.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A Parquet file (of a segment or of metrics) cannot be written or read: the disk is full, or
    /// the file is damaged.
    #[error("cannot use the segment file `{path}`")]
    Segment {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: ParquetError,
    },
    /// The store refuses rows, because sealing has failed for some time and more hot rows would
    /// fill the memory.
    #[error("cannot seal {hot_rows} rows: see the log for the reason; usually the disk is full")]
    CannotSeal {
        /// The number of hot rows.
        hot_rows: u64,
    },
    /// A stored segment cannot be read. The store sets the segment aside and continues without it.
    #[error("cannot read segment {id}")]
    SegmentUnreadable {
        /// The number of the segment.
        id: u64,
        /// The receipt of its last row: a segment may have the number of one that was merged into it.
        last_receipt: u64,
        /// The reason.
        source: Box<StoreError>,
    },
    /// A stored value is invalid: the file is damaged or was edited.
    #[error("column `{column}` holds {found}, which this build never writes")]
    Damaged {
        /// The column.
        column: &'static str,
        /// The invalid value.
        found: String,
    },
    /// The question was cancelled, or exceeds its budget.
    #[error(transparent)]
    OverBudget(#[from] BudgetError),
}

impl StoreError {
    /// Wraps an I/O error of the log `path`.
    pub(crate) fn log(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Log { path, source }
    }

    /// Wraps a Parquet error of the segment file `path`.
    pub(crate) fn segment(path: impl Into<PathBuf>) -> impl FnOnce(ParquetError) -> Self {
        let path = path.into();
        move |source| Self::Segment { path, source }
    }

    /// If the error means damage, wraps it as [`SegmentUnreadable`](Self::SegmentUnreadable) of
    /// the segment with these first and last receipts. Other errors, such as too many open files or too little memory, are returned
    /// unchanged.
    pub(crate) fn unreadable((id, last_receipt): (u64, u64)) -> impl FnOnce(Self) -> Self {
        move |source| match source.is_damage() {
            true => Self::SegmentUnreadable { id, last_receipt, source: Box::new(source) },
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

    /// Wraps an I/O error of the directory or file `path`.
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

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
