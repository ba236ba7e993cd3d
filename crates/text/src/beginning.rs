//! When a change began, and which agents did not cover the time that is compared.

use crate::duration::duration;
use crate::percent::percent;
use coral_query::answer::{Coverage, CoverageGap, LeftOut};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{counted, time_of_day};

/// Agents, and services of agents, that are listed.
const MAX_NAMES: usize = 5;

/// The time of a beginning alone: `since 02:41 UTC`.
pub fn since_time(began: UnixNanos) -> String {
    format!("since {}", time_of_day(began.as_micros()))
}

/// The window since a change `began`, and its baseline, which ends a little before the change:
/// `since 02:41 UTC, against 1 hour before the change`.
pub fn windows(began: UnixNanos, baseline: &str) -> String {
    format!("{}, against {baseline} before the change", since_time(began))
}

/// `since 02:41 UTC (12 minutes ago)`; `until` is the end of the window.
pub fn since(began: UnixNanos, until: UnixNanos) -> String {
    let length = until.since(began);
    let ago = match length.as_secs() {
        seconds @ 0..60 => counted(seconds, "second"),
        seconds @ 60..3_600 => counted(seconds / 60, "minute"),
        _ => duration(length.as_micros() as i64),
    };
    format!("{} ({ago} ago)", since_time(began))
}

/// One sentence for each gap, or for agents with the same gap: `Agent web-2 has been unreachable since
/// 02:39 UTC: its services (cart, stock) are missing here.`
pub(crate) fn coverage(coverage: &[Coverage]) -> Vec<String> {
    let mut groups: Vec<Vec<&Coverage>> = Vec::new();
    for gap in coverage {
        let is_same = |other: &&Coverage| when(other) == when(gap) && other.gap == gap.gap;
        match groups.iter_mut().find(|group| group.first().is_some_and(is_same)) {
            Some(group) => group.push(gap),
            None => groups.push(vec![gap]),
        }
    }
    groups.iter().map(|group| sentence(group)).collect()
}

/// All gaps in one line; `None` without gaps.
pub(crate) fn coverage_line(gaps: &[Coverage]) -> Option<String> {
    let sentences = coverage(gaps);
    let (first, more) = (sentences.first()?, sentences.len() - 1);
    Some(match more {
        0 => first.clone(),
        1 => format!("{first} Another gap is not shown; --format json has all."),
        more => format!(
            "{first} {} are not shown; --format json has all.",
            counted(more as u64, "more gap")
        ),
    })
}

/// What a group of agents has in common.
fn when(gap: &Coverage) -> (Option<String>, Option<String>, LeftOut, Option<[String; 2]>) {
    let time = |at: Option<UnixNanos>| at.map(|at| time_of_day(at.as_micros()));
    let ratios = gap.sampling.map(|change| [change.before, change.now].map(percent));
    (time(gap.since), time(gap.until), gap.left_out, ratios)
}

