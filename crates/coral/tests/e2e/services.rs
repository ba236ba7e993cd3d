//! The health of services, from spans to the terminal.

use expect_test::expect;

use super::process::Coral;
use super::why::slow_checkouts;

const WINDOW: &str = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:15:00Z";

#[test]
fn services_that_became_slow_come_first_with_the_time_and_their_numbers_before() {
    let coral = slow_checkouts();
    let page = coral.answer(&format!("services {WINDOW}"));
    expect![[r#""#]].assert_eq(&page);
    let json = coral.json(&format!("services {WINDOW}"));
    assert_eq!(json["verdict"].as_str(), page.lines().next());
    let csv = coral.answer(&format!("services {WINDOW} --format csv"));
    assert_eq!(csv.lines().count(), 1 + json["services"].as_array().unwrap().len());
    assert!(csv.contains("card-validator-svc,slow,"), "{csv}");
}

#[test]
fn one_service_is_shown_with_its_operations_callers_callees_and_next_commands() {
    let coral = slow_checkouts();
    expect![[r#""#]].assert_eq(&coral.answer(&format!("services payments-api {WINDOW}")));
    expect![[r#""#]].assert_eq(&coral.answer(&format!("services payment-api {WINDOW}")));
}

#[test]
fn a_colony_without_spans_calls_nothing_well() {
    let coral = Coral::standalone(&[]);
    expect![[r#""#]].assert_eq(&coral.answer("services"));
}
