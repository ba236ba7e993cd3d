//! When a change began, from the RED metrics of the last hours: they count every request, also those
//! whose traces are not sampled or not read.

use std::time::Duration;

use coral_engine::{DeltaQuery, EngineError, StoredDelta};
use coral_trace::TimeRange;
use coral_trace::explain::{Beginning, Entry, RequestHistory};
use coral_trace::red::{Protocol, Side};

use super::HISTORY;
use crate::coverage::{self, TracesOf};
use crate::reader::Reader;

/// About how many rows of metrics are read: where there are more in the whole history, its end is
/// read, but at least [`MIN_HISTORY`].
const MAX_ROWS: u64 = 400_000;
const MIN_HISTORY: Duration = Duration::from_secs(3_600);
/// The rows of this time before the end tell how many rows the history has.
const SOUNDING: Duration = Duration::from_secs(5 * 60);

impl Reader<'_> {
    /// When the requests of `entry` changed for the worse, before `end`, by their metrics; `None`
    /// when they did not, or there are no metrics. `rest` is the part of the window after `end`.
    pub(super) fn beginning_by_metrics(
        &self,
        entry: Entry<'_>,
        rest: TimeRange,
    ) -> Result<Option<Beginning>, EngineError> {
        let end = rest.start;
        let mut rows = 0;
        let recent = TimeRange { start: end.earlier(SOUNDING), end };
        // Rows of other operations are read too.
        self.each_delta(Entry { operation: None, ..entry }, recent, &mut |_| rows += 1)?;
        let parts = u32::try_from(MAX_ROWS / u64::max(rows, 1)).unwrap_or(u32::MAX);
        let length = SOUNDING.saturating_mul(parts).clamp(MIN_HISTORY, HISTORY);
        let range = TimeRange { start: end.earlier(length), end };
        let read = |range| TracesOf { range, traces: &[] };
        let coverage = self.coverage_of(entry.service, read(range), read(rest))?;
        let mut history = RequestHistory::new(end);
        self.each_delta(entry, range, &mut |row| {
            if !coverage::leaves_out(&coverage, &row.agent_id, &row.delta) {
                history.add(&row.delta);
            }
        })?;
        Ok(history.onset())
    }

    /// Calls `visit` with each row of metrics in `range` whose requests match `entry`.
    fn each_delta(
        &self,
        entry: Entry<'_>,
        range: TimeRange,
        visit: &mut dyn FnMut(&StoredDelta),
    ) -> Result<(), EngineError> {
        // A route or a gRPC method is served; the calls that are made for it have other names.
        let side = entry.operation.map(|_| Side::Server);
        for protocol in [Protocol::Http, Protocol::Grpc, Protocol::Sql] {
            let service = entry.service.map(str::to_owned);
            let name = entry.operation.map(str::to_owned);
            let all = DeltaQuery::all(protocol, range);
            let query = DeltaQuery { service, side, name, exemplars: false, ..all };
            self.from.metrics.deltas(&query, self.budget, visit)?;
        }
        Ok(())
    }
}
