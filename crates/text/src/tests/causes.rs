//! Causes and anomalies as they are printed.

use std::time::Duration;

use expect_test::expect;

use crate::anomalies::{anomalies, summary, title};
use crate::screen::Screen;
use crate::tests::widths::keeps_to_width;
use crate::why::why;
use coral_query::answer::{
    Anomalies, Anomaly, AnomalyKind, CauseKind, Coverage, CoverageGap, LeftOut, Reason, Verdict,
    Why, WhyEvidence, WhyRate, WhyRates, WhyStandout, WhyStandoutTimes, WhySuspect, WhyTimes,
    WhyValue,
};
use coral_trace::{SpanId, TraceId, UnixNanos};

/// 2026-11-25T12:00:00Z.
const NOON: UnixNanos = UnixNanos(1_795_608_000_000_000_000);

fn evidence() -> Vec<WhyEvidence> {
    let trace_id: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
    let span_id: SpanId = "00f067aa0ba902b7".parse().unwrap();
    vec![WhyEvidence { trace_id, span_id }]
}

fn suspect(service: &str, kind: CauseKind, component: &str, share: f64) -> WhySuspect {
    WhySuspect {
        service: service.to_owned(),
        component: component.to_owned(),
        kind,
        share,
        score: share * 3.0,
        or_service: None,
        times: None,
        rates: None,
        evidence: evidence(),
    }
}

/// A cause with two values that stand out.
fn cause_with_standouts() -> Why {
    let value = |key: &str, value: &str, affected, others| WhyStandout {
        key: key.to_owned(),
        value: value.to_owned(),
        affected,
        others,
        ..WhyStandout::default()
    };
    Why {
        sampled: Vec::new(),
        service: String::new(),
        route: None,
        trace_id: None,
        verdict: Verdict::Cause,
        because: Reason::BeyondChance { score: 2.4, p_value: 0.05 },
        ranking: vec![
            suspect("cart", CauseKind::Own, "GET /cart", 0.8),
            suspect("postgres", CauseKind::Leaf, "cart → postgres SELECT items", 0.15),
        ],
        further_causes: Vec::new(),
        standouts: vec![
            value("host.name", "web-3", 0.98, 0.12),
            value("service.version", "v2\u{1b}[31m", 1.0, 0.3),
        ],
        unattributed: 0.05,
        slowdown_us: 375_000,
        p95_us: 488_000,
        counterfactual_p95_us: 107_000,
        completeness: 1.0,
        traces: 30,
        baseline_traces: 60,
        clocks_adjusted: 0,
        cut: true,
        did_you_mean: Vec::new(),
        other_routes: Vec::new(),
        began: None,
        coverage: Vec::new(),
        stored_since: None,
    }
}

