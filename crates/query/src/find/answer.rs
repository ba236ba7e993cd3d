//! The rows that were found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of a waterfall.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundRows {
    /// The numbers of the rows that the search selects, from 0 on and ascending: places in the
    /// columns of the waterfall with equal `source` and `adjust_clocks`.
    pub rows: Vec<u32>,
    /// How many spans were searched: those with a row. Redacted hops are not searched.
    pub spans: u64,
}
