//! A statement that ClickHouse answers itself.

use std::ops::ControlFlow;

use coral_cluster::{Cluster, ClusterError, SelectLimits, SelectPart};
use coral_engine::Budget;
use coral_store::{SqlColumn, SqlFailure, SqlFailureKind, SqlLimits};
use coral_trace::chain;
use tokio::sync::mpsc;

use super::counters::Ended;
use super::runner::{Piece, SqlError};
use crate::SqlQuestion;

/// ClickHouse's codes of errors for a statement that takes too long or too much memory.
const LIMIT_CODES: [&str; 4] = ["Code: 159", "Code: 160", "Code: 241", "Code: 307"];

/// Asks `cluster`, and sends each part of the answer. Blocks until the answer ends or the client goes
/// away.
pub(super) fn relay(
    cluster: &Cluster,
    question: SqlQuestion,
    limits: SqlLimits,
    budget: &Budget,
    queue: &mpsc::Sender<Piece>,
) -> Result<Ended, SqlError> {
    if question.since_unix_us.is_some() {
        let text = "a time from which on cannot be given here: write a condition on `bucket`, in which spans were \
                    received, and on `start_us`";
        return Err(SqlFailure { kind: SqlFailureKind::Statement, text: text.to_owned() }.into());
    }
    let SqlLimits { memory, threads, time, rows: most_rows, bytes: most_bytes } = limits;
    let (mut rows, mut bytes, mut ended) = (0_u64, 0_u64, Ended::Answered);
    let select = SelectLimits { memory, threads, time };
    let told = cluster.select(&question.sql, select, budget, &mut |part| {
        let piece = match part {
            SelectPart::Columns(columns) => Piece::Columns(
                columns.into_iter().map(|(name, kind)| SqlColumn { name, kind }).collect(),
            ),
            SelectPart::Row(values) => {
                let row = serde_json::Value::Array(values).to_string();
                (rows, bytes) = (rows + 1, bytes + row.len() as u64);
                if rows > most_rows || bytes > most_bytes {
                    ended = Ended::Cut;
                    return ControlFlow::Break(());
                }
                Piece::Row(row)
            }
        };
        if queue.blocking_send(piece).is_err() {
            ended = Ended::Abandoned;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    told.map_err(error)?;
    match queue.blocking_send(Piece::End(ended == Ended::Cut)) {
        Ok(()) => Ok(ended),
        Err(_) => Ok(Ended::Abandoned),
    }
}

fn error(error: ClusterError) -> SqlError {
    let is_limit = |words: &str| LIMIT_CODES.iter().any(|code| words.contains(code));
    let kind = match &error {
        ClusterError::SeveralShards | ClusterError::NoReader | ClusterError::ReaderWrites => {
            return SqlError::NotSet(chain(&error));
        }
        ClusterError::OverBudget(_) => SqlFailureKind::Limit,
        _ => match error.words() {
            Some(words) if is_limit(words) => SqlFailureKind::Limit,
            Some(_) => SqlFailureKind::Statement,
            None => SqlFailureKind::Engine,
        },
    };
    SqlFailure { kind, text: chain(&error) }.into()
}
