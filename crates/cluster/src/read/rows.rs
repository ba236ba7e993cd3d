//! Spans from rows of `spans`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use clickhouse::{RowOwned, RowRead};
use coral_engine::{Budget, StoredSpan};

use crate::error::ClusterError;
use crate::origins;
use crate::row::read::{ReadSpan, ReadWhole, SpanReader};
use crate::shard::Shard;

type Visit<'a> = &'a mut dyn FnMut(StoredSpan) -> Result<ControlFlow<()>, ClusterError>;

/// Calls `visit` with the span of each row of `sql`, which selects what `reader` reads. A span counts
/// as a row of the budget.
pub(crate) fn visit(
    shard: &Shard,
    reader: &mut SpanReader,
    sql: &str,
    budget: &Budget,
    visit: Visit<'_>,
) -> Result<(), ClusterError> {
    if reader.has_attributes() {
        let id = |row: &ReadWhole| row.span.origin_id;
        visit_rows(shard, reader, sql, budget, (id, SpanReader::whole), visit)
    } else {
        let id = |row: &ReadSpan| row.origin_id;
        visit_rows(shard, reader, sql, budget, (id, SpanReader::read), visit)
    }
}

/// `id` is the id of a row's origin, and `read` makes its span.
fn visit_rows<T: RowOwned + RowRead>(
    shard: &Shard,
    reader: &mut SpanReader,
    sql: &str,
    budget: &Budget,
    (id, read): (
        impl Fn(&T) -> u64,
        impl Fn(&mut SpanReader, T) -> Result<StoredSpan, ClusterError>,
    ),
    visit: Visit<'_>,
) -> Result<(), ClusterError> {
    if !reader.has_origins() {
        return shard.visit::<T>(sql, budget, &mut |row| {
            budget.count_rows(1)?;
            visit(read(reader, row)?)
        });
    }
    // The texts of origins are read once the rows have said which.
    let (mut rows, mut ids) = (Vec::new(), BTreeSet::new());
    shard.visit::<T>(sql, budget, &mut |row| {
        budget.count_rows(1)?;
        ids.insert(id(&row));
        rows.push(row);
        Ok(ControlFlow::Continue(()))
    })?;
    ids.retain(|id| *id != 0 && !reader.texts.contains_key(id));
    reader.texts.extend(origins::texts(shard, &ids, budget)?);
    for row in rows {
        if visit(read(reader, row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}
