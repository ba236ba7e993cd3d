//! The rows of several files, in the order of one sorted file.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use coral_engine::StoredDelta;
use coral_trace::red::Series;

use crate::error::StoreError;
use crate::metrics::file::MetricFile;
use crate::metrics::file_reader::FileRows;
use crate::metrics::order::{OrderedSeries, compare_in_series};

/// A k-way merge of the rows of sorted files. One batch of each file is in memory.
pub(super) struct MergedRows {
    heads: BinaryHeap<Reverse<Head>>,
    /// The series and the agent of the last row, which rows with equal ones share.
    last: Option<(Arc<Series>, Arc<str>)>,
}

/// The next row of one file.
struct Head {
    series: OrderedSeries,
    row: StoredDelta,
    rest: FileRows,
}

impl MergedRows {
    pub(super) fn of(files: &[Arc<MetricFile>]) -> Result<Self, StoreError> {
        let mut heads = BinaryHeap::with_capacity(files.len());
        for file in files {
            let mut rest = file.rows()?;
            if let Some(row) = rest.next_row()? {
                let series = OrderedSeries::of(&row.delta.series);
                heads.push(Reverse(Head { series, row, rest }));
            }
        }
        Ok(Self { heads, last: None })
    }

    /// The next row; `None` after the last one.
    pub(super) fn next_row(&mut self) -> Result<Option<StoredDelta>, StoreError> {
        let Some(mut first) = self.heads.peek_mut() else { return Ok(None) };
        let mut row = match first.0.rest.next_row()? {
            Some(next) => {
                if !Arc::ptr_eq(&next.delta.series, &first.0.row.delta.series) {
                    first.0.series = OrderedSeries::of(&next.delta.series);
                }
                std::mem::replace(&mut first.0.row, next)
            }
            None => PeekMut::pop(first).0.row,
        };
        if let Some((series, agent)) = &self.last {
            if *series == row.delta.series {
                row.delta.series = series.clone();
            }
            if *agent == row.agent_id {
                row.agent_id = agent.clone();
            }
        }
        self.last = Some((row.delta.series.clone(), row.agent_id.clone()));
        Ok(Some(row))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let in_series = || compare_in_series(&self.row, &other.row);
        self.series.cmp(&other.series).then_with(in_series)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}
