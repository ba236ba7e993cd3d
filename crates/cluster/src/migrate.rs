//! Columns that the table `spans` gained since its first version.
//!
//! `spans` is made with its first columns, and these are added to it: so a new table is as one that
//! was made by an earlier Coral. Rows that were stored before have the defaults.

use coral_engine::Budget;
use coral_record::promoted::{NUMBERS, TEXT};

use crate::error::ClusterError;
use crate::row::attributes::{MISPLACED, NO_STATUS};
use crate::shard::Shard;
use crate::sql;

/// Each column with its type and its default. A row of before has all attributes in the JSON of
/// `attributes`, and its origin in `origin`.
fn columns() -> Vec<(&'static str, String)> {
    let text = TEXT.iter().map(|column| (column.column, "String".to_owned()));
    let numbers = NUMBERS.iter().map(|column| (column.column, "Int64".to_owned()));
    let others = [
        ("origin_id", "UInt64".to_owned()),
        ("promoted", format!("UInt64 DEFAULT {MISPLACED}")),
        ("status_code", format!("Int32 DEFAULT {NO_STATUS}")),
    ];
    others.into_iter().chain(text).chain(numbers).collect()
}

/// Adds the columns that `spans` lacks.
pub(crate) fn add_columns(shard: &Shard) -> Result<(), ClusterError> {
    let missing = missing(shard)?;
    if missing.is_empty() {
        return Ok(());
    }
    let added: Vec<String> =
        missing.iter().map(|(name, kind)| format!("ADD COLUMN {name} {kind}")).collect();
    let table = shard.table("spans");
    match shard.execute(&format!("ALTER TABLE {table} {}", added.join(", "))) {
        // Another colony may have added them at the same time.
        Err(error) if !self::missing(shard)?.is_empty() => Err(error),
        _ => Ok(()),
    }
}

fn missing(shard: &Shard) -> Result<Vec<(&'static str, String)>, ClusterError> {
    let sql = format!(
        "SELECT name FROM system.columns WHERE database = {} AND table = 'spans'",
        sql::text(shard.database())
    );
    let known: Vec<String> = shard.rows(&sql, &Budget::unlimited())?;
    Ok(columns().into_iter().filter(|(name, _)| !known.iter().any(|known| known == name)).collect())
}
