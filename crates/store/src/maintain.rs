//! Sealing hot rows into segments, and letting old segments go.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use coral_trace::UnixNanos;
use duckdb::{Connection, params};

use crate::checkpoint::in_transaction;
use crate::error::StoreError;
use crate::row::uuids;
use crate::segment::{Segment, SegmentFiles, TraceFilter};
use crate::statement::{
    DELETE_HOT_ORIGINS, DELETE_HOT_PARTS, DELETE_HOT_SPANS, DELETE_SEGMENT, INSERT_SEGMENT,
    SEAL_EXTENT, SEAL_PARTS, SEAL_SPANS, SEAL_TRACE_IDS, SET_NEXT_RECEIPT, Statement,
};
use crate::store::{Inner, Store};

/// How long and how much a store keeps.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Spans received longer ago than this go, a whole segment at a time.
    pub age: Duration,
    /// When the store is larger than this many bytes, the oldest segments go.
    pub bytes: u64,
}

/// What one round of maintenance did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Maintained {
    /// Spans moved from hot rows into a segment.
    pub sealed: u64,
    /// Spans that were older than [`Keep::age`].
    pub expired: u64,
    /// Spans that went because of [`Keep::bytes`]: kept shorter than was asked for.
    pub evicted: u64,
}

/// A seal is due when the oldest hot row has this part of [`Keep::age`]; so spans are kept at most a
/// quarter longer than asked for.
const SEALS_PER_AGE: u32 = 4;

impl Store {
    /// Seals hot rows when they are many, old or too large, then lets go of segments that are too old or
    /// too many bytes. Disk space returns at once, or when the last reader of a segment ends.
    /// RFD 036's `CleanupOldBeylaTraces`.
    ///
    /// Sealing reads a snapshot: commits and queries go on, except while the catalogue is exchanged.
    ///
    /// # Errors
    /// [`StoreError`]: what was done until then stays, what was not is due again.
    pub fn maintain(&self, keep: Keep, now: UnixNanos) -> Result<Maintained, StoreError> {
        let inner = &self.0;
        let _alone = inner.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = Maintained::default();
        if inner.seal_is_due(keep, now) {
            done.sealed = inner.seal()?;
        }
        let oldest_kept = now.earlier(keep.age);
        done.expired = inner.let_go(|segment, _| segment.last_received < oldest_kept)?;
        done.evicted = inner.let_go(|_, bytes| bytes > keep.bytes)?;
        Ok(done)
    }

    /// Seals all hot rows now, however few they are. Returns how many.
    ///
    /// # Errors
    /// As [`maintain`](Self::maintain).
    pub fn seal(&self) -> Result<u64, StoreError> {
        let _alone = self.0.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.seal()
    }
}

impl Inner {
    fn seal_is_due(&self, keep: Keep, now: UnixNanos) -> bool {
        let hot_rows = self.receipts.hot_rows();
        let hot_since = self.writer().hot_since;
        let old = hot_since.is_some_and(|since| now.since(since) >= keep.age / SEALS_PER_AGE);
        // Hot rows cannot be evicted: past half the cap they become a segment, which can.
        let large = self.database_bytes() > keep.bytes / 2;
        hot_rows > 0 && (hot_rows >= self.config.segment_rows || old || large)
    }

    fn seal(&self) -> Result<u64, StoreError> {
        let (last_receipt, hot_since) = {
            let mut writer = self.writer();
            writer.seen.begin_sealing();
            (writer.next_receipt - 1, writer.hot_since.take())
        };
        let sealed = self.seal_up_to(last_receipt);
        if sealed.is_err() {
            let mut writer = self.writer();
            writer.hot_since = hot_since.or(writer.hot_since);
        }
        sealed
    }

    fn seal_up_to(&self, last_receipt: u64) -> Result<u64, StoreError> {
        let written = self.readers.with(|reader| self.write_segment(reader, last_receipt))?;
        let Some(segment) = written else {
            return Ok(0);
        };
        let spans = segment.spans;
        self.exchange_for_segment(segment)?;
        Ok(spans)
    }

    /// Writes hot rows up to `last_receipt` aside and names the files when they are on disk for good.
    /// `None` when there are no such rows.
    fn write_segment(
        &self,
        reader: &Connection,
        last_receipt: u64,
    ) -> Result<Option<Segment>, StoreError> {
        let dir = self.segment_dir();
        let failed = StoreError::statement(SEAL_EXTENT.name);
        let extent =
            reader.query_row(SEAL_EXTENT.sql, [last_receipt], HotExtent::of).map_err(failed)?;
        let Some(extent) = extent else {
            return Ok(None);
        };
        let files = SegmentFiles::of(&dir, extent.first_receipt);
        let filter = TraceFilter::of(&trace_ids(reader, last_receipt)?);
        let bytes = write_aside(reader, SEAL_SPANS, &files.spans, last_receipt)?
            + write_aside(reader, SEAL_PARTS, &files.parts, last_receipt)?;
        sync_directory(&dir)?;
        Ok(Some(Segment {
            id: extent.first_receipt,
            first_receipt: extent.first_receipt,
            last_receipt: extent.last_receipt,
            first_received: extent.first_received,
            last_received: extent.last_received,
            first_start: extent.first_start,
            last_start: extent.last_start,
            spans: extent.spans,
            bytes,
            filter,
            files,
            retired: AtomicBool::new(false),
        }))
    }

