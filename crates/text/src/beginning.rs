//! When a change began, and which agents did not cover the time that is compared.

use crate::duration::duration;
use crate::percent::percent;
use coral_query::answer::{Coverage, CoverageGap, LeftOut};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{counted, instant, time_of_day};

/// Agents, and services of agents, that are listed.
const MAX_NAMES: usize = 5;
/// Sentences about gaps that are written.
const MAX_SENTENCES: usize = 8;
const DAY_US: i64 = 24 * 3_600_000_000;

/// The time of a beginning alone: `since 02:41 UTC`; with its date if that is not the date of `until`,
/// the end of the window.
pub fn since_time(began: UnixNanos, until: UnixNanos) -> String {
    format!("since {}", moment(began, until))
}

/// The window since `began`, and its baseline, which ends a little earlier: `since 02:41 UTC, against
/// 1 hour before the change`. An answer that `names` no change says when it compared only: `since
/// 02:41 UTC, against 1 hour before that time`. `until` is the end of the window.
pub fn windows(began: UnixNanos, until: UnixNanos, baseline: &str, names: ChangeNamed) -> String {
    let end = match names {
        ChangeNamed::Yes => "the change",
        ChangeNamed::No => "that time",
    };
    format!("{}, against {baseline} before {end}", since_time(began, until))
}

/// The baseline of a window that stays as it is: `against 1 hour before the change`, or `against 1
/// hour before 02:41 UTC` where the answer names no change that `began` then.
pub fn moved_baseline(
    began: UnixNanos,
    until: UnixNanos,
    baseline: &str,
    names: ChangeNamed,
) -> String {
    match names {
        ChangeNamed::Yes => format!("against {baseline} before the change"),
        ChangeNamed::No => format!("against {baseline} before {}", moment(began, until)),
    }
}

/// Whether an answer names a change. A weak beginning, of which no change is found, is no change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeNamed {
    /// The answer names a cause, a change or a service that is not well.
    Yes,
    /// The answer names none.
    No,
}

impl From<bool> for ChangeNamed {
    fn from(named: bool) -> Self {
        if named { Self::Yes } else { Self::No }
    }
}

/// `since 02:41 UTC (12 minutes ago)`; `until` is the end of the window.
pub fn since(began: UnixNanos, until: UnixNanos) -> String {
    format!("{} ({} ago)", since_time(began, until), length(began, until))
}

/// `as of 02:41 UTC, 3 minutes ago`: when something was `heard` that may have changed until `now`.
pub fn as_of(heard: UnixNanos, now: UnixNanos) -> String {
    format!("as of {}, {} ago", moment(heard, now), length(heard, now))
}

/// Why a baseline has no traces: `Coral has stored spans only since 14:02 UTC (12 minutes ago); the
/// baseline would begin earlier`. `until` is the end of the window.
pub(crate) fn stored_since(oldest: UnixNanos, until: UnixNanos) -> String {
    let (since, ago) = (moment(oldest, until), length(oldest, until));
    format!(
        "Coral has stored spans only since {since} ({ago} ago); the baseline would begin earlier"
    )
}

/// `12 minutes`, `2h 35m`.
pub(crate) fn length(from: UnixNanos, until: UnixNanos) -> String {
    let length = until.since(from);
    match length.as_secs() {
        seconds @ 0..60 => counted(seconds, "second"),
        seconds @ 60..3_600 => counted(seconds / 60, "minute"),
        _ => duration(length.as_micros() as i64),
    }
}

/// The time of day of `at`, after the date if that is not the date of `until`, the end of the window:
/// `02:41 UTC`, `2026-11-24 02:41 UTC`.
pub(crate) fn moment(at: UnixNanos, until: UnixNanos) -> String {
    written(at, !are_of_one_day(at, until))
}

fn are_of_one_day(one: UnixNanos, other: UnixNanos) -> bool {
    let [one, other] = [one, other].map(|at| at.as_micros().div_euclid(DAY_US));
    one == other
}

fn written(at: UnixNanos, has_date: bool) -> String {
    let time = time_of_day(at.as_micros());
    match instant(at.as_micros()).split_once('T') {
        Some((date, _)) if has_date => format!("{date} {time}"),
        _ => time,
    }
}

/// One sentence for each gap, or for agents with the same gap: `Agent web-2 has been unreachable since
/// 02:39 UTC: its services (cart, stock) are missing here.` The last sentence counts gaps that have
/// none. `until` is the end of the window.
pub(crate) fn coverage(gaps: &[Coverage], until: UnixNanos) -> Vec<String> {
    let mut sentences = sentences(gaps, until);
    let more = sentences.len().saturating_sub(MAX_SENTENCES);
    sentences.truncate(MAX_SENTENCES);
    sentences.extend(not_shown(more));
    sentences
}

