//! One store: a journal and memory for the newest rows, and sealed segments beside them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Ages, Uptime};
use crate::error::StoreError;
use crate::identity::Identity;
use crate::layout::{create_dir, log_dir, segment_dir};
use crate::live::Live;
use crate::maintain::Maintenance;
use crate::metrics::Metrics;
use crate::resume::resume;
use crate::segment::{self, Footers};
use crate::writer::Writer;

/// What a store is made of.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Its directory; made when it does not exist.
    pub dir: PathBuf,
    /// Hot rows are sealed when there are this many; at most [`StoreConfig::MAX_SEGMENT_ROWS`].
    pub segment_rows: u64,
}

impl StoreConfig {
    /// More hot rows than this would take more memory than a host has.
    pub const MAX_SEGMENT_ROWS: u64 = 16 << 20;
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
    writer: Mutex<Writer>,
    /// Held by whoever seals and expires: one at a time.
    pub(crate) maintenance: Mutex<Maintenance>,
}

/// What a store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Spans that can be read.
    pub spans: u64,
    /// Segments among them.
    pub segments: u64,
    /// Bytes on disk of all that is in the store's directory, as of the last round of maintenance.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
    /// Spans that were stored and cannot be read, because a file is missing or damaged.
    pub damaged: u64,
}

impl Store {
    /// Opens the store at `config.dir`, or makes one.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it, [`StoreError::Directory`] and [`StoreError::Log`] when a file
    /// cannot be read or written, [`StoreError::SchemaVersion`] when another version of Coral wrote it.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_with(config, Uptime::Since(std::time::Instant::now()))
    }

    pub(crate) fn open_with(mut config: StoreConfig, uptime: Uptime) -> Result<Self, StoreError> {
        config.segment_rows = config.segment_rows.clamp(1, StoreConfig::MAX_SEGMENT_ROWS);
        for dir in [log_dir(&config.dir), segment_dir(&config.dir)] {
            create_dir(&dir).map_err(StoreError::directory(&dir))?;
        }
        // First of all, since it locks the directory against other processes.
        let identity = Identity::open(&config.dir)?;
        let footers = Arc::new(Footers::default());
        let segments = segment::load(&segment_dir(&config.dir), &footers)?;
        let segments = segments.into_iter().map(Arc::new).collect();
        let (writer, state) = resume(&log_dir(&config.dir), segments)?;
        let missing = state.missing();
        if missing > 0 {
            tracing::error!(
                n_spans = missing,
                "files are missing or damaged; their spans are lost"
            );
        }
        let live = Live::new(state, Ages::new(uptime.clone()));
        let metrics = Metrics::open(&config.dir, uptime)?;
        let maintenance = Mutex::new(Maintenance::default());
        let writer = Mutex::new(writer);
        let inner = Inner { config, identity, live, footers, metrics, writer, maintenance };
        inner.measure_disk()?;
        Ok(Self(Arc::new(inner)))
    }

    /// This store's identity: another one after its directory was wiped.
    pub fn id(&self) -> &str {
        self.0.identity.store_id()
    }

    /// What the store holds now. Waits for nothing that a disk may take long for.
    pub fn extent(&self) -> Extent {
        let state = self.0.live.read();
        Extent {
            spans: state.hot_rows() + state.segments.iter().map(|s| s.spans()).sum::<u64>(),
            segments: state.segments.len() as u64,
            bytes: self.0.live.disk_bytes(),
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
}
