//! When a change began, and which agents did not cover the time that is compared.

use crate::duration::duration;
use coral_query::answer::{Coverage, CoverageGap};
use coral_trace::UnixNanos;
use coral_trace::sanitize::line;
use coral_trace::units::{counted, time_of_day};

/// Services of one agent that are listed.
const MAX_SERVICES: usize = 5;

/// The time of a beginning alone: `since 02:41 UTC`.
pub fn since_time(began: UnixNanos) -> String {
    format!("since {}", time_of_day(began.as_micros()))
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

/// One sentence for each agent: `Agent web-2 has been unreachable since 02:39 UTC: its services
/// (cart, stock) are missing here.`
pub(crate) fn coverage(coverage: &[Coverage]) -> Vec<String> {
    coverage.iter().map(sentence).collect()
}

fn sentence(of: &Coverage) -> String {
    let (agent, services) = (line(&of.agent_id), services(&of.services));
    let since = of.since.map(|since| time_of_day(since.as_micros()));
    match (of.gap, since) {
        (CoverageGap::Unreachable, Some(since)) => format!(
            "Agent {agent} has been unreachable since {since}: its services ({services}) are missing here."
        ),
        (CoverageGap::Unreachable, None) => format!(
            "Agent {agent} has been unreachable since the colony started: its services ({services}) are missing \
             here."
        ),
        (CoverageGap::Joined, since) => {
            let at = since.map(|since| format!(" at {since}")).unwrap_or_default();
            format!(
                "Agent {agent} joined{at}: its services ({services}) have no baseline and are not compared."
            )
        }
    }
}

fn services(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_SERVICES).map(|name| line(name)).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn each_agent_that_did_not_cover_all_has_a_sentence_of_its_own() {
        let gap = |gap, since, services: &[&str]| Coverage {
            agent_id: "web-2".to_owned(),
            gap,
            since,
            services: services.iter().map(|name| (*name).to_owned()).collect(),
        };
        let all = ["a", "b", "c", "d", "e", "f", "g"];
        let said = coverage(&[
            gap(CoverageGap::Unreachable, Some(NOON), &["cart", "stock"]),
            gap(CoverageGap::Unreachable, None, &all),
            gap(CoverageGap::Joined, Some(NOON), &["cart"]),
        ]);
        assert_eq!(
            said,
            [
                "Agent web-2 has been unreachable since 12:00 UTC: its services (cart, stock) are missing here.",
                "Agent web-2 has been unreachable since the colony started: its services (a, b, c, d, e and 2 more) \
                 are missing here.",
                "Agent web-2 joined at 12:00 UTC: its services (cart) have no baseline and are not compared.",
            ]
        );
    }
}
