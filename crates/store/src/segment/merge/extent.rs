//! The extent of a merged segment.

use std::sync::Arc;

use crate::segment::{Segment, SegmentExtent, SegmentServices};

/// The extent of a segment of all rows of `inputs`, with so many rows of its traces file and row groups
/// of its spans file.
pub(super) fn of(
    inputs: &[Arc<Segment>],
    traces: u32,
    services: SegmentServices,
    row_groups: u32,
) -> SegmentExtent {
    let all = || inputs.iter().map(|input| &input.extent);
    SegmentExtent {
        first_receipt: all().map(|of| of.first_receipt).min().unwrap_or_default(),
        last_receipt: all().map(|of| of.last_receipt).max().unwrap_or_default(),
        first_received: all().map(|of| of.first_received).min().unwrap_or_default(),
        last_received: all().map(|of| of.last_received).max().unwrap_or_default(),
        first_start: all().map(|of| of.first_start).min().unwrap_or_default(),
        // A trace starts with its first part, so the latest start of a part is a bound.
        last_start: all().map(|of| of.last_start).max().unwrap_or_default(),
        traces,
        has_misplaced: all().any(|of| of.has_misplaced),
        // 0 says that the size is not known.
        hot_bytes: if all().any(|of| of.hot_bytes == 0) {
            0
        } else {
            all().map(|of| of.hot_bytes).sum()
        },
        services,
        has_pairs: true,
        row_groups,
    }
}
