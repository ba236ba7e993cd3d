//! The SQL statements of a service, with the time that each takes.

use coral_trace::TimeRange;
use coral_trace::red::{Protocol, Side};

use super::answer::RedRow;
use super::{RedSource, RequestSelection};
use crate::ask::QueryError;
use crate::reader::Reader;
use crate::sampling::RecordedShares;

impl Reader<'_> {
    /// The statements that `service` sent in `window`, with their numbers in `baseline` and the sum
    /// of their durations in microseconds; and what they were counted from.
    pub(crate) fn statements(
        &self,
        service: &str,
        window: TimeRange,
        baseline: TimeRange,
        shares: &RecordedShares,
    ) -> Result<(RedSource, Vec<(RedRow, u64)>), QueryError> {
        let (protocol, side) = (Protocol::Sql, Side::Client);
        let selection =
            RequestSelection { protocol, side, service, range: window, shares: Some(shares) };
        let (source, now) = self.counted(None, &selection, false)?;
        let earlier = RequestSelection { range: baseline, ..selection };
        let before = self.count(source, &earlier, false)?;
        let rows = now.rows.table(protocol, Some(&before.rows));
        let total_us = |row: &RedRow| {
            let [operation, table] = [&row.operation, &row.table].map(Option::as_deref);
            let name = [operation, table].map(|part| part.unwrap_or_default().to_owned()).into();
            now.rows.find(&name).map_or(0, |(_, sum)| sum.total_us())
        };
        let with_total = |row: RedRow| {
            let total_us = total_us(&row);
            (row, total_us)
        };
        Ok((source, rows.into_iter().map(with_total).collect()))
    }
}
