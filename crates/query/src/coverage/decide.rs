//! What is left out of a comparison because of each gap.

use std::collections::HashSet;
use std::time::Duration;

use coral_engine::StoredSpan;
use coral_trace::UnixNanos;

use super::intervals::Intervals;
use super::{Coverage, CoverageGap, LeftOut};

/// At least this part of the traces of a window and of its baseline remains when the traces from the
/// time of a gap are left out.
const MIN_REST: f64 = 0.5;
/// Sampling ratios and times of agents that changed together differ by at most these.
const SAME_RATIO: f64 = 1.25;
const SAME_TIME: Duration = Duration::from_secs(180);

/// Decides what is left out because of each gap; `starts` are those of the traces of each cohort.
/// Traces from the time of a gap that is over are left out if enough of each cohort remains; else the
/// spans of the agent are. When all `agents` changed their sampling alike, whole traces are sampled,
/// and nothing is left out. Gaps that leave nothing out already are not judged, and judge no other.
pub(super) fn decide(gaps: &mut [Coverage], starts: [&[UnixNanos]; 2], agents: usize) {
    let are_sampled_alike = are_sampled_alike(gaps, agents);
    let mut dropped = Intervals::default();
    for gap in gaps.iter_mut().filter(|gap| gap.left_out != LeftOut::Nothing) {
        let is_over = gap.until.is_some()
            || matches!(gap.gap, CoverageGap::Joined | CoverageGap::SamplingChanged);
        let mut with_gap = dropped.clone();
        with_gap.add(gap.time());
        let drops_too_many = |starts: &[UnixNanos]| {
            let dropped_by =
                |times: &Intervals| starts.iter().filter(|start| times.contains(**start)).count();
            match is_over {
                true => dropped_by(&with_gap) as f64 > (1.0 - MIN_REST) * starts.len() as f64,
                // If no more traces are from the time of a gap, nothing is lost by leaving it out.
                false => dropped_by(&with_gap) > dropped_by(&dropped),
            }
        };
        gap.left_out = match gap.gap {
            CoverageGap::SamplingChanged if are_sampled_alike => LeftOut::Nothing,
            _ if starts.into_iter().any(drops_too_many) => LeftOut::Spans,
            _ => {
                dropped = with_gap;
                LeftOut::Traces
            }
        };
    }
}

/// When each trace started.
pub(super) fn starts(traces: &[Vec<StoredSpan>]) -> Vec<UnixNanos> {
    let start = |trace: &Vec<StoredSpan>| trace.iter().map(|stored| stored.span.start).min();
    traces.iter().filter_map(start).collect()
}

/// Whether the sampling of all `agents` changed at the same time to the same ratio.
fn are_sampled_alike(gaps: &[Coverage], agents: usize) -> bool {
    let changes = || gaps.iter().filter_map(|gap| Some((gap.since?, gap.sampling?.now)));
    let changed = gaps.iter().filter(|gap| gap.sampling.is_some());
    let changed: HashSet<&str> = changed.map(|gap| gap.agent_id.as_str()).collect();
    let Some((first, ratio)) = changes().next() else { return false };
    let is_alike = |(since, now): (UnixNanos, f64)| {
        since.since(first).max(first.since(since)) <= SAME_TIME
            && now.max(ratio) <= SAME_RATIO * now.min(ratio)
    };
    changed.len() == agents && changes().all(is_alike)
}

/// Keeps everything for a question about `service`: without its spans there is nothing to compare,
/// and its traces are from times at which its agent was read.
pub(super) fn keep(coverage: &mut [Coverage], service: Option<&str>) {
    let Some(service) = service else { return };
    for gap in coverage.iter_mut().filter(|gap| gap.has(service)) {
        (gap.left_out, gap.traces_affected) = (LeftOut::Nothing, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> UnixNanos {
        UnixNanos(minute * 60_000_000_000)
    }

    fn left_out(gap: CoverageGap, until: Option<u64>, starts: [&[u64]; 2]) -> LeftOut {
        let (since, until) = (Some(at(10)), until.map(at));
        let mut gaps = [Coverage { since, until, ..Coverage::new("web-2", gap) }];
        let starts = starts.map(|starts| starts.iter().copied().map(at).collect::<Vec<_>>());
        decide(&mut gaps, [&starts[0], &starts[1]], 1);
        gaps[0].left_out
    }

    #[test]
    fn the_time_of_a_gap_is_left_out_if_that_leaves_half_of_the_traces() {
        use CoverageGap::{Joined, Returned, Unreachable};
        for (gap, until, starts, expected) in [
            (Returned, Some(20), [&[5, 6, 15, 16][..], &[30]], LeftOut::Traces),
            (Returned, Some(20), [&[5, 14, 15, 16], &[30]], LeftOut::Spans),
            (Joined, None, [&[5, 14], &[30]], LeftOut::Traces),
            (Joined, None, [&[5, 6], &[30]], LeftOut::Spans),
            // Other agents have traces from the time of a gap that goes on, or have none.
            (Unreachable, None, [&[5, 6], &[7, 8, 9, 11]], LeftOut::Spans),
            (Unreachable, None, [&[5, 6], &[7, 8, 9]], LeftOut::Traces),
        ] {
            assert_eq!(left_out(gap, until, starts), expected, "{gap:?} {starts:?}");
        }
    }

    #[test]
    fn a_gap_that_a_question_keeps_does_not_count_against_other_gaps() {
        let gap = |services: &[&str], since, until| Coverage {
            since: Some(at(since)),
            until: Some(at(until)),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            ..Coverage::new("web-2", CoverageGap::Returned)
        };
        // Each gap has 4 of 10 traces; both have more than half.
        let mut gaps = [gap(&["stock"], 10, 14), gap(&["cart"], 20, 24)];
        let starts: Vec<UnixNanos> =
            [5, 6, 10, 11, 12, 13, 20, 21, 22, 23].into_iter().map(at).collect();
        let mut both = gaps.clone();
        decide(&mut both, [&starts, &[]], 2);
        let left_out = [both[0].left_out, both[1].left_out];
        assert_eq!(left_out, [LeftOut::Traces, LeftOut::Spans]);
        // A gap that goes on and has no trace of its own leaves out no spans.
        let mut ongoing = [both[0].clone(), gap(&["cart"], 30, 40)];
        ongoing[1].until = None;
        decide(&mut ongoing, [&starts, &[]], 2);
        assert_eq!(ongoing.map(|gap| gap.left_out), [LeftOut::Traces; 2]);
        keep(&mut gaps, Some("stock"));
        decide(&mut gaps, [&starts, &[]], 2);
        assert_eq!(gaps.map(|gap| gap.left_out), [LeftOut::Nothing, LeftOut::Traces]);
    }
}
