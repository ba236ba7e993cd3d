//! Whether sampling keeps or drops whole traces, so that the traces of before and after its change
//! can be compared.

use std::collections::{HashMap, HashSet};

use coral_engine::StoredSpan;

use super::{Coverage, CoverageGap, LeftOut};

/// With fewer traces of the sampled time, nothing is known of them.
const MIN_TRACES: u64 = 5;

/// Traces that have an operation, and those of them that have spans of a gap.
#[derive(Clone, Copy, Default)]
struct Together {
    traces: u64,
    with_gap: u64,
}

/// The service and the name of a span.
type Operation<'a> = (&'a str, &'a str);

/// Leaves nothing out because of changes of sampling that drop whole traces. `cohorts` are the
/// traces of the baseline and of the window.
pub(super) fn keep_wholly_sampled(gaps: &mut [Coverage], cohorts: [&[Vec<StoredSpan>]; 2]) {
    for gap in gaps.iter_mut().filter(|gap| gap.gap == CoverageGap::SamplingChanged) {
        if drops_whole_traces(gap, cohorts) {
            gap.left_out = LeftOut::Nothing;
        }
    }
}

/// Whether the traces from the time of the smaller ratio have spans of the gap beside the same
/// operations of other services as the traces from the time of the larger ratio. Otherwise the
/// services are sampled by themselves, and their spans are missing in other traces.
fn drops_whole_traces(gap: &Coverage, cohorts: [&[Vec<StoredSpan>]; 2]) -> bool {
    let Some(sampling) = gap.sampling else { return false };
    let [mut more, mut less]: [HashMap<Operation<'_>, Together>; 2] = Default::default();
    for trace in cohorts.into_iter().flatten() {
        let Some(start) = trace.iter().map(|stored| stored.span.start).min() else { continue };
        let side = if gap.tears(start) { &mut less } else { &mut more };
        let is_of_gap = |stored: &&StoredSpan| gap.is_of(stored);
        let with_gap = u64::from(trace.iter().any(|stored| is_of_gap(&stored)));
        let others = trace.iter().filter(|stored| !is_of_gap(stored));
        let operations: HashSet<Operation<'_>> = others
            .map(|stored| (stored.span.origin.service_name(), stored.span.name.as_str()))
            .collect();
        for operation in operations {
            let known = side.entry(operation).or_default();
            known.traces += 1;
            known.with_gap += with_gap;
        }
    }
    // Operations that usually come with spans of the gap.
    more.retain(|_, together| 2 * together.with_gap > together.traces);
    let (mut usual, mut sampled) = (Together::default(), Together::default());
    for (operation, together) in &more {
        let Some(less) = less.get(operation) else { continue };
        usual.add(*together);
        sampled.add(*less);
    }
    let ratio = sampling.before.min(sampling.now) / sampling.before.max(sampling.now);
    // Half way between what sampling by itself and what sampling of whole traces would leave.
    sampled.traces >= MIN_TRACES && sampled.part() > usual.part() * f64::midpoint(1.0, ratio)
}

impl Together {
    fn add(&mut self, other: Self) {
        self.traces += other.traces;
        self.with_gap += other.with_gap;
    }

    fn part(self) -> f64 {
        self.with_gap as f64 / self.traces.max(1) as f64
    }
}
