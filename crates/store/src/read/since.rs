//! Finds receipts by time.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use coral_engine::Budget;
use coral_trace::UnixNanos;

use crate::error::StoreError;
use crate::hot::generation::Rows;
use crate::hot::live::Live;
use crate::row::{column_named, damaged};

/// A receipt that is lower than the receipt of every span received at `instant` or later.
pub(crate) fn receipt_before(live: &Live, instant: UnixNanos) -> u64 {
    let state = live.read();
    let earlier = |received: i64| received < instant.as_micros();
    let sealed = state.segments.iter().take_while(|segment| {
        // A segment holds the rows between two seals, so segments are in order of time too.
        earlier(segment.extent.last_received)
    });
    sealed.last().map_or(0, |segment| segment.extent.last_receipt)
}

/// When the row with the receipt `receipt` was received; `None` if it is not stored.
pub(crate) fn received_at(
    live: &Live,
    receipt: u64,
    budget: &Budget,
) -> Result<Option<UnixNanos>, StoreError> {
    let state = live.read();
    let segments = state.segments.clone();
    let has_it = |first: u64, last: u64| (first..=last).contains(&receipt);
    let generation = state
        .generations()
        .find(|rows| rows.rows() > 0 && has_it(rows.first_receipt, rows.last_receipt()));
    if let Some(rows) = generation {
        let rows = rows.from((receipt - rows.first_receipt) as u32);
        drop(state);
        return Ok(times(rows.batches().next().as_ref())?.first().copied());
    }
    drop(state);
    let segment = segments.iter().find(|segment| has_it(segment.id(), segment.extent.last_receipt));
    let Some(segment) = segment else { return Ok(None) };
    let row = [(receipt - segment.id()) as u32];
    let read = segment.spans_at(&row, &[RECEIVED_AT], budget);
    let batches = read.map_err(StoreError::unreadable(segment.receipts()))?;
    Ok(times(batches.first())?.first().copied())
}

/// The receipt before that of the first row that was received at `instant` or later; the newest
/// receipt if there is no such row.
pub(crate) fn cursor_at(
    live: &Live,
    instant: UnixNanos,
    budget: &Budget,
) -> Result<u64, StoreError> {
    let state = live.read();
    let (segments, newest) = (state.segments.clone(), state.last_receipt());
    let hot: Vec<(u64, Rows)> = state
        .generations()
        .filter(|generation| generation.rows() > 0)
        .map(|generation| (generation.first_receipt, generation.from(0)))
        .collect();
    drop(state);
    let is_late = |received: &UnixNanos| received.as_micros() >= instant.as_micros();
    for segment in segments.iter().filter(|one| one.extent.last_received >= instant.as_micros()) {
        let all = 0..segment.spans() as usize;
        let read = segment.read_spans(&[all], &[RECEIVED_AT], budget);
        let mut at = segment.id();
        for batch in read.map_err(StoreError::unreadable(segment.receipts()))? {
            if let Some(place) = times(Some(&batch))?.iter().position(is_late) {
                return Ok(at + place as u64 - 1);
            }
            at += batch.num_rows() as u64;
        }
    }
    for (first_receipt, rows) in hot {
        let mut at = first_receipt;
        for batch in rows.batches() {
            if let Some(place) = times(Some(&batch))?.iter().position(is_late) {
                return Ok(at + place as u64 - 1);
            }
            at += batch.num_rows() as u64;
        }
    }
    Ok(newest)
}

const RECEIVED_AT: &str = "received_at";

/// When the rows of `batch` were received.
fn times(batch: Option<&RecordBatch>) -> Result<Vec<UnixNanos>, StoreError> {
    let Some(batch) = batch else { return Ok(Vec::new()) };
    let column = column_named(batch, RECEIVED_AT)?;
    let column = column.as_primitive_opt::<TimestampMicrosecondType>();
    let column = column.ok_or_else(|| damaged(RECEIVED_AT, &"another type"))?;
    Ok(column.values().iter().map(|micros| UnixNanos::from_micros(*micros)).collect())
}