    /// Puts the segment in the place of its hot rows: in one transaction for a crash, in one exchange
    /// for readers.
    fn exchange_for_segment(&self, segment: Segment) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let last = segment.last_receipt;
        let next_receipt = writer.next_receipt;
        self.catalogue.exchange(|segments| {
            in_transaction(&writer.connection, |connection| {
                insert_segment(connection, &segment)?;
                execute(connection, DELETE_HOT_SPANS, last)?;
                execute(connection, DELETE_HOT_PARTS, last)?;
                execute(connection, SET_NEXT_RECEIPT, next_receipt)?;
                connection
                    .execute(DELETE_HOT_ORIGINS.sql, [])
                    .map_err(StoreError::statement(DELETE_HOT_ORIGINS.name))?;
                Ok(())
            })?;
            self.receipts.sealed(last);
            Ok(segments.iter().cloned().chain([Arc::new(segment)]).collect())
        })?;
        writer.origins.forget();
        writer.seen.end_sealing();
        // The log is empty but for what came since: this is the cheap moment.
        if let Err(error) = writer.connection.execute_batch("CHECKPOINT") {
            tracing::debug!(%error, "could not checkpoint after sealing; the next seal does");
        }
        Ok(())
    }

    /// Retires segments, oldest first, as long as `goes` says so of the oldest and of the store's size.
    fn let_go(&self, goes: impl Fn(&Segment, u64) -> bool) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let segments = self.catalogue.current();
            let bytes =
                self.database_bytes() + segments.iter().map(|segment| segment.bytes).sum::<u64>();
            let Some(oldest) = segments.first().filter(|oldest| goes(oldest, bytes)) else {
                return Ok(gone);
            };
            let writer = self.writer();
            self.catalogue.exchange(|segments| {
                execute(&writer.connection, DELETE_SEGMENT, oldest.id)?;
                Ok::<_, StoreError>(segments[1..].to_vec())
            })?;
            oldest.retire();
            gone += oldest.spans;
        }
    }
}

/// What the catalogue says of some hot rows.
struct HotExtent {
    spans: u64,
    first_receipt: u64,
    last_receipt: u64,
    first_received: UnixNanos,
    last_received: UnixNanos,
    first_start: UnixNanos,
    last_start: UnixNanos,
}

impl HotExtent {
    fn of(row: &duckdb::Row<'_>) -> duckdb::Result<Option<Self>> {
        let spans = row.get(0)?;
        if spans == 0 {
            return Ok(None);
        }
        let at = |column| row.get(column).map(UnixNanos::from_micros);
        Ok(Some(Self {
            spans,
            first_receipt: row.get(1)?,
            last_receipt: row.get(2)?,
            first_received: at(3)?,
            last_received: at(4)?,
            first_start: at(5)?,
            last_start: at(6)?,
        }))
    }
}

fn trace_ids(reader: &Connection, last_receipt: u64) -> Result<Vec<u128>, StoreError> {
    let failed = || StoreError::statement(SEAL_TRACE_IDS.name);
    let mut statement = reader.prepare(SEAL_TRACE_IDS.sql).map_err(failed())?;
    let mut ids = Vec::new();
    for batch in statement.query_arrow([last_receipt]).map_err(failed())? {
        for id in uuids(&batch, 0)?.iter().flatten() {
            ids.push(u128::from_be_bytes(id.try_into().expect("a UUID has 16 bytes")));
        }
    }
    Ok(ids)
}

/// Writes a file under a temporary name, syncs it, and renames it. Returns its size in bytes.
fn write_aside(
    reader: &Connection,
    statement: Statement,
    file: &Path,
    last_receipt: u64,
) -> Result<u64, StoreError> {
    let aside = file.with_extension("tmp");
    reader
        .execute(statement.sql, params![aside.display().to_string(), last_receipt])
        .map_err(StoreError::statement(statement.name))?;
    let written = std::fs::File::open(&aside).map_err(StoreError::directory(&aside))?;
    written.sync_all().map_err(StoreError::directory(&aside))?;
    let bytes = written.metadata().map_err(StoreError::directory(&aside))?.len();
    std::fs::rename(&aside, file).map_err(StoreError::directory(file))?;
    Ok(bytes)
}

/// A renamed file survives a power loss when its directory is on disk too.
fn sync_directory(dir: &Path) -> Result<(), StoreError> {
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::directory(dir))
}

fn insert_segment(connection: &Connection, segment: &Segment) -> Result<(), StoreError> {
    let values = params![
        segment.id,
        segment.first_receipt,
        segment.last_receipt,
        segment.first_received.as_micros(),
        segment.last_received.as_micros(),
        segment.first_start.as_micros(),
        segment.last_start.as_micros(),
        segment.spans,
        segment.bytes,
        segment.filter.to_bytes(),
    ];
    connection
        .execute(INSERT_SEGMENT.sql, values)
        .map_err(StoreError::statement(INSERT_SEGMENT.name))?;
    Ok(())
}

fn execute(connection: &Connection, statement: Statement, value: u64) -> Result<(), StoreError> {
    connection.execute(statement.sql, [value]).map_err(StoreError::statement(statement.name))?;
    Ok(())
}
