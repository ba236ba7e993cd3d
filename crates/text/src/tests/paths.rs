//! What one trace waited for, and its flame graph.

use expect_test::expect;

use super::{REFERENCE, trace};
use crate::screen::Screen;
use crate::trace::{critical_path, flamegraph, folded};
use coral_trace::units::TimeZone;

#[test]
fn the_critical_path_of_the_reference_trace_sums_to_its_duration() {
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 1.2s
        Spans: 8
        Services: frontend-api, payments-api, card-validator-svc, postgres, fraud-detector, inventory-api, redis, email-svc

        Critical path of frontend-api: POST /checkout (1.2s):

        At     | Took  | Share | Waited for
        -------|-------|-------|------------------------------------
        +0µs   | 50ms  | 4.2%  | frontend-api: POST /checkout
        +50ms  | 10ms  | 0.8%  | payments-api: POST /api/v1/payments
        +60ms  | 340ms | 28.3% | card-validator-svc: POST /validate
        +400ms | 12ms  | 1.0%  | postgres: SELECT cards
        +412ms | 28ms  | 2.3%  | card-validator-svc: POST /validate
        +440ms | 5ms   | 0.4%  | payments-api: POST /api/v1/payments
        +445ms | 35ms  | 2.9%  | fraud-detector: Check
        +480ms | 20ms  | 1.7%  | payments-api: POST /api/v1/payments
        +500ms | 680ms | 56.7% | frontend-api: POST /checkout
        +1.18s | 15ms  | 1.3%  | email-svc: notifications
        +1.2s  | 5ms   | 0.4%  | frontend-api: POST /checkout

        By hop:

        Took  | Share | Hop
        ------|-------|------------------------------------
        735ms | 61.3% | frontend-api: POST /checkout
        368ms | 30.7% | card-validator-svc: POST /validate
        35ms  | 2.9%  | payments-api: POST /api/v1/payments
        35ms  | 2.9%  | fraud-detector: Check
        15ms  | 1.3%  | email-svc: notifications
        12ms  | 1.0%  | postgres: SELECT cards

        Each moment counts once, for the last call that was awaited; the network to a service counts for that service.
    "#]].assert_eq(&critical_path(&trace(REFERENCE), &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn of_several_parts_the_longest_is_shown_and_the_others_are_told() {
    let torn = trace(
        "1 a server 0+9 GET /\n2 b client 1+2 SELECT x < 1 | db.system=postgresql\n3 c server 0+5 GET /c < 7",
    );
    expect![[r#"
        Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
        Started: 2026-11-18 11:06:40.000 UTC
        Duration: 9ms
        Spans: 3
        Services: a, b, c

        Critical path of a: GET / (9ms):

        At   | Took | Share | Waited for
        -----|------|-------|------------
        +0µs | 1ms  | 11.1% | a: GET /
        +1ms | 2ms  | 22.2% | b: SELECT x
        +3ms | 6ms  | 66.7% | a: GET /

        By hop:

        Took | Share | Hop
        -----|-------|------------
        7ms  | 77.8% | a: GET /
        2ms  | 22.2% | b: SELECT x

        Each moment counts once, for the last call that was awaited; the network to a service counts for that service.

        1 other part of the trace not shown: no span that called there was received.

        Incomplete: 1 hop with a parent that was not received (not instrumented, not sampled, or not exported yet).
    "#]].assert_eq(&critical_path(&torn, &TimeZone::UTC, Screen::PLAIN));
}

#[test]
fn a_trace_as_stacks_has_each_hops_own_microseconds() {
    expect![[r#"
        frontend-api: POST /checkout 735000
        frontend-api: POST /checkout;email-svc: notifications 15000
        frontend-api: POST /checkout;inventory-api: POST /api/v1/reserve 178000
        frontend-api: POST /checkout;inventory-api: POST /api/v1/reserve;redis: SET 2000
        frontend-api: POST /checkout;payments-api: POST /api/v1/payments 35000
        frontend-api: POST /checkout;payments-api: POST /api/v1/payments;card-validator-svc: POST /validate 368000
        frontend-api: POST /checkout;payments-api: POST /api/v1/payments;card-validator-svc: POST /validate;postgres: SELECT cards 12000
        frontend-api: POST /checkout;payments-api: POST /api/v1/payments;fraud-detector: Check 35000
    "#]].assert_eq(&folded(&trace(REFERENCE)));
}

#[test]
fn hops_of_the_same_stack_are_summed_and_names_stay_within_their_frame() {
    let trace = trace(
        "1 a server 0+9 GET /;x 5\n2 a client 1+2 q < 1\n3 a client 4+1 q < 1\n4 a client 4+1 <b>&\" < 1",
    );
    expect![[r#"
        a: "GET /,x 5" 6000
        a: "GET /,x 5";a: <b>&" 1000
        a: "GET /,x 5";a: q 3000
    "#]]
    .assert_eq(&folded(&trace));
    let svg = flamegraph(&trace).unwrap();
    assert!(svg.contains("a: &lt;b&gt;&amp;&quot;") && !svg.contains("<b>"), "{svg}");
}

#[test]
fn a_flame_graph_has_a_frame_for_each_hop_from_the_top_down() {
    let svg = flamegraph(&trace(REFERENCE)).unwrap();
    let titles = svg.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next());
    expect![[r#"
        email-svc: notifications (15,000 µs, 1.09%)
        inventory-api: POST /api/v1/reserve (180,000 µs, 13.04%)
        redis: SET (2,000 µs, 0.14%)
        card-validator-svc: POST /validate (380,000 µs, 27.54%)
        postgres: SELECT cards (12,000 µs, 0.87%)
        all (1,380,000 µs, 100%)
        frontend-api: POST /checkout (1,380,000 µs, 100.00%)
        payments-api: POST /api/v1/payments (450,000 µs, 32.61%)
        fraud-detector: Check (35,000 µs, 2.54%)
    "#]]
    .assert_eq(&titles.map(|title| title.to_owned() + "\n").collect::<String>());
    assert_eq!(svg, flamegraph(&trace(REFERENCE)).unwrap(), "the same for the same trace");
    assert!(flamegraph(&trace("1 a server 0+0 GET /")).is_err(), "nothing to draw");
}

#[test]
fn a_long_or_deep_trace_has_bounded_pages() {
    let chain =
        (2..=3_000).map(|id| format!("\n{id:x} a internal 0+{} f{id} < {:x}", 9_000 - id, id - 1));
    let deep = trace(&("1 a internal 0+9000 f1".to_owned() + &chain.collect::<String>()));
    assert!(folded(&deep).lines().all(|line| line.matches(';').count() < 50));
    assert!(critical_path(&deep, &TimeZone::UTC, Screen::PLAIN).lines().count() < 1_020);
}

/// Given two numbers at the end of a line, inferno and flamegraph.pl draw their difference.
#[test]
fn a_name_that_ends_in_a_number_is_no_count() {
    let trace = trace(
        "1 a server 0+9 GET /\n2 sel client 1+2 SELECT 1 < 1\n3 sel client 4+1 200 < 1\n4 sel client 6+1 v 1.5 < 1",
    );
    expect![[r#"
        a: GET / 5000
        a: GET /;sel: "200" 1000
        a: GET /;sel: "SELECT 1" 2000
        a: GET /;sel: "v 1.5" 1000
    "#]]
    .assert_eq(&folded(&trace));
    let svg = flamegraph(&trace).unwrap();
    assert!(svg.contains("sel: &quot;SELECT 1&quot; (2,000 µs, 22.22%)"), "{svg}");
    assert!(!svg.contains("%; +"), "{svg}");
}

#[test]
fn shares_of_a_trace_as_long_as_the_numbers_go_are_right() {
    let longest = trace("1 a server -1795000000000+18446744073709.551 GET /");
    assert!(
        critical_path(&longest, &TimeZone::UTC, Screen::PLAIN).contains("| 100.0% |"),
        "{}",
        critical_path(&longest, &TimeZone::UTC, Screen::PLAIN)
    );
}
