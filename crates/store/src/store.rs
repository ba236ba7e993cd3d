//! One store: a database for the newest rows, and sealed segments beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_trace::UnixNanos;
use duckdb::Connection;

use crate::error::StoreError;
use crate::origins::Origins;
use crate::readers::Readers;
use crate::schema::{self, Resources};
use crate::seen::{self, Seen};
use crate::segment::{Catalogue, Segment, SegmentFiles};
use crate::statement::{HOT_EXTENT, HOT_KEYS, HOT_ORIGINS};

/// What a store is made of.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Its directory; made when it does not exist.
    pub dir: PathBuf,
    /// Memory and threads for DuckDB.
    pub resources: Resources,
    /// Hot rows are sealed when there are this many.
    pub segment_rows: u64,
}

/// A handle to a store. Cheap to clone; every call blocks.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: StoreConfig,
    pub(crate) id: String,
    pub(crate) receipts: Receipts,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) readers: Readers,
    pub(crate) catalogue: Catalogue,
    /// Held by whoever seals and expires: one at a time.
    pub(crate) maintenance: Mutex<()>,
}

/// What the next commit builds on.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    /// The next receipt to give out.
    pub(crate) next_receipt: u64,
    pub(crate) origins: Origins,
    pub(crate) seen: Seen,
    /// When the oldest hot row was received.
    pub(crate) hot_since: Option<UnixNanos>,
}

/// Which receipts are where, for readers that must not wait for a commit.
pub(crate) struct Receipts {
    /// The newest that is committed.
    last: AtomicU64,
    /// The oldest in hot rows; one above `last` when there are none.
    first_hot: AtomicU64,
}

/// What a store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Extent {
    /// Spans that can be read.
    pub spans: u64,
    /// Segments among them.
    pub segments: u64,
    /// Bytes on disk: database, log and segments.
    pub bytes: u64,
    /// The newest receipt given out; 0 before the first.
    pub last_receipt: u64,
    /// The oldest receipt still stored; `last_receipt + 1` when there is none.
    pub first_receipt: u64,
}

impl Store {
    /// Opens the store at `config.dir`, or makes one.
    ///
    /// # Errors
    /// [`StoreError::Directory`], [`StoreError::Open`] (another process has it, or it is damaged), or
    /// [`StoreError::SchemaVersion`] when another version of Coral wrote it.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        let (connection, meta) = schema::open(&config.dir, &config.resources)?;
        let segments = config.dir.join("segments");
        let catalogue = Catalogue::load(&connection, &segments)?;
        sweep_orphans(&segments, &catalogue.current())?;
        let clone = || connection.try_clone().map_err(StoreError::statement("clone connection"));
        let readers = Readers::of(clone()?);
        let (writer, hot_rows) = Writer::resume(clone()?, meta.next_receipt)?;
        Ok(Self(Arc::new(Inner {
            config,
            id: meta.store_id,
            receipts: Receipts {
                last: AtomicU64::new(writer.next_receipt - 1),
                first_hot: AtomicU64::new(writer.next_receipt - hot_rows),
            },
            writer: Mutex::new(writer),
            readers,
            catalogue,
            maintenance: Mutex::default(),
        })))
    }

    /// This store's identity: another one after its directory was wiped.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What the store holds now.
    pub fn extent(&self) -> Extent {
        let segments = self.0.catalogue.current();
        let receipts = &self.0.receipts;
        Extent {
            spans: receipts.hot_rows() + segments.iter().map(|segment| segment.spans).sum::<u64>(),
            segments: segments.len() as u64,
            bytes: self.0.database_bytes() + segments.iter().map(|s| s.bytes).sum::<u64>(),
            last_receipt: receipts.last(),
            first_receipt: first_receipt(&segments, receipts),
        }
    }
}

/// The oldest receipt still stored.
pub(crate) fn first_receipt(segments: &[Arc<Segment>], receipts: &Receipts) -> u64 {
    segments.first().map_or(receipts.first_hot(), |oldest| oldest.first_receipt)
}

impl Receipts {
    /// The newest receipt whose row can be read.
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    /// The oldest receipt in hot rows.
    pub(crate) fn first_hot(&self) -> u64 {
        self.first_hot.load(Ordering::Acquire)
    }

    /// How many rows are hot: every receipt was given to a row.
    pub(crate) fn hot_rows(&self) -> u64 {
        (self.last() + 1).saturating_sub(self.first_hot())
    }

    /// Rows up to `last` are committed.
    pub(crate) fn publish(&self, last: u64) {
        self.last.store(last, Ordering::Release);
    }

