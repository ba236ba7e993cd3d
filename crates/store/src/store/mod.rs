//! One store, as its users have it: spans and metrics in one directory. What it does is done below, by
//! [`Spans`] and [`Metrics`], which know nothing of it.

mod engine;
mod metrics;
mod read;
mod spans;

use std::path::PathBuf;
use std::sync::Arc;

use coral_engine::Extent;

use crate::clock::Uptime;
use crate::error::StoreError;
use crate::identity::Identity;
use crate::layout::create_dir;
use crate::metrics::Metrics;
use crate::spans::Spans;

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
    identity: Identity,
    pub(crate) spans: Spans,
    pub(crate) metrics: Metrics,
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
        create_dir(&config.dir).map_err(StoreError::directory(&config.dir))?;
        // First of all, since it locks the directory against other processes.
        let identity = Identity::open(&config.dir)?;
        let spans = Spans::open(&config.dir, config.segment_rows, uptime.clone())?;
        let metrics = Metrics::open(&config.dir, uptime)?;
        // Spans are kept also where nobody can ask in SQL.
        if let Err(error) = crate::sql::prepare(&config.dir) {
            let error = crate::error::chain(&error);
            tracing::warn!(error, "could not write the files that SQL needs");
        }
        spans.measure_disk()?;
        Ok(Self(Arc::new(Inner { config, identity, spans, metrics })))
    }

    /// This store's identity: another one after its directory was wiped.
    pub fn id(&self) -> &str {
        self.0.identity.store_id()
    }

    /// What the store holds now. Waits for nothing that a disk may take long for.
    pub fn extent(&self) -> Extent {
        self.0.spans.extent()
    }
}