fn sentence(group: &[&Coverage]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let names: Vec<String> = group.iter().map(|gap| gap.agent_id.clone()).collect();
    let mut missing: Vec<String> =
        group.iter().flat_map(|gap| gap.services.iter().cloned()).collect();
    missing.sort();
    missing.dedup();
    let (agents, services) = (listed(&names), listed(&missing));
    let (agent, has, was, its, records) = match names.len() {
        1 => ("Agent", "has", "was", "its", "has recorded"),
        _ => ("Agents", "have", "were", "their", "have recorded"),
    };
    let (since, until, left_out, ratios) = when(first);
    let from_to = match (&since, &until) {
        (Some(since), Some(until)) => format!("from {since} to {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "since the colony started".to_owned(),
    };
    let effect = |nothing: &str| match left_out {
        LeftOut::Traces => "traces from that time are not compared".to_owned(),
        LeftOut::Spans => format!("{its} services ({services}) are not compared"),
        LeftOut::Nothing => nothing.to_owned(),
    };
    let missing = format!("{its} services ({services}) are missing here");
    match first.gap {
        CoverageGap::Unreachable => {
            format!("{agent} {agents} {has} been unreachable {from_to}: {missing}.")
        }
        CoverageGap::Returned => {
            format!("{agent} {agents} {was} unreachable {from_to}: {}.", effect(&missing))
        }
        CoverageGap::Joined => {
            let at = since.map(|since| format!(" at {since}")).unwrap_or_default();
            let effect = match left_out {
                LeftOut::Traces => "earlier traces are not compared".to_owned(),
                LeftOut::Spans => {
                    format!("{its} services ({services}) have no baseline and are not compared")
                }
                LeftOut::Nothing => format!("{its} services ({services}) have no earlier spans"),
            };
            format!("{agent} {agents} joined{at}: {effect}.")
        }
        CoverageGap::BeylaStopped => {
            let did = if until.is_none() { "has not instrumented" } else { "did not instrument" };
            let agent = agent.to_lowercase();
            let effect = if until.is_none() { missing } else { effect(&missing) };
            format!("Beyla of {agent} {agents} {did} processes {from_to}: {effect}.")
        }
        CoverageGap::SamplingChanged => {
            let [before, now] = ratios.unwrap_or_default();
            let effect = match left_out {
                LeftOut::Traces => "earlier traces are not compared".to_owned(),
                _ => effect("counts before and after cannot be compared"),
            };
            format!(
                "{agent} {agents} {records} {now} of traces {from_to} ({before} before): {effect}."
            )
        }
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|name| line(name)).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coral_query::answer::SamplingChange;

    const NOON: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

    #[test]
    fn a_beginning_is_a_time_of_day_and_how_long_ago_that_was() {
        let ago = |seconds| NOON.earlier(std::time::Duration::from_secs(seconds));
        for (seconds, expected) in [
            (42, "since 11:59 UTC (42 seconds ago)"),
            (60, "since 11:59 UTC (1 minute ago)"),
            (1_140, "since 11:41 UTC (19 minutes ago)"),
            (9_300, "since 09:25 UTC (2h 35m ago)"),
        ] {
            assert_eq!(since(ago(seconds), NOON), expected);
        }
    }

    fn gap(agent_id: &str, gap: CoverageGap, services: &[&str]) -> Coverage {
        Coverage {
            agent_id: agent_id.to_owned(),
            gap,
            since: Some(NOON),
            until: None,
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            left_out: LeftOut::Spans,
            traces_affected: 0,
            sampling: None,
        }
    }

    #[test]
    fn each_gap_has_a_sentence_that_says_what_is_missing() {
        use CoverageGap::{BeylaStopped, Joined, Returned, SamplingChanged, Unreachable};
        let later = NOON.later(std::time::Duration::from_secs(720));
        let web_2 = |kind| gap("web-2", kind, &["cart"]);
        let ended = |kind, left_out| Coverage { until: Some(later), left_out, ..web_2(kind) };
        let all = ["a", "b", "c", "d", "e", "f", "g"];
        let sampling = Some(SamplingChange { before: 1.0, now: 0.005 });
        for (gap, expected) in [
            (
                web_2(Unreachable),
                "Agent web-2 has been unreachable since 12:00 UTC: its services (cart) are missing here.",
            ),
            (
                Coverage { since: None, ..gap("web-2", Unreachable, &all) },
                "Agent web-2 has been unreachable since the colony started: its services (a, b, c, d, e and 2 more) \
                 are missing here.",
            ),
            (
                ended(Returned, LeftOut::Traces),
                "Agent web-2 was unreachable from 12:00 UTC to 12:12 UTC: traces from that time are not compared.",
            ),
            (
                Coverage { since: None, ..ended(Returned, LeftOut::Spans) },
                "Agent web-2 was unreachable until 12:12 UTC: its services (cart) are not compared.",
            ),
            (
                web_2(Joined),
                "Agent web-2 joined at 12:00 UTC: its services (cart) have no baseline and are not compared.",
            ),
            (
                Coverage { left_out: LeftOut::Traces, ..web_2(Joined) },
                "Agent web-2 joined at 12:00 UTC: earlier traces are not compared.",
            ),
            (
                web_2(BeylaStopped),
                "Beyla of agent web-2 has not instrumented processes since 12:00 UTC: its services (cart) are \
                 missing here.",
            ),
            (
                ended(BeylaStopped, LeftOut::Nothing),
                "Beyla of agent web-2 did not instrument processes from 12:00 UTC to 12:12 UTC: its services (cart) \
                 are missing here.",
            ),
            (
                Coverage { sampling, ..web_2(SamplingChanged) },
                "Agent web-2 has recorded 0.5% of traces since 12:00 UTC (100% before): its services (cart) are not \
                 compared.",
            ),
        ] {
            assert_eq!(coverage(&[gap]), [expected]);
        }
    }

    #[test]
    fn agents_with_the_same_gap_share_a_sentence_and_a_line_counts_the_others() {
        let down = |agent| gap(agent, CoverageGap::Unreachable, &["cart"]);
        let gaps = [down("web-1"), gap("db-1", CoverageGap::Joined, &["pg"]), down("web-2")];
        let both = "Agents web-1, web-2 have been unreachable since 12:00 UTC: their services (cart) are missing here.";
        assert_eq!(coverage(&gaps).len(), 2);
        assert_eq!(
            coverage_line(&gaps).unwrap(),
            format!("{both} Another gap is not shown; --format json has all.")
        );
        assert_eq!((coverage_line(&gaps[..1]).is_some(), coverage_line(&[])), (true, None));
    }
}
