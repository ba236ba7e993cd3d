//! The health of services, from spans to the terminal.

use expect_test::expect;

use super::process::Coral;
use super::why::slow_checkouts;

const WINDOW: &str = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z";

#[test]
fn services_that_became_slow_come_first_with_the_time_and_their_numbers_before() {
    let coral = slow_checkouts();
    let page = coral.answer(&format!("services {WINDOW}"));
    expect![[r#"
        3 of 5 services are not well: card-validator-svc is slow (P95 418ms, 38ms before) since 11:59 UTC; frontend-api is slow (P95 621ms, 242ms before) since 11:59 UTC; payments-api is slow (P95 489ms, 110ms before) since 11:59 UTC. postgres serves no requests.

        Services (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before):

        Service            | Health  | Since     | Req/s | Before | Errors | Before | P50   | Before | P95   | Before | Hosts | Version | Instances | Last seen     | From
        -------------------|---------|-----------|-------|--------|--------|--------|-------|--------|-------|--------|-------|---------|-----------|---------------|------
        card-validator-svc | slow    | 11:59 UTC | 0.033 | 0.020  | 0%     | 0%     | 404ms | 34ms   | 418ms | 38ms   | -     | -       | 0         | 5 minutes ago | spans
        frontend-api       | slow    | 11:59 UTC | 0.033 | 0.020  | 0%     | 0%     | 607ms | 237ms  | 621ms | 242ms  | -     | -       | 0         | 5 minutes ago | spans
        payments-api       | slow    | 11:59 UTC | 0.033 | 0.020  | 0%     | 0%     | 475ms | 105ms  | 489ms | 110ms  | -     | -       | 0         | 5 minutes ago | spans
        postgres           | unknown |           | 0     | -      | -      | -      | -     | -      | -     | -      | -     | -       | 0         | 5 minutes ago | -
        fraud-detector     | well    |           | 0.033 | 0.020  | 0%     | 0%     | 35ms  | 35ms   | 35ms  | 35ms   | -     | -       | 0         | 5 minutes ago | spans
    "#]].assert_eq(&page);
    let json = coral.json(&format!("services {WINDOW}"));
    assert_eq!(json["verdict"].as_str(), page.lines().next());
    let csv = coral.answer(&format!("services {WINDOW} --format csv"));
    assert_eq!(csv.lines().count(), 1 + json["services"].as_array().unwrap().len());
    assert!(csv.contains("card-validator-svc,slow,"), "{csv}");
}

#[test]
fn one_service_is_shown_with_its_operations_callers_callees_and_next_commands() {
    let coral = slow_checkouts();
    expect![[r#"
        payments-api is slow (P95 489ms, 110ms before), since 11:59 UTC (15 minutes ago).

        Requests (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z, against the 1 hour before):

        Operation             | Requests | Errors | Before | P50   | Before | P95   | Before | From
        ----------------------|----------|--------|--------|-------|--------|-------|--------|------
        POST /api/v1/payments | 30       | 0%     | 0%     | 475ms | 105ms  | 489ms | 110ms  | spans

        Callers:

        From         | Protocol | Calls | Errors | Before | P50   | Before | P95   | Before
        -------------|----------|-------|--------|--------|-------|--------|-------|-------
        frontend-api | http     | 30    | 0%     | 0%     | 475ms | 105ms  | 489ms | 110ms

        Callees:

        To                 | Protocol | Calls | Errors | Before | P50   | Before | P95   | Before
        -------------------|----------|-------|--------|--------|-------|--------|-------|-------
        card-validator-svc | http     | 30    | 0%     | 0%     | 404ms | 34ms   | 418ms | 38ms
        fraud-detector     | grpc     | 30    | 0%     | 0%     | 35ms  | 35ms   | 35ms  | 35ms

        Last seen: 5 minutes ago.

        Next:
          coral why payments-api
          coral query beyla traces --service payments-api --sort slowest --since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z
    "#]].assert_eq(&coral.answer(&format!("services payments-api {WINDOW}")));
    expect![[r#"
        No service payment-api was seen (since 2026-11-25T12:00:00Z, until 2026-11-25T12:15:00Z).
        Hint: did you mean payments-api?
    "#]]
    .assert_eq(&coral.answer(&format!("services payment-api {WINDOW}")));
}

#[test]
fn a_colony_without_spans_calls_nothing_well() {
    let coral = Coral::standalone(&[]);
    expect![[r#"
        No service was seen in this window.
        Hint: try an earlier --since. `coral colony status` shows which agents are polled, and how many spans are stored.
    "#]].assert_eq(&coral.answer("services"));
}
