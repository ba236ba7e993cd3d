//! A store: spans and metrics in one directory. Calls are delegated to [`Spans`] and [`Metrics`],
//! which do not depend on this module.

mod engine;
mod metrics;
mod read;
mod spans;

use std::path::PathBuf;
use std::sync::Arc;

use coral_engine::Extent;

use crate::clock::Uptime;
use crate::coverage::CoverageTimeline;
use crate::error::StoreError;
use crate::identity::Identity;
use crate::layout::create_dir;
use crate::metrics::Metrics;
use crate::spans::Spans;

/// Settings of a store.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The directory, which is created if it does not exist.
    pub dir: PathBuf,
    /// Number of hot rows at which a seal is due; at most [`StoreConfig::MAX_SEGMENT_ROWS`].
    pub segment_rows: u64,
}

impl StoreConfig {
    /// The greatest `segment_rows`. More hot rows would exceed the memory of most hosts.
    pub const MAX_SEGMENT_ROWS: u64 = 16 << 20;
    /// The `segment_bytes` of an agent, see [`Store::open_within`]. 163,840 usual spans hold less, so
    /// that usual spans are sealed by their number. An agent runs beside what it observes, and must
    /// stay small.
    pub const AGENT_SEGMENT_BYTES: u64 = 64 << 20;
    /// The `segment_bytes` of a colony, which has a host for itself: fewer and larger segments make
    /// answers faster.
    pub const COLONY_SEGMENT_BYTES: u64 = 256 << 20;
}

/// A handle to a store. Cheap to clone; every call blocks.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    identity: Identity,
    pub(crate) spans: Spans,
    pub(crate) metrics: Metrics,
    pub(crate) coverage: CoverageTimeline,
}

impl Store {
    /// Opens the store at `config.dir`, or creates one.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has opened the store,
    /// [`StoreError::Directory`], [`StoreError::Log`] and [`StoreError::Segment`] when a file
    /// cannot be read or written, [`StoreError::Identity`] when `store.json` cannot be parsed,
    /// [`StoreError::SchemaVersion`] when another version of Coral wrote the store.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_within(config, StoreConfig::COLONY_SEGMENT_BYTES)
    }

    /// Opens the store like [`open`](Self::open). Hot rows that hold `segment_bytes` of memory are
    /// sealed before they are `segment_rows`, so that large spans do not fill the memory.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_within(config: StoreConfig, segment_bytes: u64) -> Result<Self, StoreError> {
        Self::open_with(config, segment_bytes, Uptime::Since(std::time::Instant::now()))
    }

    pub(crate) fn open_with(
        mut config: StoreConfig,
        segment_bytes: u64,
        uptime: Uptime,
    ) -> Result<Self, StoreError> {
        config.segment_rows = config.segment_rows.clamp(1, StoreConfig::MAX_SEGMENT_ROWS);
        create_dir(&config.dir).map_err(StoreError::directory(&config.dir))?;
        // First, because this locks the directory against other processes.
        let identity = Identity::open(&config.dir)?;
        let limits = (config.segment_rows, segment_bytes);
        let spans = Spans::open(&config.dir, limits, uptime.clone())?;
        let metrics = Metrics::open(&config.dir, uptime.clone())?;
        let coverage = CoverageTimeline::open(&config.dir, uptime)?;
        // A failure is only logged, because a store works without SQL.
        if let Err(error) = crate::sql::prepare(&config.dir) {
            let error = crate::error::chain(&error);
            tracing::warn!(error, "could not write the files for SQL");
        }
        spans.measure_disk()?;
        Ok(Self(Arc::new(Inner { config, identity, spans, metrics, coverage })))
    }

    /// The store id. A directory whose files were deleted gets a new store id.
    pub fn id(&self) -> &str {
        self.0.identity.store_id()
    }

    /// What the store holds now. Does not wait for the disk.
    pub fn extent(&self) -> Extent {
        self.0.spans.extent()
    }
}
