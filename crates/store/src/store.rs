//! One store: a log and memory for the newest rows, and sealed segments beside them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::StoreError;
use crate::identity::Identity;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::segment::{self, Footers};
use crate::writer::Writer;

/// What a store is made of.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Its directory; made when it does not exist.
    pub dir: PathBuf,
    /// Hot rows are sealed when there are this many; at most [`StoreConfig::MOST_SEGMENT_ROWS`].
    pub segment_rows: u64,
}

impl StoreConfig {
    /// More hot rows than this would take more memory than a host has.
    pub const MOST_SEGMENT_ROWS: u64 = 16 << 20;
}

/// A handle to a store. Cheap to clone; every call blocks.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) identity: Identity,
    pub(crate) live: Live,
    pub(crate) footers: Arc<Footers>,
    pub(crate) metrics: Metrics,
    pub(crate) writer: Mutex<Writer>,
    /// Held by whoever seals and expires: one at a time.
    pub(crate) maintenance: Mutex<()>,
}

/// What a store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Spans that can be read.
    pub spans: u64,
    /// Segments among them.
    pub segments: u64,
    /// Bytes on disk: logs and segments.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Spans that were stored and cannot be read, because a segment is missing or damaged.
    pub damaged: u64,
}

impl Store {
    /// Opens the store at `config.dir`, or makes one.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it, [`StoreError::Directory`], [`StoreError::Log`], or [`StoreError::SchemaVersion`] when another version of Coral wrote it.
    pub fn open(mut config: StoreConfig) -> Result<Self, StoreError> {
        config.segment_rows = config.segment_rows.clamp(1, StoreConfig::MOST_SEGMENT_ROWS);
        for dir in [log_dir(&config.dir), segment_dir(&config.dir)] {
            std::fs::create_dir_all(&dir).map_err(StoreError::directory(&dir))?;
        }
        // First of all, since it locks the directory against other processes.
        let identity = Identity::open(&config.dir)?;
        let footers = Arc::new(Footers::default());
        let segments = segment::load(&segment_dir(&config.dir), &footers)?;
        let segments = segments.into_iter().map(Arc::new).collect();
        let (writer, live) = Writer::resume(&log_dir(&config.dir), segments)?;
        let missing = live.read().missing();
        if missing > 0 {
            tracing::error!(
                n_spans = missing,
                "segments are missing or damaged; their spans are lost"
            );
        }
        let metrics = Metrics::open(&config.dir)?;
        // Spans are kept also where nobody can ask in SQL.
        if let Err(error) = crate::sql::prepare(&config.dir) {
            let error = crate::error::chain(&error);
            tracing::warn!(error, "could not write the files that SQL needs");
        }
        let (writer, maintenance) = (Mutex::new(writer), Mutex::default());
        Ok(Self(Arc::new(Inner { config, identity, live, footers, metrics, writer, maintenance })))
    }

    /// This store's identity: another one after its directory was wiped.
    pub fn id(&self) -> &str {
        self.0.identity.store_id()
    }

    /// What the store holds now.
    pub fn extent(&self) -> Extent {
        let hot_bytes = self.0.hot_bytes();
        let state = self.0.live.read();
        Extent {
            spans: state.hot_rows() + state.segments.iter().map(|s| s.spans()).sum::<u64>(),
            segments: state.segments.len() as u64,
            bytes: hot_bytes + state.segments.iter().map(|s| s.bytes).sum::<u64>(),
            last_receipt: state.last_receipt(),
            first_receipt: state.first_receipt(),
            damaged: state.missing() + self.0.live.damaged(),
        }
    }
}

impl Inner {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of what is not in a segment: logs and metrics.
    pub(crate) fn hot_bytes(&self) -> u64 {
        let logs = directory_bytes(&log_dir(&self.config.dir));
        logs + self.metrics.bytes(&self.config.dir)
    }

    /// Runs `read`, and again without a segment that it found to be unreadable.
    pub(crate) fn reading<T>(
        &self,
        mut read: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match read() {
                Err(StoreError::SegmentUnreadable { id, source }) => {
                    let error = crate::error::chain(&source);
                    tracing::error!(
                        segment = id,
                        error,
                        "a segment cannot be read; it is put aside"
                    );
                    self.live.drop_damaged(id);
                }
                outcome => return outcome,
            }
        }
    }
}

/// Where logs are.
pub(crate) fn log_dir(dir: &Path) -> PathBuf {
    dir.join("log")
}

/// Where segments are.
pub(crate) fn segment_dir(dir: &Path) -> PathBuf {
    dir.join("segments")
}

pub(crate) fn directory_bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.len()).sum()
}
