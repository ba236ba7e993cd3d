//! Merges small neighbouring segments, a piece at a time, with pauses.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use coral_engine::SpanRetention;
use coral_trace::TraceId;
use hashbrown::HashMap;

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
    /// How often the merge of a run was begun, by the run's last receipt.
    begun: HashMap<u64, u32>,
    /// Runs that are not merged before an uptime, by their last receipts.
    refused: HashMap<u64, Duration>,
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
/// A run whose merge did not end after it was begun so often is left for [`REFUSED_FOR`], so that other
/// runs are merged.
const MAX_BEGUN: u32 = 3;
const REFUSED_FOR: Duration = Duration::from_secs(3_600);

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
            return match merge.step() {
                Ok(None) => {
                    merges.under_way = Some(merge);
                    Ok(Progress::Working)
                }
                Ok(Some(segment)) => {
                    let count = merge.inputs().len() as u64;
                    let is_done = self.replace(&merge, segment, &mut merges.orphan)?;
                    Ok(Progress::Done(if is_done { count } else { 0 }))
                }
                Err(error) => Err(self.failed(error)),
            };
        }
        let (segments, now) = (self.live.segments(), self.live.ages.uptime());
        merges.refused.retain(|_, until| *until > now);
        let is_refused = |last: u64| merges.refused.contains_key(&last);
        let Some(run) = next_run(&segments, self.segment_rows, keep, is_refused) else {
            merges.begun.clear();
            return Ok(Progress::Idle);
        };
        let last = run.last().map_or(0, |input| input.receipts().1);
        let begun = merges.begun.entry(last).or_default();
        *begun += 1;
        if *begun > MAX_BEGUN {
            merges.begun.remove(&last);
            merges.refused.insert(last, now + REFUSED_FOR);
            return Ok(Progress::Working);
        }
        let begun = SegmentMerge::begin(&segment_dir(&self.dir), run.to_vec(), &self.footers);
        match begun.map_err(|error| self.failed(error))? {
            Some(merge) => merges.under_way = Some(merge),
            None => drop(merges.refused.insert(last, now + REFUSED_FOR)),
        }
        Ok(Progress::Working)
    }

    /// Sets a damaged input aside.
    fn failed(&self, error: StoreError) -> StoreError {
        if let StoreError::SegmentUnreadable { id, last_receipt, .. } = &error {
            let chain = crate::error::chain(&error);
            tracing::error!(segment = id, error = chain, "a damaged segment was set aside");
            self.live.drop_damaged((*id, *last_receipt));
        }
        error
    }

    /// Shows `merged` to readers in place of the inputs of `merge`. Returns `false` if an input expired
    /// or was set aside meanwhile.
    fn replace(
        &self,
        merge: &SegmentMerge,
        merged: Arc<Segment>,
        orphan: &mut Option<SegmentFiles>,
    ) -> Result<bool, StoreError> {
        let split = SplitTraces::of(merge, &self.live);
        merged.mark_split(split.elsewhere.iter().copied());
        // Its sums leave out the traces that are split.
        calls::keep_up(&merged);
        drop(merged);
        // No segment is sealed or expires meanwhile.
        let mut maintenance = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let is_input = |one: &Arc<Segment>| merge.inputs().iter().any(|of| Arc::ptr_eq(of, one));
        let has_all = |state: &State| {
            state.segments.iter().filter(|one| is_input(one)).count() == merge.inputs().len()
        };
        if !has_all(&self.live.read()) {
            return Ok(false);
        }
        *orphan = Some(merge.published_files());
        let mut segment = merge.publish()?;
        let received = merge.inputs().iter().map(|input| input.received);
        if let Some(segment) = Arc::get_mut(&mut segment) {
            let newest = received.min_by_key(|of| self.live.ages.of(*of));
            segment.received = newest.unwrap_or(segment.received);
        }
        segment.mark_split(split.elsewhere.iter().copied());
        // The writer is locked so that no commit comes between marking the traces that became split
        // and publishing the segment. Readers are not blocked.
        let writer = self.writer();
        segment.mark_split(split.became(merge, &self.live.read()));
        merge.links().into_iter().for_each(|other| segment.note_split_with(other));
        let mut state = self.live.write();
        if !has_all(&state) {
            // A reader has just set an input aside.
            return Ok(false);
        }
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
fn next_run(
    segments: &[Arc<Segment>],
    segment_rows: u64,
    keep: SpanRetention,
    is_refused: impl Fn(u64) -> bool,
) -> Option<&[Arc<Segment>]> {
    segments.windows(RUN).find(|run| {
        let (first, last) = (&run[0].extent, &run[RUN - 1].extent);
        let micros = last.last_received.saturating_sub(first.first_received);
        let spans = Duration::from_micros(micros.try_into().unwrap_or_default());
        run.iter().all(|segment| segment.spans() <= SMALL * segment_rows)
            && run.windows(2).all(|two| two[0].extent.last_receipt + 1 == two[1].id())
            && run.iter().map(|segment| segment.bytes()).sum::<u64>() <= keep.bytes / SHARE_OF_SIZE
            && spans <= keep.age / SPANS_PER_AGE
            && !is_refused(last.last_receipt)
    })
}

/// Which traces of the inputs of a merge are split, by their rows in the merged traces file.
struct SplitTraces {
    /// Traces that another segment or hot rows have too.
    elsewhere: Vec<(u32, TraceId)>,
    /// Traces that the inputs mark as split, and that were in no other place.
    only_here: Vec<(u32, TraceId)>,
    /// What each input marked.
    marked: Vec<Arc<BTreeMap<u32, TraceId>>>,
    /// The number of the newest segment that was looked at.
    newest: u64,
}

impl SplitTraces {
    fn of(merge: &SegmentMerge, live: &Live) -> Self {
        let segments = live.segments();
        let newest = segments.last().map_or(0, |segment| segment.id());
        let is_input = |one: &Arc<Segment>| merge.inputs().iter().any(|of| Arc::ptr_eq(of, one));
        let others: Vec<&Arc<Segment>> = segments.iter().filter(|one| !is_input(one)).collect();
        let marked: Vec<_> = merge.inputs().iter().map(|input| input.split_rows()).collect();
        let mut rows = BTreeMap::new();
        for (input, split) in marked.iter().enumerate() {
            rows.extend(split.iter().map(|(row, trace)| (merge.row(input, *row), *trace)));
        }
        let is_elsewhere = |trace: TraceId| {
            let hashed = HashedTrace::from(trace);
            others.iter().any(|other| other.may_contain(hashed)) || is_hot(trace, &live.read())
        };
        let (elsewhere, only_here) = rows.into_iter().partition(|(_, of)| is_elsewhere(*of));
        Self { elsewhere, only_here, marked, newest }
    }

    /// The traces that became split since.
    fn became<'a>(
        &'a self,
        merge: &'a SegmentMerge,
        state: &'a State,
    ) -> impl Iterator<Item = (u32, TraceId)> + 'a {
        let newer = || state.segments.iter().rev().take_while(|one| one.id() > self.newest);
        let is_elsewhere = move |trace: TraceId| {
            is_hot(trace, state) || newer().any(|segment| segment.may_contain(trace.into()))
        };
        let known = self.only_here.iter().copied();
        let inputs = merge.inputs().iter().zip(&self.marked).enumerate();
        let new = inputs.flat_map(move |(input, (segment, marked))| {
            let now = segment.split_rows();
            let is_same = Arc::ptr_eq(&now, marked);
            let rows: Vec<(u32, TraceId)> = match is_same {
                true => Vec::new(),
                false => now.iter().map(|(row, trace)| (*row, *trace)).collect(),
            };
            let is_new = |(row, _): &(u32, TraceId)| !marked.contains_key(row);
            rows.into_iter().filter(is_new).map(move |(row, trace)| (merge.row(input, row), trace))
        });
        known.filter(move |(_, trace)| is_elsewhere(*trace)).chain(new)
    }
}

fn is_hot(trace: TraceId, state: &State) -> bool {
    state.generations().any(|generation| generation.traces.contains_key(&trace))
}
