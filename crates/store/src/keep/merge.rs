//! Merges small neighbouring segments, a piece at a time, with pauses.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use coral_engine::SpanRetention;
use coral_trace::TraceId;
use hashbrown::HashSet;

use super::pause::Pause;
use crate::calls;
use crate::error::StoreError;
use crate::hot::live::{Live, State};
use crate::layout::segment_dir;
use crate::segment::{HashedTrace, Segment, SegmentFiles, SegmentMerge};
use crate::spans::Spans;

/// State that one piece of a merge passes to the next.
#[derive(Default)]
pub(crate) struct SegmentMerges {
    pause: Pause,
    under_way: Option<SegmentMerge>,
    /// A merged segment whose inputs were not replaced. Until its spans file is removed, none of its
    /// inputs may be merged again: the rows would be in two segments.
    orphan: Option<SegmentFiles>,
    /// The last receipts of runs that cannot be merged.
    refused: HashSet<u64>,
}

/// What a piece of work came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No segments are to be merged.
    Idle,
    /// The merge goes on.
    Working,
    /// So many segments were replaced by one, or by none if the merge was given up.
    Done(u64),
}

/// So many small neighbours are merged into one.
const RUN: usize = 8;
/// A segment is small if it has at most `segment_rows` times this number of rows.
const SMALL: u64 = 2;
/// The rows of a merged segment were received within the retention divided by this number, because a
/// segment expires as a whole.
const SPANS_PER_AGE: u32 = 4;
/// A merged segment is at most the size limit divided by this number, because a segment is evicted as
/// a whole.
const SHARE_OF_SIZE: u64 = 16;
/// After so much work comes a pause.
const WORK: Duration = Duration::from_millis(250);

impl Spans {
    /// See [`Store::merge_segments`](crate::Store::merge_segments).
    pub(crate) fn merge_segments(&self, keep: SpanRetention) -> Result<u64, StoreError> {
        let mut merges = self.merges.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = self.live.ages.uptime();
        if !merges.pause.is_over(begin) {
            return Ok(0);
        }
        // A piece that panics counts as one that failed.
        merges.pause.begin(begin);
        let merged = loop {
            match self.merge_step(&mut merges, keep) {
                Ok(Progress::Working) if self.live.ages.uptime() < begin + WORK => {}
                Ok(Progress::Done(segments)) => break Ok(segments),
                Ok(Progress::Idle | Progress::Working) => break Ok(0),
                Err(error) => break Err(error),
            }
        };
        merges.pause.note([begin, self.live.ages.uptime()], merged)
    }

    /// See [`Store::merge_all_segments`](crate::Store::merge_all_segments).
    pub(crate) fn merge_all_segments(&self, keep: SpanRetention) -> Result<u64, StoreError> {
        let mut merges = self.merges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = 0;
        loop {
            match self.merge_step(&mut merges, keep)? {
                Progress::Idle => return Ok(all),
                Progress::Working => {}
                Progress::Done(segments) => all += segments,
            }
        }
    }

    /// Does some milliseconds of work.
    pub(crate) fn merge_step(
        &self,
        merges: &mut SegmentMerges,
        keep: SpanRetention,
    ) -> Result<Progress, StoreError> {
        if let Some(orphan) = &merges.orphan {
            orphan.remove_completely()?;
            merges.orphan = None;
        }
        // After an error or a panic the merge begins anew.
        if let Some(mut merge) = merges.under_way.take() {
            let last = merge.inputs().last().map_or(0, |input| input.receipts().1);
            return match merge.step() {
                Ok(None) => {
                    merges.under_way = Some(merge);
                    Ok(Progress::Working)
                }
                Ok(Some(segment)) => {
                    let count = merge.inputs().len() as u64;
                    let is_done = self.replace(merge, segment, &mut merges.orphan)?;
                    Ok(Progress::Done(if is_done { count } else { 0 }))
                }
                Err(error) => Err(self.failed(error, last, merges)),
            };
        }
        let segments = self.live.segments();
        let Some(run) = next_run(&segments, self.segment_rows, keep, &merges.refused) else {
            return Ok(Progress::Idle);
        };
        let last = run.last().map_or(0, |input| input.receipts().1);
        match SegmentMerge::begin(&segment_dir(&self.dir), run.to_vec(), &self.footers) {
            Ok(Some(merge)) => merges.under_way = Some(merge),
            Ok(None) => {
                merges.refused.insert(last);
            }
            Err(error) => return Err(self.failed(error, last, merges)),
        }
        Ok(Progress::Working)
    }

    /// Sets a damaged input aside. A run whose merge fails for another reason than the file system is
    /// not merged again.
    fn failed(&self, error: StoreError, last: u64, merges: &mut SegmentMerges) -> StoreError {
        match &error {
            StoreError::SegmentUnreadable { id, last_receipt, .. } => {
                let error = crate::error::chain(&error);
                tracing::error!(segment = id, error, "a damaged segment was set aside");
                self.live.drop_damaged((*id, *last_receipt));
            }
            StoreError::Directory { .. } => {}
            _ => {
                merges.refused.insert(last);
            }
        }
        error
    }