#[test]
fn a_cause_is_told_with_what_its_slow_spans_have_in_common() {
    let found = cause_with_standouts();
    expect![[r#"
        Why is everything slow? (last 15 minutes, against the 1 hour before)

        Cause: cart, 80% of the added time
          cart takes longer itself in `GET /cart`.
          P95 is 488ms.
          P95 would be 107ms if cart were as fast as in the baseline.
          Stands out: host.name=web-3, on 98% of the slow spans and on 12% of the other spans.
          Stands out: service.version=v2\u{1b}[31m, on 100% of the slow spans and on 30% of the other spans.

        See it in:
          coral query beyla traces --trace-id 4bf92f3577b34da6a3ce929d0e0e4736    # span 00f067aa0ba902b7

        Suspect  | Added time | Score | Kind | Where
        ---------|------------|-------|------|-----------------------------
        cart     | 80%        | 2.40  | own  | GET /cart
        postgres | 15%        | 0.45  | leaf | cart → postgres SELECT items
        (other suspects and unattributed time: 5%)
        Added time: a service's share of all time that components took beyond the baseline.
        Score: see `coral help why`.
        own: time in the service's own work.
        leaf: time of a call whose callee sends no spans, such as a database.

        Compared 30 traces with 60 traces of the baseline: 375ms slower (mean of P50, P75 and P90).
        100% of the window's traces have every parent span; `coral doctor traces` checks more.
        More traces match; these are a sample of the whole time range.
    "#]].assert_eq(&why(
        &found,
        "last 15 minutes, against the 1 hour before",
        NOON,
        Screen::PLAIN
    ));
}

#[test]
fn a_cause_is_told_with_its_beginning_and_with_what_was_not_seen() {
    let coverage = Coverage {
        agent_id: "web-2".to_owned(),
        gap: CoverageGap::Unreachable,
        since: Some(NOON.earlier(Duration::from_secs(780))),
        until: None,
        services: vec!["stock".to_owned()],
        services_cut: false,
        left_out: LeftOut::Spans,
        traces_affected: 0,
        sampling: None,
    };
    let began = Some(NOON.earlier(Duration::from_secs(660)));
    let found = Why { began, coverage: vec![coverage], ..cause_with_standouts() };
    let text = why(&found, "the windows", NOON, Screen::PLAIN);
    let cause = "\nCause: cart, 80% of the added time, since 11:49 UTC\n";
    assert!(text.contains(cause), "{text}");
    let coverage = "\nAgent web-2 has been unreachable since 11:47 UTC: its services (stock) are missing here.\n";
    assert!(text.ends_with(coverage), "{text}");
}

/// The lines of the cause, between the question and the first blank line after it.
fn cause_lines(cause: WhySuspect, standouts: Vec<WhyStandout>) -> String {
    let further = suspect("ads", CauseKind::Own, "GET /ads", 0.3);
    let found = Why {
        verdict: Verdict::Cause,
        because: Reason::BeyondChance { score: 2.4, p_value: 0.05 },
        ranking: vec![cause],
        further_causes: vec![further],
        standouts,
        slowdown_us: 90_000,
        ..nothing_found()
    };
    let text = why(&found, "the windows", NOON, Screen::PLAIN);
    text.split("\n\n").nth(1).unwrap().to_owned()
}

fn nothing_found() -> Why {
    Why {
        sampled: Vec::new(),
        service: String::new(),
        route: None,
        trace_id: None,
        verdict: Verdict::NoCause,
        because: Reason::NotSlower,
        ranking: Vec::new(),
        further_causes: Vec::new(),
        standouts: Vec::new(),
        unattributed: 0.0,
        slowdown_us: 0,
        p95_us: 0,
        counterfactual_p95_us: 0,
        completeness: 1.0,
        traces: 30,
        baseline_traces: 60,
        clocks_adjusted: 0,
        cut: false,
        did_you_mean: Vec::new(),
        other_routes: Vec::new(),
        began: None,
        coverage: Vec::new(),
        stored_since: None,
    }
}

fn standout(key: &str, value: &str, explains: bool) -> WhyStandout {
    let (key, value) = (key.to_owned(), value.to_owned());
    let affected_spans = WhyRate { count: 19, of: 19 };
    let other_spans = WhyRate { count: 90, of: 300 };
    WhyStandout {
        key,
        value,
        affected: affected_spans.part(),
        others: other_spans.part(),
        affected_spans,
        other_spans,
        explains,
        ..WhyStandout::default()
    }
}

#[test]
fn an_error_is_told_as_a_rate_with_the_value_that_explains_it_and_without_latency() {
    let rates =
        WhyRates { before: WhyRate { count: 1, of: 250 }, now: WhyRate { count: 19, of: 292 } };
    let cause = WhySuspect {
        rates: Some(rates),
        ..suspect("payments", CauseKind::Error, "POST /charge", 0.02)
    };
    let status = standout("http.response.status_code", "503", false);
    expect![[r#"
        Cause: payments
          payments fails, although nothing that it calls fails, in `POST /charge`:
          6.5% of its requests fail (0.4% in the baseline), all of them with host.name=pay-2, all with http.response.status_code=503.
          Stands out: host.name=pay-2, on 100% of 19 failing spans and on 30% of 300 other spans.
          Stands out: http.response.status_code=503, on 100% of 19 failing spans and on 30% of 300 other spans.
        Another cause: ads
          ads takes longer itself in `GET /ads`."#]]
    .assert_eq(&cause_lines(cause, vec![standout("host.name", "pay-2", true), status]));
}

#[test]
fn a_slow_version_is_told_with_its_median_and_that_of_the_other_version() {
    let times = WhyStandoutTimes {
        with_us: 181_000,
        without_us: 4_000,
        other_value: Some("2.3.1".to_owned()),
    };
    let also = vec![WhyValue { key: "host.name".to_owned(), value: "app-1".to_owned() }];
    let version =
        WhyStandout { also, times: Some(times), ..standout("service.version", "2.4.0", true) };
    let cause = WhySuspect {
        times: Some(WhyTimes { before_us: 4_000, now_us: 120_000 }),
        or_service: Some("web".to_owned()),
        ..suspect("user", CauseKind::Own, "GET /user", 0.97)
    };
    let text = cause_lines(cause.clone(), vec![version]);
    let expected = "Cause: between web and user, 97% of the added time\n  user takes longer itself in \
                    `GET /user`:\n  P50 is 181ms with service.version=2.4.0, host.name=app-1, and 4ms with \
                    service.version=2.3.1.\n";
    assert!(text.starts_with(expected), "{text}");
    // Without a value that explains it, the times are those of the component.
    let text = cause_lines(cause, Vec::new());
    assert!(text.contains("`GET /user`:\n  120ms per trace, 4ms in the baseline.\n"), "{text}");
}

#[test]
fn anomalies_of_every_kind_are_told_in_their_units() {
    let anomaly = |kind: AnomalyKind, component: &str, before, now, score| Anomaly {
        kind,
        service: "cart".to_owned(),
        component: component.to_owned(),
        score,
        before,
        now,
        evidence: evidence(),
    };
    let found = Anomalies {
        left_out: 0,
        anomalies: vec![
            anomaly(AnomalyKind::Slower, "GET /cart", 12_000.0, 380_000.0, 3.1),
            anomaly(AnomalyKind::Errors, "GET /cart", 0.001, 0.25, 2.2),
            anomaly(AnomalyKind::MissingChild, "GET /cart", 0.0, 0.5, 2.0),
            anomaly(AnomalyKind::RetryStorm, "front → cart GET /cart", 0.0, 0.3, 1.9),
            anomaly(AnomalyKind::NPlusOne, "cart → postgres SELECT items", 0.0, 1.0, 1.5),
            anomaly(AnomalyKind::MoreOften, "cart → postgres SELECT items", 0.15, 0.95, 1.2),
            anomaly(AnomalyKind::NewEdge, "cart → 10.0.0.7:443 over http", 0.0, 1_200.0, 1.0),
            Anomaly {
                evidence: vec![],
                ..anomaly(AnomalyKind::VanishedEdge, "cart \u{1b}[2J→ ads over http", 1.0, 0.0, 0.9)
            },
        ],
        traces: 2_000,
        baseline_traces: 2_000,
        cut: true,
        ..Anomalies::default()
    };
    expect![[r#"
        Changes (last 1 hour, against the 1 hour before):

        Change        | Service | Where                         | Before  | Now         | Score | Trace
        --------------|---------|-------------------------------|---------|-------------|-------|---------------------------------
        slower        | cart    | GET /cart                     | 12ms    | 380ms       | 3.10  | 4bf92f3577b34da6a3ce929d0e0e4736
        errors        | cart    | GET /cart                     | 0.1%    | 25.0%       | 2.20  | 4bf92f3577b34da6a3ce929d0e0e4736
        missing call  | cart    | GET /cart                     | 0.0%    | 50.0%       | 2.00  | 4bf92f3577b34da6a3ce929d0e0e4736
        retry storm   | cart    | front → cart GET /cart        | 0.0%    | 30.0%       | 1.90  | 4bf92f3577b34da6a3ce929d0e0e4736
        N+1 calls     | cart    | cart → postgres SELECT items  | 0.0%    | 100.0%      | 1.50  | 4bf92f3577b34da6a3ce929d0e0e4736
        more often    | cart    | cart → postgres SELECT items  | 15.0%   | 95.0%       | 1.20  | 4bf92f3577b34da6a3ce929d0e0e4736
        new edge      | cart    | cart → 10.0.0.7:443 over http | 0 calls | 1,200 calls | 1.00  | 4bf92f3577b34da6a3ce929d0e0e4736
        vanished edge | cart    | cart \u{1b}[2J→ ads over http | 1 call  | 0 calls     | 0.90  | –
        slower: takes longer, not counting what it calls.
        errors: a larger share of requests fails although the calls that they make succeed.
        missing call: a larger share of requests ends without a call that was made in the baseline.
        retry storm: a larger share of requests repeats a call that fails.
        N+1 calls: a larger share of requests repeats a call that succeeds.
        more often: a larger share of requests makes this call.
        new edge: a caller makes calls to a callee that it did not call in the baseline.
        vanished edge: in the baseline a caller made calls to this callee; now it makes none.

        Compared 2,000 traces with 2,000 traces of the baseline.
        More traces match; these are a sample of the whole time range.
    "#]].assert_eq(&anomalies(&found, "last 1 hour, against the 1 hour before", NOON, Screen::PLAIN));
    let titles: Vec<String> = found.anomalies.iter().map(title).collect();
    expect![[r#"
        cart is slower in GET /cart: 12ms → 380ms
        cart fails more often in GET /cart: 0.1% → 25.0% of requests
        cart leaves out a call in GET /cart: 0.0% → 50.0% of requests
        cart fails and is called again, front → cart GET /cart: 0.0% → 30.0% of requests
        cart repeats a call, cart → postgres SELECT items: 0.0% → 100.0% of requests
        cart makes a call more often, cart → postgres SELECT items: 15.0% → 95.0% of requests
        cart makes new calls, cart → 10.0.0.7:443 over http: 0 calls → 1,200 calls
        cart makes no more calls, cart \u{1b}[2J→ ads over http: 1 call → 0 calls"#]]
    .assert_eq(&titles.join("\n"));
    assert_eq!(summary(&found), "8 changes against the baseline");
    let found = Anomalies { left_out: 1_200, ..found };
    assert_eq!(summary(&found), "1,208 changes against the baseline, of which 8 are listed");
    let cut = anomalies(&found, "last 1 hour", NOON, Screen::PLAIN);
    assert!(cut.contains("\n… 1,200 changes with lower scores are not listed.\n"), "{cut}");
}

#[test]
fn a_baseline_before_the_oldest_stored_span_says_since_when_spans_are_stored() {
    let stored_since = Some(NOON.earlier(Duration::from_secs(720)));
    let found = Why {
        verdict: Verdict::NotEnoughEvidence,
        because: Reason::NoBaselineTraces,
        baseline_traces: 0,
        stored_since,
        ..nothing_found()
    };
    let hint = "Hint: Coral has stored spans only since 11:48 UTC (12 minutes ago); the baseline would begin earlier. Try a shorter \
                --since, which moves traces into the baseline.\n";
    let text = why(&found, "the windows", NOON, Screen::PLAIN);
    assert!(text.contains(hint) && !text.contains("longer --baseline"), "{text}");
    let found = Anomalies { traces: 30, stored_since, ..Anomalies::default() };
    let text = anomalies(&found, "the windows", NOON, Screen::PLAIN);
    assert!(text.contains(hint) && !text.contains("longer --baseline"), "{text}");
}

#[test]
fn no_anomalies_say_why_there_are_none() {
    let none = |traces, baseline_traces| {
        anomalies(
            &Anomalies { traces, baseline_traces, ..Anomalies::default() },
            "last 1 hour",
            NOON,
            Screen::PLAIN,
        )
    };
    expect![[r#"
        Changes (last 1 hour):

        No trace started in this window.
        Hint: try a longer --since.

        Compared 0 traces with 5 traces of the baseline.

        Changes (last 1 hour):

        There is nothing to compare with: no trace started in the baseline.
        Hint: try a longer --baseline, or a shorter --since, which moves traces into the baseline.

        Compared 5 traces with 0 traces of the baseline.

        Changes (last 1 hour):

        Not enough evidence: no change was found, but the baseline has only 5 traces.
        Hint: try a longer --baseline, or a shorter --since, which moves traces into the baseline.

        Compared 5 traces with 5 traces of the baseline.

        Changes (last 1 hour):

        No change: every difference is one that chance alone may cause (permutation test).

        Compared 5 traces with 20 traces of the baseline.
    "#]]
    .assert_eq(&(none(0, 5) + "\n" + &none(5, 0) + "\n" + &none(5, 5) + "\n" + &none(5, 20)));
    let summaries = [(0, 5), (5, 0), (5, 5), (5, 20)].map(|(traces, baseline_traces)| {
        summary(&Anomalies { traces, baseline_traces, ..Anomalies::default() })
    });
    expect![[r#"
        no trace started in this window
        there is nothing to compare with: no trace started in the baseline
        not enough evidence: no change was found, but the baseline has only 5 traces
        nothing changed against the baseline: every difference is one that chance alone may cause (permutation test)"#]].assert_eq(&summaries.join("\n"));
}

#[test]
fn a_cause_and_changes_keep_to_every_width() {
    keeps_to_width(|screen| why(&cause_with_standouts(), "last 15 minutes", NOON, screen));
    keeps_to_width(|screen| why(&nothing_found(), "last 15 minutes", NOON, screen));
}
