//! Makes and keeps the sums of segments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coral_engine::Budget;
use coral_trace::TraceId;
use coral_trace::dependency::Dependencies;

use super::columns::Reader;
use super::make::make;
use super::stored::{Stored, decode, encode};
use super::take::{spans_of, take_out};
use super::{SegmentCalls, SplitSpan, SumsKey};
use crate::error::{StoreError, chain};
use crate::segment::Segment;

/// If more than one of this many rows of a traces file became split since the sums were written, the
/// sums are made again.
const MAX_NEWLY_SPLIT: usize = 16;

/// The sums of `segment` that are `wanted`, with ids of `map`. Makes and writes the file if it is
/// missing or does not fit; the rows of split traces are then `split`. `None` if the segment has no
/// sums, or if they are being made by another thread.
///
/// # Errors
/// [`StoreError`] if the file must be made and the segment cannot be read.
pub(crate) fn of_segment(
    segment: &Segment,
    split: &BTreeMap<u32, TraceId>,
    map: &mut Dependencies,
    budget: &Budget,
    wanted: &dyn Fn(SumsKey) -> bool,
) -> Result<Option<SegmentCalls>, StoreError> {
    if !segment.extent.has_pairs {
        // Its split rows are not known from its digests alone.
        return Ok(None);
    }
    if let Some(content) = segment.calls.read() {
        budget.count_bytes(content.len() as u64)?;
        match decode(&content, map, budget, wanted)? {
            Some(Stored::Calls(calls)) if is_near(segment, &calls, split) => {
                return Ok(Some(calls));
            }
            Some(Stored::TooLarge) => return Ok(None),
            Some(Stored::Calls(_)) | None => {}
        }
    }
    let Some(_making) = segment.calls.try_lock() else { return Ok(None) };
    let content = make(segment, split, budget)?;
    write(segment, &content, split.len());
    Ok(match decode(&content, map, budget, wanted)? {
        Some(Stored::Calls(calls)) => Some(calls),
        Some(Stored::TooLarge) | None => None,
    })
}

/// Sums up the calls of a new segment, and takes the traces that it has in common with others of
/// `segments` out of their sums.
pub(crate) fn keep_up_with(segment: &Segment, segments: &[Arc<Segment>]) {
    keep_up(segment);
    let others = segment.split_with();
    segments.iter().filter(|other| other.is_one_of(&others)).for_each(|other| keep_up(other));
}

/// Makes the file of `segment`, or makes it again without the traces that became split since.
/// Errors are logged: a later question makes the file.
pub(crate) fn keep_up(segment: &Segment) {
    let split = segment.split_rows();
    if !segment.extent.has_pairs || segment.calls.is_without(split.len()) {
        return;
    }
    let _making = segment.calls.lock();
    let budget = Budget::unlimited();
    let content = match amended(segment, &split, &budget) {
        Ok(Some(content)) => Ok(content),
        Ok(None) => make(segment, &split, &budget),
        Err(error) => Err(error),
    };
    match content {
        Ok(content) => write(segment, &content, split.len()),
        Err(error) => {
            let (segment, error) = (segment.id(), chain(&error));
            tracing::warn!(
                segment,
                error,
                "could not sum up the calls of a segment; the next service map does it"
            );
        }
    }
}

/// The content of the file without the traces of the rows `split`; `None` if it must be made from
/// all spans.
fn amended(
    segment: &Segment,
    split: &BTreeMap<u32, TraceId>,
    budget: &Budget,
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut reader = Reader::default();
    let Some(content) = segment.calls.read() else { return Ok(None) };
    let stored = decode(&content, &mut reader.map, budget, &|_| true)?;
    let Some(Stored::Calls(mut calls)) = stored else {
        return Ok(stored.map(|_| content));
    };
    if !is_near(segment, &calls, split) {
        return Ok(None);
    }
    let parts = spans_of(segment, &newly_split(&calls, split), &mut reader, budget)?;
    if take_out(&mut calls, &parts, &mut reader.map) != BTreeSet::new() {
        return Ok(None);
    }
    for part in &parts {
        calls.split.insert(part.row, (part.trace, part.collector));
        if let Some(spans) = &mut calls.spans {
            spans.extend(part.spans.iter().map(|span| SplitSpan { row: part.row, span: *span }));
        }
    }
    Ok(Some(encode(&calls, &reader.map, segment.spans())))
}

/// The rows of `split` whose traces are in the sums.
pub(crate) fn newly_split(
    calls: &SegmentCalls,
    split: &BTreeMap<u32, TraceId>,
) -> Vec<(u32, TraceId)> {
    let newly = split.iter().filter(|(row, _)| !calls.split.contains_key(row));
    newly.map(|(row, trace)| (*row, *trace)).collect()
}

/// Whether few of the traces in the sums are split.
fn is_near(segment: &Segment, calls: &SegmentCalls, split: &BTreeMap<u32, TraceId>) -> bool {
    let newly = split.keys().filter(|row| !calls.split.contains_key(row)).count();
    newly <= (segment.extent.traces as usize / MAX_NEWLY_SPLIT).max(MAX_NEWLY_SPLIT)
}

fn write(segment: &Segment, content: &[u8], split: usize) {
    if let Err(error) = segment.calls.write(content, split) {
        let file = segment.calls.path().display();
        tracing::warn!(%error, %file, "could not write the sums of the calls of a segment; the next service map makes them again");
    }
}
