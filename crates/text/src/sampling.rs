//! Counts of which only a share is recorded, as estimates, and the sentence that says so.

use coral_query::answer::{Estimate, SampledSpans};
use coral_trace::sanitize::line;
use coral_trace::units::count;

use crate::percent::{per_second, percent};

/// Agents and services that a sentence names.
const MAX_NAMES: usize = 5;
/// Sentences about agents with shares that are known, or that are not.
const MAX_SENTENCES: usize = 4;

/// A count: `1,200`; `~1,200` if it is an estimate.
pub(crate) fn calls(recorded: u64, estimate: Option<Estimate>) -> String {
    marked(recorded, estimate.and_then(|of| of.count))
}

/// How many of them failed, likewise.
pub(crate) fn errors(recorded: u64, estimate: Option<Estimate>) -> String {
    marked(recorded, estimate.and_then(|of| of.errors))
}

/// A count with its noun: `1 call`, `~1,200 calls`.
pub(crate) fn counted(recorded: u64, estimate: Option<Estimate>, noun: &str) -> String {
    match estimate.and_then(|of| of.count) {
        Some(all) => format!("~{}", coral_trace::units::counted(all, noun)),
        None => coral_trace::units::counted(recorded, noun),
    }
}

/// A rate per second: `3.4`; `~3.4` if it is an estimate.
pub(crate) fn rate(recorded: f64, estimate: Option<Estimate>) -> String {
    match estimate.and_then(|of| of.sampling_ratio) {
        Some(ratio) if recorded > 0.0 => format!("~{}", per_second(recorded / ratio)),
        _ => per_second(recorded),
    }
}

fn marked(recorded: u64, all: Option<u64>) -> String {
    match all {
        Some(all) if recorded > 0 => format!("~{}", count(all)),
        _ => count(recorded),
    }
}

/// What the counts of an answer are, if agents record only a share of the spans: `Numbers with ~ are
/// estimates: agent web-2 recorded 10% of its traces (cart, stock).`
pub(crate) fn estimates(sampled: &[SampledSpans]) -> Vec<String> {
    let (known, unknown) = divided(sampled);
    let mut sentences = Vec::new();
    if let Some(agents) = listed(&known, |of| format!("recorded {}", share(of))) {
        sentences.push(format!(
            "Numbers with ~ are estimates, and counts of these services without ~ are of recorded spans only: {agents}."
        ));
    }
    sentences.extend(
        listed(&unknown, |_| "recorded an unknown share".to_owned()).map(|agents| {
            format!("Counts are of recorded spans only and are not scaled: {agents}.")
        }),
    );
    sentences
}

/// The sentences for an answer that compares traces: `The compared traces are a sample: agent web-2
/// recorded 10% of its traces (cart, stock).`
pub(crate) fn compared(sampled: &[SampledSpans]) -> Option<String> {
    let all: Vec<&SampledSpans> = sampled.iter().collect();
    let agents = listed(&all, |of| format!("recorded {}", share(of)))?;
    Some(format!("The compared traces are a sample: {agents}."))
}

fn divided(sampled: &[SampledSpans]) -> (Vec<&SampledSpans>, Vec<&SampledSpans>) {
    sampled.iter().partition(|of| of.least_ratio.is_some())
}

/// `agent web-1 recorded 10% of its traces (cart), and agent web-2 …`; `None` without agents.
fn listed(sampled: &[&SampledSpans], does: impl Fn(&SampledSpans) -> String) -> Option<String> {
    let mut clauses: Vec<String> = sampled
        .iter()
        .take(MAX_SENTENCES)
        .map(|of| {
            let services = names(&of.services);
            format!("agent {} {} of its traces ({services})", line(&of.agent_id), does(of))
        })
        .collect();
    let more = sampled.len().saturating_sub(MAX_SENTENCES);
    if more > 0 {
        clauses.push(format!("{more} more"));
    }
    let last = clauses.pop()?;
    Some(match clauses.as_slice() {
        [] => last,
        first => format!("{}, and {last}", first.join(", ")),
    })
}

fn names(services: &[String]) -> String {
    let shown: Vec<String> = services.iter().take(MAX_NAMES).map(|name| line(name)).collect();
    match services.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `10%`, `10% to 100%`, `an unknown share`.
fn share(of: &SampledSpans) -> String {
    match (of.least_ratio, of.most_ratio) {
        (Some(least), Some(most)) if percent(least) != percent(most) => {
            format!("{} to {}", percent(least), percent(most))
        }
        (Some(least), _) if least < 0.001 => "less than 0.1%".to_owned(),
        (Some(least), _) => percent(least),
        (None, _) => "an unknown share".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(agent: &str, ratios: Option<(f64, f64)>, services: &[&str]) -> SampledSpans {
        SampledSpans {
            agent_id: agent.to_owned(),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            least_ratio: ratios.map(|(least, _)| least),
            most_ratio: ratios.map(|(_, most)| most),
        }
    }

    #[test]
    fn estimates_are_marked_and_the_sentence_names_agents_services_and_shares() {
        let tenth = Estimate { sampling_ratio: Some(0.1), count: Some(12_000), errors: Some(30) };
        assert_eq!(calls(1_200, Some(tenth)), "~12,000");
        assert_eq!((errors(3, Some(tenth)), errors(0, Some(tenth))), ("~30".into(), "0".into()));
        assert_eq!((rate(0.34, Some(tenth)), rate(0.34, None)), ("~3.4".into(), "0.34".into()));
        assert_eq!(counted(1_200, Some(tenth), "call"), "~12,000 calls");
        // The share is not known.
        assert_eq!(calls(1_200, Some(Estimate::default())), "1,200");
        let all = [
            sampled("web-1", Some((0.1, 0.1)), &["cart", "stock"]),
            sampled("web-2", Some((0.5, 1.0)), &["pay"]),
            sampled("web-3", None, &["mail"]),
        ];
        assert_eq!(
            estimates(&all),
            [
                "Numbers with ~ are estimates, and counts of these services without ~ are of recorded spans only: agent web-1 recorded 10% of \
                 its traces (cart, stock), and agent web-2 recorded 50% to 100% of its traces (pay).",
                "Counts are of recorded spans only and are not scaled: agent web-3 recorded an unknown share of its traces \
                 (mail).",
            ]
        );
        assert_eq!(
            compared(&all[..1]).unwrap(),
            "The compared traces are a sample: agent web-1 recorded 10% of its traces (cart, stock)."
        );
        assert!(estimates(&[]).is_empty() && compared(&[]).is_none());
    }
}