/// All gaps in one line; `None` without gaps. `until` is the end of the window.
pub(crate) fn coverage_line(gaps: &[Coverage], until: UnixNanos) -> Option<String> {
    let sentences = sentences(gaps, until);
    let (first, more) = (sentences.first()?, sentences.len() - 1);
    Some(match not_shown(more) {
        None => first.clone(),
        Some(more) => format!("{first} {more}"),
    })
}

fn not_shown(more: usize) -> Option<String> {
    match more {
        0 => None,
        1 => Some("Another gap is not shown; --format json has all.".to_owned()),
        more => {
            let gaps = counted(more as u64, "more gap");
            Some(format!("{gaps} are not shown; --format json has all."))
        }
    }
}

fn sentences(gaps: &[Coverage], until: UnixNanos) -> Vec<String> {
    let mut groups: Vec<(When, Vec<&Coverage>)> = Vec::new();
    for gap in gaps {
        let when = When::of(gap, until);
        let is_same = |(of, group): &&mut (When, Vec<&Coverage>)| {
            *of == when && group.first().is_some_and(|first| first.gap == gap.gap)
        };
        match groups.iter_mut().find(is_same) {
            Some((_, group)) => group.push(gap),
            None => groups.push((when, vec![gap])),
        }
    }
    groups.into_iter().map(|(when, group)| sentence(&when, &group)).collect()
}

/// What a group of agents has in common.
#[derive(PartialEq)]
struct When {
    /// `since 02:39 UTC`, `from 02:39 UTC to 02:51 UTC`, `for 12 seconds at 02:39 UTC`.
    from_to: String,
    /// `02:39 UTC`: the beginning alone.
    since: Option<String>,
    left_out: LeftOut,
    /// The sampling ratios before and now.
    ratios: Option<[String; 2]>,
}

impl When {
    fn of(gap: &Coverage, until: UnixNanos) -> Self {
        let ends = [gap.since, gap.until];
        // A gap from one day to another has both dates: its ends may be at the same time of day.
        let has_date = ends.iter().flatten().any(|at| !are_of_one_day(*at, until));
        let [since, ended] = ends.map(|at| at.map(|at| written(at, has_date)));
        let seconds = gap.since.zip(gap.until).map(|(since, until)| until.since(since).as_secs());
        let from_to = match (&since, &ended, seconds) {
            (Some(since), _, Some(seconds @ 0..60)) => {
                format!("for {} at {since}", counted(seconds.max(1), "second"))
            }
            (Some(since), Some(until), _) => format!("from {since} to {until}"),
            (Some(since), None, _) => format!("since {since}"),
            (None, Some(until), _) => format!("until {until}"),
            (None, None, _) => "since the colony started".to_owned(),
        };
        let ratios = gap.sampling.map(|change| [change.before, change.now].map(ratio));
        Self { from_to, since, left_out: gap.left_out, ratios }
    }
}

