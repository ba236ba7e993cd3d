//! Counts of spans of which agents record only a share are estimates, and say so.

use coral_engine::PolledMinute;
use proptest::prelude::*;

use super::beginning::{MINUTE_US, ask};
use super::coverage::{Colony, MINUTES, NOW, answered};
use crate::answer::{Estimate, Health, SampledSpans, ServiceState, Services, Topology};
use crate::{ServicesQuestion, TopologyQuestion, WhyQuestion};

/// The window, in which `shop` serves six requests a minute, and its baseline.
const WINDOW: u64 = 100;
const BASELINE: u64 = 60;

/// Whether a sampler that decides by the trace id keeps the request.
fn keeps(number: u64, seed: u64, ratio: f64) -> bool {
    let mix = |word: u64| {
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    let mixed = mix(mix(number) ^ mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)));
    (mixed >> 11) as f64 / ((1_u64 << 53) as f64) < ratio
}

/// Agents whose samplers keep `ratio` of the traces, by the minutes before noon.
fn sampled(seed: u64, ratio: impl Fn(u64) -> f64) -> Colony {
    let colony =
        Colony::sampled(|_| 0, |_, _| true, |minutes, number| keeps(number, seed, ratio(minutes)));
    let polled = |minutes| PolledMinute {
        // A minute is named by its end.
        sampling_ratio: Some(ratio(minutes)),
        ..answered(MINUTES, minutes)
    };
    colony.record("web-1", "shop", 0..MINUTES, polled);
    colony.record("web-2", "stock", 0..MINUTES, polled);
    colony
}

fn services(colony: &Colony, service: Option<&str>) -> Services {
    let question = ServicesQuestion {
        service: service.map(str::to_owned),
        since_unix_us: NOW - WINDOW as i64 * MINUTE_US,
        until_unix_us: NOW,
        baseline_us: BASELINE as i64 * MINUTE_US,
        find_beginning: false,
        points: 0,
    };
    ask(&colony.store, None, &question)
}

fn map(colony: &Colony) -> Topology {
    let question = TopologyQuestion {
        since_unix_us: NOW - WINDOW as i64 * MINUTE_US,
        until_unix_us: NOW,
        diff_us: Some(BASELINE as i64 * MINUTE_US),
        ..TopologyQuestion::default()
    };
    ask(&colony.store, None, &question)
}

fn named<'a>(answer: &'a Services, name: &str) -> &'a ServiceState {
    answer.services.iter().find(|of| of.name == name).unwrap()
}

/// Asserts that an estimate of `all` requests is at most five standard deviations off.
fn is_near(estimate: Option<Estimate>, all: u64, ratio: f64) -> Result<(), TestCaseError> {
    let found = estimate.unwrap().count.unwrap() as f64;
    let deviation = (all as f64 * (1.0 - ratio) / ratio).sqrt();
    prop_assert!((found - all as f64).abs() <= 5.0 * deviation + 1.0, "{found} {all} {ratio}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn estimates_of_whole_traces_that_a_sampler_thins_are_near_the_true_counts(
        ratio in 0.05..0.99_f64,
        seed in any::<u64>(),
    ) {
        let colony = sampled(seed, |_| ratio);
        let all = 6 * WINDOW;
        let answer = services(&colony, Some("shop"));
        let shop = named(&answer, "shop");
        let estimate = shop.now.estimate.unwrap();
        prop_assert!((estimate.sampling_ratio.unwrap() - ratio).abs() < 1e-6);
        let expected = (shop.now.requests as f64 / ratio).round() as u64;
        prop_assert_eq!(estimate.count, Some(expected));
        is_near(shop.now.estimate, all, ratio)?;
        is_near(shop.before.as_ref().unwrap().estimate, 6 * BASELINE, ratio)?;
        prop_assert_eq!(shop.requests[0].now.estimate, shop.now.estimate);
        let detail = answer.detail.as_ref().unwrap();
        prop_assert_eq!(detail.operations[0].now.estimate, shop.now.estimate);
        is_near(detail.callees[0].edge.estimate, all, ratio)?;
        let map = map(&colony);
        let edge = map.edges.iter().find(|edge| edge.to == "stock").unwrap();
        is_near(edge.estimate, all, ratio)?;
        let agents: Vec<&str> = map.sampled.iter().map(|of| of.agent_id.as_str()).collect();
        prop_assert_eq!(agents, ["web-1", "web-2"]);
    }
}