    /// Shows `merged` to readers in place of the inputs of `merge`. Returns `false` if an input expired
    /// or was set aside meanwhile.
    fn replace(
        &self,
        merge: SegmentMerge,
        merged: Arc<Segment>,
        orphan: &mut Option<SegmentFiles>,
    ) -> Result<bool, StoreError> {
        let split = SplitTraces::of(&merge, &self.live);
        merged.mark_split(merge.split_rows().into_iter().filter(|(_, of)| split.has(*of)));
        // Its sums leave out the traces that are split.
        calls::keep_up(&merged);
        drop(merged);
        // No segment is sealed or expires meanwhile.
        let mut maintenance = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let is_input = |one: &Arc<Segment>| merge.inputs().iter().any(|of| Arc::ptr_eq(of, one));
        let segments = self.live.segments();
        if segments.iter().filter(|one| is_input(one)).count() < merge.inputs().len() {
            return Ok(false);
        }
        drop(segments);
        *orphan = Some(merge.published_files());
        let mut segment = merge.publish()?;
        let received = merge.inputs().iter().map(|input| input.received);
        if let Some(segment) = Arc::get_mut(&mut segment) {
            let newest = received.min_by_key(|of| self.live.ages.of(*of));
            segment.received = newest.unwrap_or(segment.received);
        }
        // The writer is locked so that no commit comes between marking split traces and publishing
        // the segment. Readers are not blocked.
        let writer = self.writer();
        let rows = merge.split_rows();
        let state = self.live.read();
        segment.mark_split(rows.into_iter().filter(|(_, of)| split.is_or_became(*of, &state)));
        drop(state);
        merge.links().into_iter().for_each(|other| segment.note_split_with(other));
        let mut state = self.live.write();
        let stay = state.segments.iter().filter(|one| !is_input(one)).cloned();
        let mut all: Vec<Arc<Segment>> = stay.chain([segment.clone()]).collect();
        all.sort_by_key(|segment| segment.id());
        state.segments = Arc::new(all);
        drop(state);
        drop(writer);
        *orphan = None;
        for input in merge.inputs() {
            input.retire();
            maintenance.retired.push((Arc::downgrade(input), input.bytes()));
        }
        maintenance.measured = None;
        drop(maintenance);
        calls::keep_up(&segment);
        Ok(true)
    }
}

/// The oldest neighbours that are to be merged.
fn next_run<'a>(
    segments: &'a [Arc<Segment>],
    segment_rows: u64,
    keep: SpanRetention,
    refused: &HashSet<u64>,
) -> Option<&'a [Arc<Segment>]> {
    segments.windows(RUN).find(|run| {
        let (first, last) = (&run[0].extent, &run[RUN - 1].extent);
        let micros = last.last_received.saturating_sub(first.first_received);
        let spans = Duration::from_micros(micros.try_into().unwrap_or_default());
        run.iter().all(|segment| segment.spans() <= SMALL * segment_rows)
            && run.windows(2).all(|two| two[0].extent.last_receipt + 1 == two[1].id())
            && run.iter().map(|segment| segment.bytes()).sum::<u64>() <= keep.bytes / SHARE_OF_SIZE
            && spans <= keep.age / SPANS_PER_AGE
            && !refused.contains(&last.last_receipt)
    })
}

/// Which traces of the inputs of a merge are split, and not only among the inputs.
struct SplitTraces {
    /// Traces that the inputs mark as split, and that were in no other place.
    only_here: HashSet<TraceId>,
    /// The number of the newest segment that was looked at.
    newest: u64,
}

impl SplitTraces {
    fn of(merge: &SegmentMerge, live: &Live) -> Self {
        let segments = live.segments();
        let is_input = |one: &Arc<Segment>| merge.inputs().iter().any(|of| Arc::ptr_eq(of, one));
        let others: Vec<&Arc<Segment>> = segments.iter().filter(|one| !is_input(one)).collect();
        let mut only_here: HashSet<TraceId> = merge.split_rows().into_values().collect();
        only_here.retain(|trace| {
            let trace = HashedTrace::from(*trace);
            !others.iter().any(|other| other.may_contain(trace))
        });
        let state = live.read();
        only_here.retain(|trace| !is_hot(*trace, &state));
        drop(state);
        Self { only_here, newest: segments.last().map_or(0, |segment| segment.id()) }
    }

    /// Whether `trace`, which an input marks as split, is.
    fn has(&self, trace: TraceId) -> bool {
        !self.only_here.contains(&trace)
    }

    /// Whether it is, or became so since.
    fn is_or_became(&self, trace: TraceId, state: &State) -> bool {
        let newer = || state.segments.iter().rev().take_while(|one| one.id() > self.newest);
        self.has(trace)
            || is_hot(trace, state)
            || newer().any(|segment| segment.may_contain(trace.into()))
    }
}

fn is_hot(trace: TraceId, state: &State) -> bool {
    state.generations().any(|generation| generation.traces.contains_key(&trace))
}