fn sentence(when: &When, group: &[&Coverage]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let names: Vec<String> = group.iter().map(|gap| gap.agent_id.clone()).collect();
    let mut missing: Vec<String> =
        group.iter().flat_map(|gap| gap.services.iter().cloned()).collect();
    missing.sort();
    missing.dedup();
    let others = if group.iter().any(|gap| gap.services_cut) { " and others" } else { "" };
    let (agents, services) = (listed(&names), format!("{}{others}", listed(&missing)));
    let (agent, has, was, its, records) = match names.len() {
        1 => ("Agent", "has", "was", "its", "has recorded"),
        _ => ("Agents", "have", "were", "their", "have recorded"),
    };
    let When { from_to, since, left_out, ratios } = when;
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
            let at = since.as_ref().map(|since| format!(" at {since}")).unwrap_or_default();
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
            let goes_on = first.until.is_none();
            let did = if goes_on { "has not instrumented" } else { "did not instrument" };
            let agent = agent.to_lowercase();
            let effect = if goes_on { missing } else { effect(&missing) };
            format!("Beyla of {agent} {agents} {did} processes {from_to}: {effect}.")
        }
        CoverageGap::SamplingChanged => {
            let [before, now] = ratios.clone().unwrap_or_default();
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

/// `10%`, `0.50%`, `less than 0.1%`, `0%`.
fn ratio(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 0.001 { "less than 0.1%".to_owned() } else { percent(ratio) }
}

pub(crate) fn listed(names: &[String]) -> String {
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
            services_cut: false,
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
        let no_span = Some(SamplingChange { before: 1.0, now: 0.0 });
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
            (
                Coverage {
                    sampling: no_span,
                    left_out: LeftOut::Nothing,
                    ..web_2(SamplingChanged)
                },
                "Agent web-2 has recorded 0% of traces since 12:00 UTC (100% before): counts before and after cannot \
                 be compared.",
            ),
        ] {
            assert_eq!(coverage(&[gap], later), [expected]);
        }
    }

    #[test]
    fn a_gap_of_another_day_than_the_end_of_the_window_has_its_date() {
        let day = std::time::Duration::from_secs(24 * 3_600);
        let of = |since, until| Coverage {
            since: Some(since),
            until,
            left_out: LeftOut::Traces,
            ..gap("web-2", CoverageGap::Returned, &["cart"])
        };
        let gaps = [
            of(NOON.earlier(2 * day), Some(NOON.earlier(day / 2 + day / 24))),
            of(NOON.earlier(day), Some(NOON)),
            of(NOON, Some(NOON.later(day / 24))),
        ];
        assert_eq!(
            coverage(&gaps, NOON.later(day / 24)),
            [
                "Agent web-2 was unreachable from 2026-11-23 12:00 UTC to 2026-11-24 23:00 UTC: traces from that time are not \
                 compared.",
                "Agent web-2 was unreachable from 2026-11-24 12:00 UTC to 2026-11-25 12:00 UTC: traces from that time are not compared.",
                "Agent web-2 was unreachable from 12:00 UTC to 13:00 UTC: traces from that time are not compared.",
            ]
        );
        let oldest = NOON.earlier(std::time::Duration::from_secs(720));
        assert_eq!(
            stored_since(oldest, NOON),
            "Coral has stored spans only since 11:48 UTC (12 minutes ago); the baseline would begin earlier"
        );
    }

    #[test]
    fn a_beginning_is_called_a_change_only_by_an_answer_that_names_one() {
        let hour = std::time::Duration::from_secs(3_600);
        let [windows, baseline] = [windows, moved_baseline].map(|words| {
            [true, false].map(|named| words(NOON, NOON.later(hour), "1 hour", named.into()))
        });
        assert_eq!(
            windows,
            [
                "since 12:00 UTC, against 1 hour before the change",
                "since 12:00 UTC, against 1 hour before that time",
            ]
        );
        assert_eq!(
            baseline,
            ["against 1 hour before the change", "against 1 hour before 12:00 UTC"]
        );
    }

    #[test]
    fn a_restart_of_seconds_a_cut_list_of_services_and_a_tiny_ratio_are_in_words() {
        let second = std::time::Duration::from_secs(1);
        let restart = Coverage {
            until: Some(NOON.later(12 * second)),
            left_out: LeftOut::Traces,
            ..gap("web-2", CoverageGap::Returned, &["cart"])
        };
        let cut = Coverage {
            services_cut: true,
            ..gap("web-2", CoverageGap::Unreachable, &["cart", "stock"])
        };
        let sampling = Some(SamplingChange { before: 1.0, now: 0.000_2 });
        let sampled =
            Coverage { sampling, ..gap("web-2", CoverageGap::SamplingChanged, &["cart"]) };
        assert_eq!(
            coverage(&[restart, cut, sampled], NOON),
            [
                "Agent web-2 was unreachable for 12 seconds at 12:00 UTC: traces from that time are not compared.",
                "Agent web-2 has been unreachable since 12:00 UTC: its services (cart, stock and others) are missing here.",
                "Agent web-2 has recorded less than 0.1% of traces since 12:00 UTC (100% before): its services (cart) are not \
                 compared.",
            ]
        );
    }

    #[test]
    fn gaps_beyond_eight_sentences_are_counted() {
        let minutes = |of: u64| std::time::Duration::from_secs(60 * of);
        let of = |at: u64| Coverage {
            since: Some(NOON.later(minutes(10 * at))),
            until: Some(NOON.later(minutes(10 * at + 2))),
            ..gap("web-2", CoverageGap::Returned, &["cart"])
        };
        let gaps: Vec<Coverage> = (0..16).map(of).collect();
        let sentences = coverage(&gaps, NOON);
        assert_eq!(sentences.len(), 9);
        assert_eq!(sentences[8], "8 more gaps are not shown; --format json has all.");
    }

    #[test]
    fn agents_with_the_same_gap_share_a_sentence_and_a_line_counts_the_others() {
        let down = |agent| gap(agent, CoverageGap::Unreachable, &["cart"]);
        let gaps = [down("web-1"), gap("db-1", CoverageGap::Joined, &["pg"]), down("web-2")];
        let both = "Agents web-1, web-2 have been unreachable since 12:00 UTC: their services (cart) are missing here.";
        assert_eq!(coverage(&gaps, NOON).len(), 2);
        assert_eq!(
            coverage_line(&gaps, NOON).unwrap(),
            format!("{both} Another gap is not shown; --format json has all.")
        );
        let is_some = |gaps| coverage_line(gaps, NOON).is_some();
        assert_eq!((is_some(&gaps[..1]), is_some(&[])), (true, false));
    }
}