#[test]
fn answers_about_traces_that_are_all_recorded_say_nothing_of_sampling() {
    let colony = sampled(7, |_| 1.0);
    let question = WhyQuestion {
        since_unix_us: NOW - 15 * MINUTE_US,
        until_unix_us: NOW,
        baseline_us: 60 * MINUTE_US,
        ..WhyQuestion::default()
    };
    for json in [
        serde_json::to_string(&services(&colony, None)).unwrap(),
        serde_json::to_string(&services(&colony, Some("shop"))).unwrap(),
        serde_json::to_string(&map(&colony)).unwrap(),
        serde_json::to_string(&ask(&colony.store, None, &question)).unwrap(),
    ] {
        assert!(!json.contains("estimate") && !json.contains("\"sampled\""), "{json}");
    }
}

#[test]
fn a_ratio_that_changes_in_the_window_weighs_each_minute_by_its_own() {
    let ratio = |minutes| if minutes < 50 { 0.2 } else { 1.0 };
    let colony = sampled(7, ratio);
    let answer = services(&colony, None);
    let shop = named(&answer, "shop");
    is_near(shop.now.estimate, 6 * WINDOW, 0.33).unwrap();
    let ratio = shop.now.estimate.unwrap().sampling_ratio.unwrap();
    assert!((0.5..0.7).contains(&ratio), "{ratio}");
    // The calls of an edge are not known by agent and minute, so that they are not scaled.
    let map = map(&colony);
    assert_eq!(map.edges[0].estimate, Some(Estimate::default()));
    let of_shop = SampledSpans {
        agent_id: "web-1".to_owned(),
        services: vec!["shop".to_owned()],
        least_ratio: Some(0.2),
        most_ratio: Some(1.0),
    };
    assert_eq!(map.sampled[0], of_shop);
}

#[test]
fn a_change_of_sampling_is_no_change_of_traffic_even_a_small_one() {
    for ratio in [0.05, 0.4, 0.55, 0.7] {
        // The smaller share begins with the window.
        let colony = sampled(3, |minutes| if minutes < WINDOW { ratio } else { 1.0 });
        let answer = services(&colony, None);
        for of in &answer.services {
            assert!(
                !matches!(of.health, Health::FewerRequests | Health::NotSeen),
                "{ratio} {of:?}"
            );
        }
        let question = WhyQuestion {
            since_unix_us: NOW - WINDOW as i64 * MINUTE_US,
            until_unix_us: NOW,
            baseline_us: BASELINE as i64 * MINUTE_US,
            ..WhyQuestion::default()
        };
        let why = ask(&colony.store, None, &question);
        assert_ne!(why.verdict, crate::answer::Verdict::Cause, "{ratio} {:?}", why.because);
        assert_eq!(why.sampled.len(), 2);
    }
}

#[test]
fn fewer_requests_are_told_where_the_share_that_is_recorded_stayed_the_same() {
    let colony = Colony::sampled(
        |_| 0,
        |_, _| true,
        |minutes, number| keeps(number, 1, if minutes < WINDOW { 0.1 } else { 0.5 }),
    );
    let half = |minutes| PolledMinute { sampling_ratio: Some(0.5), ..answered(MINUTES, minutes) };
    colony.record("web-1", "shop", 0..MINUTES, half);
    colony.record("web-2", "stock", 0..MINUTES, half);
    assert_eq!(named(&services(&colony, None), "shop").health, Health::FewerRequests);
}

#[test]
fn calls_whose_ends_are_recorded_at_different_shares_are_not_scaled() {
    let colony = Colony::new(|_| 0, |_, number| keeps(number, 5, 0.1));
    colony.record("web-2", "stock", 0..MINUTES, |minutes| PolledMinute {
        sampling_ratio: Some(0.1),
        ..answered(MINUTES, minutes)
    });
    let answer = services(&colony, None);
    assert_eq!(named(&answer, "shop").now.estimate, None);
    is_near(named(&answer, "stock").now.estimate, 6 * WINDOW, 0.1).unwrap();
    let agents: Vec<&str> = answer.sampled.iter().map(|of| of.agent_id.as_str()).collect();
    assert_eq!(agents, ["web-2"]);
    let edge = map(&colony).edges.into_iter().find(|edge| edge.to == "stock").unwrap();
    assert_eq!(edge.estimate, Some(Estimate::default()));
}

#[test]
fn sampling_that_only_metrics_show_scales_the_counts_too() {
    let colony = Colony::sampled(
        |_| 0,
        |_, _| true,
        |minutes, number| minutes >= 110 || keeps(number, 9, 0.1),
    );
    colony.record("web-2", "stock", 0..MINUTES, |minutes| answered(MINUTES, minutes));
    colony.record_requests("web-2", "stock", |minutes| (if minutes < 110 { 1 } else { 10 }, 10));
    let answer = services(&colony, None);
    is_near(named(&answer, "stock").now.estimate, 6 * WINDOW, 0.1).unwrap();
    assert_eq!(named(&answer, "shop").now.estimate, None, "nothing is known of it");
}
