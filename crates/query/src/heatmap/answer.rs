//! Traces by start and duration as an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;

/// How many traces started in each part of a window and took how long.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Heatmap {
    /// Start of the window, microseconds since the Unix epoch.
    pub since_unix_us: i64,
    /// End of the window, exclusive, microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// The number of columns: parts of the window of equal length, the earliest first.
    pub columns: u32,
    /// The number of rows: ranges of durations, the shortest first.
    pub rows: u32,
    /// The durations between which the rows are, in microseconds: one more than there are rows,
    /// ascending, and each about the same multiple of the one before. A row includes its lower bound
    /// and not its upper one. The first row also has all shorter traces, and the last row all longer
    /// ones.
    pub bounds_us: Vec<i64>,
    /// The number of traces in each cell. The cell of a column and a row, both counted from 0, is at
    /// `column * rows + row`.
    pub counts: Vec<u64>,
    /// The number of traces in each cell that have a failed span, in the same order.
    pub errors: Vec<u64>,
    /// The sum of `counts`.
    pub traces: u64,
    /// Whether more traces match than were counted. The newest ones are counted.
    pub cut: bool,
    /// If the heatmap is cut, the start of the earliest trace that was counted, in microseconds
    /// since the Unix epoch: all traces that match and started later are counted. Null otherwise.
    #[serde(default)]
    pub counted_since_unix_us: Option<i64>,
    /// The gaps in what was seen of agents in the window, in at most its last 24 hours.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}