    /// Rows up to `last` are sealed.
    pub(crate) fn sealed(&self, last: u64) {
        self.first_hot.store(last + 1, Ordering::Release);
    }
}

impl Inner {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn segment_dir(&self) -> PathBuf {
        self.config.dir.join("segments")
    }

    /// Bytes of the database and its log.
    pub(crate) fn database_bytes(&self) -> u64 {
        ["coral.duckdb", "coral.duckdb.wal"]
            .iter()
            .filter_map(|name| std::fs::metadata(self.config.dir.join(name)).ok())
            .map(|file| file.len())
            .sum()
    }

    /// Files to read for the segments that `wanted` picks, as the text of an SQL list.
    pub(crate) fn span_files(
        &self,
        segments: &[Arc<Segment>],
        wanted: impl Fn(&Segment) -> bool,
    ) -> String {
        self.files(segments, wanted, |files| &files.spans)
    }

    /// As [`Self::span_files`], for the segments' trace parts.
    pub(crate) fn part_files(
        &self,
        segments: &[Arc<Segment>],
        wanted: impl Fn(&Segment) -> bool,
    ) -> String {
        self.files(segments, wanted, |files| &files.parts)
    }

    fn files(
        &self,
        segments: &[Arc<Segment>],
        wanted: impl Fn(&Segment) -> bool,
        kind: impl Fn(&SegmentFiles) -> &Path,
    ) -> String {
        let picked: Vec<_> = segments
            .iter()
            .filter(|segment| wanted(segment))
            .map(|segment| &segment.files)
            .collect();
        if picked.is_empty() {
            return sql_list([kind(&SegmentFiles::empty(&self.segment_dir())).display()]);
        }
        sql_list(picked.into_iter().map(|files| kind(files).display()))
    }
}

/// The text that DuckDB casts to a list.
pub(crate) fn sql_list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items
        .into_iter()
        .map(|item| format!("'{}'", item.to_string().replace('\'', "\\'")))
        .collect();
    format!("[{}]", items.join(", "))
}

impl Writer {
    /// A writer that goes on where the last process stopped, and the number of hot rows.
    fn resume(connection: Connection, next_receipt: u64) -> Result<(Self, u64), StoreError> {
        let failed = StoreError::statement(HOT_EXTENT.name);
        let (hot_rows, last, since): (u64, Option<u64>, Option<i64>) = connection
            .query_row(HOT_EXTENT.sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(failed)?;
        let first_origin = connection
            .query_row(HOT_ORIGINS.sql, [], |row| row.get(0))
            .map_err(StoreError::statement(HOT_ORIGINS.name))?;
        let seen = hot_keys(&connection)?;
        let writer = Self {
            connection,
            next_receipt: last.map_or(next_receipt, |last| next_receipt.max(last + 1)),
            origins: Origins::starting_at(first_origin),
            seen,
            hot_since: since.map(UnixNanos::from_micros),
        };
        Ok((writer, hot_rows))
    }
}

fn hot_keys(connection: &Connection) -> Result<Seen, StoreError> {
    let failed = || StoreError::statement(HOT_KEYS.name);
    let mut seen = Seen::default();
    let mut statement = connection.prepare(HOT_KEYS.sql).map_err(failed())?;
    for batch in statement.query_arrow([]).map_err(failed())? {
        let (traces, spans) = (crate::row::uuids(&batch, 0)?, crate::row::numbers(&batch, 1)?);
        for (trace, span) in traces.iter().flatten().zip(spans.values()) {
            let trace: [u8; 16] = trace.try_into().expect("a UUID has 16 bytes");
            seen.insert(seen::join(u128::from_be_bytes(trace), *span));
        }
    }
    Ok(seen)
}

/// Removes files that a crash left between writing and cataloguing.
fn sweep_orphans(dir: &Path, segments: &[Arc<Segment>]) -> Result<(), StoreError> {
    let known: Vec<&PathBuf> =
        segments.iter().flat_map(|segment| [&segment.files.spans, &segment.files.parts]).collect();
    let empty = SegmentFiles::empty(dir);
    for entry in std::fs::read_dir(dir).map_err(StoreError::directory(dir))? {
        let path = entry.map_err(StoreError::directory(dir))?.path();
        let ours = path.extension().is_some_and(|kind| kind == "parquet" || kind == "tmp");
        if ours && path != empty.spans && path != empty.parts && !known.contains(&&path) {
            tracing::info!(file = %path.display(), "removing a file that no catalogue entry names");
            std::fs::remove_file(&path).map_err(StoreError::directory(&path))?;
        }
    }
    Ok(())
}
