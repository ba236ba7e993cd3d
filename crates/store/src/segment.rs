//! Sealed segments: immutable Parquet files, and the catalogue that says which exist.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coral_trace::{TraceId, UnixNanos};
use duckdb::Connection;
use fastbloom::BloomFilter;

use crate::error::StoreError;
use crate::statement::SEGMENTS;

/// One sealed segment. Its files are removed when it has been retired and nobody reads it any more.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) id: u64,
    pub(crate) first_receipt: u64,
    pub(crate) last_receipt: u64,
    pub(crate) first_received: UnixNanos,
    pub(crate) last_received: UnixNanos,
    /// Smallest and largest start of its spans; the end is inside.
    pub(crate) first_start: UnixNanos,
    pub(crate) last_start: UnixNanos,
    pub(crate) spans: u64,
    pub(crate) bytes: u64,
    pub(crate) filter: TraceFilter,
    pub(crate) files: SegmentFiles,
    /// Set once, when it has left the catalogue.
    pub(crate) retired: AtomicBool,
}

/// Where a segment's rows lie.
#[derive(Clone, Debug)]
pub(crate) struct SegmentFiles {
    pub(crate) spans: PathBuf,
    pub(crate) parts: PathBuf,
}

/// Says of a trace id that it is not in a segment, or that it may be: 1 in 100 that are not may be.
#[derive(Debug)]
pub(crate) struct TraceFilter(BloomFilter);

/// The segments that exist now, oldest first, with a version that moves while they are exchanged.
#[derive(Debug)]
pub(crate) struct Catalogue {
    segments: Mutex<Arc<Vec<Arc<Segment>>>>,
    version: AtomicU64,
}

/// A fixed seed: filters are written to disk.
const FILTER_SEED: u128 = 0x436f_7261_6c20_7472_6163_6520_6964_7321;
const FILTER_HASHES: u32 = 7;
const FILTER_BITS_PER_TRACE: usize = 10;

impl Segment {
    /// Its files go when the last reader lets go of it.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.retired.get_mut() {
            self.files.remove();
        }
    }
}

impl SegmentFiles {
    /// The files of segment `id` under `dir`.
    pub(crate) fn of(dir: &Path, id: u64) -> Self {
        Self {
            spans: dir.join(format!("{id:012}.spans.parquet")),
            parts: dir.join(format!("{id:012}.parts.parquet")),
        }
    }

    /// The segment without rows.
    pub(crate) fn empty(dir: &Path) -> Self {
        Self { spans: dir.join("empty.spans.parquet"), parts: dir.join("empty.parts.parquet") }
    }

    /// Unlinks both; what cannot be unlinked is swept when the store is opened next.
    pub(crate) fn remove(&self) {
        for file in [&self.spans, &self.parts] {
            if let Err(error) = std::fs::remove_file(file) {
                tracing::warn!(%error, file = %file.display(), "could not remove an expired segment");
            }
        }
    }
}

impl TraceFilter {
    /// A filter of `ids`.
    pub(crate) fn of(ids: &[u128]) -> Self {
        let bits = (ids.len() * FILTER_BITS_PER_TRACE).max(64);
        let mut filter = BloomFilter::with_num_bits(bits).seed(&FILTER_SEED).hashes(FILTER_HASHES);
        for id in ids {
            filter.insert(&id.to_be_bytes());
        }
        Self(filter)
    }

    pub(crate) fn may_contain(&self, trace: TraceId) -> bool {
        self.0.contains(&trace.bytes())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.as_slice().iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().expect("chunks of 8")))
            .collect();
        let whole = !words.is_empty() && words.len() * 8 == bytes.len();
        whole.then(|| Self(BloomFilter::from_vec(words).seed(&FILTER_SEED).hashes(FILTER_HASHES)))
    }
}

impl Catalogue {
    /// The catalogue as the database has it, with files in `dir`. A segment whose files are missing or
    /// of another size is left out, loudly: everything else stays readable.
    pub(crate) fn load(connection: &Connection, dir: &Path) -> Result<Self, StoreError> {
        let failed = || StoreError::statement(SEGMENTS.name);
        let mut statement = connection.prepare(SEGMENTS.sql).map_err(failed())?;
        let rows = statement.query_map([], |row| segment_row(row, dir)).map_err(failed())?;
        let mut segments = Vec::new();
        for row in rows {
            let segment = row.map_err(failed())?;
            if is_whole(&segment) {
                segments.push(Arc::new(segment));
            } else {
                let spans = segment.spans;
                let file = segment.files.spans.display();
                tracing::error!(%file, spans, "a segment's files are missing or damaged; its spans are lost");
            }
        }
        Ok(Self { segments: Mutex::new(Arc::new(segments)), version: AtomicU64::new(0) })
    }

    /// The segments as they are now.
    pub(crate) fn current(&self) -> Arc<Vec<Arc<Segment>>> {
        self.lock().clone()
    }

    /// Exchanges the segments for what `exchange` makes of them, and nobody sees the moment between
    /// the commit inside `exchange` and the new list: readers that began before it read again.
    pub(crate) fn exchange<E>(
        &self,
        exchange: impl FnOnce(&[Arc<Segment>]) -> Result<Vec<Arc<Segment>>, E>,
    ) -> Result<(), E> {
        let mut segments = self.lock();
        let next = exchange(&segments)?;
        *segments = Arc::new(next);
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Runs `read` with a list of segments that fits what the database shows, however often it takes:
    /// an exchange in the middle of a read would show rows twice or not at all.
    pub(crate) fn read<T, E>(
        &self,
        mut read: impl FnMut(&[Arc<Segment>]) -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            let (version, segments) = {
                // Waits while an exchange is being committed.
                let segments = self.lock();
                (self.version.load(Ordering::Acquire), segments.clone())
            };
            let answer = read(&segments);
            let exchanged = {
                let _settled = self.lock();
                self.version.load(Ordering::Acquire) != version
            };
            if !exchanged {
                return answer;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Vec<Arc<Segment>>>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One row of the catalogue. A damaged filter says "maybe" to everything.
fn segment_row(row: &duckdb::Row<'_>, dir: &Path) -> duckdb::Result<Segment> {
    let at = |column| row.get(column).map(UnixNanos::from_micros);
    let id = row.get(0)?;
    let filter: Vec<u8> = row.get(9)?;
    Ok(Segment {
        id,
        first_receipt: row.get(1)?,
        last_receipt: row.get(2)?,
        first_received: at(3)?,
        last_received: at(4)?,
        first_start: at(5)?,
        last_start: at(6)?,
        spans: row.get(7)?,
        bytes: row.get(8)?,
        filter: TraceFilter::from_bytes(&filter).unwrap_or_else(|| TraceFilter(full_filter())),
        files: SegmentFiles::of(dir, id),
        retired: AtomicBool::new(false),
    })
}

fn full_filter() -> BloomFilter {
    BloomFilter::from_vec(vec![u64::MAX]).seed(&FILTER_SEED).hashes(FILTER_HASHES)
}

/// Parquet begins and ends with the same four bytes; a file cut short by a crash does not.
fn is_whole(segment: &Segment) -> bool {
    [&segment.files.spans, &segment.files.parts].into_iter().all(|file| ends_as_parquet(file))
}

fn ends_as_parquet(file: &Path) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    let read_tail = || {
        let mut file = std::fs::File::open(file)?;
        let mut tail = [0; 4];
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut tail)?;
        std::io::Result::Ok(tail)
    };
    read_tail().is_ok_and(|tail| &tail == b"PAR1")
}
