//! The minutes of the coverage timeline that one question reads. A question may need them several
//! times: to find a beginning, and to compare what was before it with what was after.

use std::sync::{Arc, Mutex, PoisonError};

use coral_engine::{AgentMinute, EngineError, Minute};
use coral_trace::TimeRange;

use crate::reader::Reader;

/// The minutes that were read so far.
#[derive(Default)]
pub(crate) struct RecordedMinutes(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The time whose minutes are known: whole minutes.
    range: Option<TimeRange>,
    minutes: Arc<Vec<AgentMinute>>,
}

impl Reader<'_> {
    /// The minutes of the timeline that touch `range`, sorted; further minutes may be among them.
    /// Reads those that were not read before.
    pub(crate) fn agent_minutes(
        &self,
        range: TimeRange,
    ) -> Result<Arc<Vec<AgentMinute>>, EngineError> {
        let mut known = self.minutes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let range = whole_minutes(range);
        let read = |range| self.from.traces.agent_minutes(range, self.budget);
        let Some(before) = known.range.filter(|of| touch(*of, range)) else {
            *known = Known { range: Some(range), minutes: Arc::new(read(range)?) };
            return Ok(known.minutes.clone());
        };
        if range.start < before.start {
            let earlier = read(TimeRange { end: before.start, ..range })?;
            let all = earlier.into_iter().chain(known.minutes.iter().cloned());
            known.minutes = Arc::new(all.collect());
            known.range = Some(TimeRange { start: range.start, end: before.end });
        }
        if before.end < range.end {
            let later = read(TimeRange { start: before.end, ..range })?;
            Arc::make_mut(&mut known.minutes).extend(later);
        }
        let (start, end) = (before.start.min(range.start), before.end.max(range.end));
        known.range = Some(TimeRange { start, end });
        Ok(known.minutes.clone())
    }
}

/// The minutes that `range` touches.
fn whole_minutes(range: TimeRange) -> TimeRange {
    let last = Minute::at(range.end);
    let end = if last.start() < range.end { last.end() } else { last.start() };
    TimeRange { start: Minute::at(range.start).start(), end }
}

fn touch(one: TimeRange, other: TimeRange) -> bool {
    one.start <= other.end && other.start <= one.end
}
