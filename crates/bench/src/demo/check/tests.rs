use super::super::story::tests::{calm, slow_statement};
use super::*;

const SERVICES: &str = "\
1 of 3 services is not well: card-validator is slow.

Services (last 15 minutes):

Service        | Health | Since     | P50    | Before
---------------|--------|-----------|--------|-------
card-validator | slow   | 23:12 UTC | 63.1ms | 7.92ms
inventory-api  | well   |           | 6ms    | 6ms
payments-api   | well   |           | 123ms  | 66.2ms
";

#[test]
fn a_page_of_services_shows_a_fault_where_a_sick_service_is_not_well() {
    let story = slow_statement();
    assert_eq!(services(SERVICES, &story), Ok(()));
    assert!(services(SERVICES, &calm()).is_err());
    assert!(services(&SERVICES.replace("| slow", "| well"), &story).is_err());
    assert!(services(&SERVICES.replace("| well", "| not seen"), &story).is_err());
    let other = SERVICES.replace("card-validator", "receipts");
    assert!(services(&other, &story).is_err());
    let well = "All 3 services are well.\n";
    assert!(services(well, &story).is_err());
    assert_eq!(services(well, &calm()), Ok(()));
}

#[test]
fn an_answer_names_a_culprit_its_value_and_the_beginning() {
    let page = |verdict: &str| format!("Why is everything slow?\n\n{verdict}\n\nSee it in:\n");
    let right =
        "Cause: postgresql pg-cards, 99% of the added time, since 23:13 UTC\n  UPDATE cards";
    let story = slow_statement();
    assert_eq!(why(&page(right), &story), Ok(()));
    let shared = right.replace("postgresql pg-cards", "between payments-api and card-validator");
    assert_eq!(why(&page(&shared), &story), Ok(()));
    for (from, to) in [
        ("pg-cards", "pg-shop"),
        ("UPDATE", "SELECT"),
        ("23:13", "23:16"),
        (", since 23:13 UTC", ""),
        ("Cause: ", "Not enough evidence: "),
    ] {
        assert!(why(&page(&right.replace(from, to)), &story).is_err(), "{from}");
    }
    assert!(why(&page(right), &calm()).is_err());
    assert_eq!(why(&page("Not enough evidence: no change."), &calm()), Ok(()));
}

#[test]
fn a_trace_shows_a_host_and_a_span_that_fails_or_is_slow() {
    let story = slow_statement();
    let page = "Services: payments-api, card-validator\n  \
                payments-api: host pay-2, version 2.3.1\n  \
                card-validator: host pay-1, version 2.3.1\n\n\
                Span Tree:\npayments-api (300ms, POST)\n└─ card-validator (77.7ms, POST /validate)\n";
    assert_eq!(trace(page, &story, SERVICES), Ok(()));
    let usual = page.replace("77.7ms", "8ms");
    assert!(trace(&usual, &story, SERVICES).is_err());
    let failed = usual.replace("/validate)", "/validate) ERROR 503");
    assert_eq!(trace(&failed, &story, SERVICES), Ok(()));
    assert!(
        trace(&page.replace("card-validator: host pay-1, ", "card-validator: "), &story, SERVICES)
            .is_err()
    );
    assert!(trace("Services: none", &story, SERVICES).is_err());
    assert_eq!(trace(&usual, &calm(), SERVICES), Ok(()));
    assert!(trace(&failed, &calm(), SERVICES).is_err());
}

#[test]
fn a_map_shows_a_changed_edge_of_a_culprit() {
    let page = "Service Map\n\nChanges since the 30 minutes before:\n\n\
                Change | From           | To                         | Protocol\n\
                -------|----------------|----------------------------|---------\n\
                slower | card-validator | postgresql://pg-cards:5432 | sql\n\n\
                Compared with 9 traces.\n";
    let story = slow_statement();
    assert_eq!(map(page, &story), Ok(()));
    let other = page.replace("card-validator", "inventory-api").replace("pg-cards", "pg-shop");
    assert!(map(&other, &story).is_err());
    assert!(map(page, &calm()).is_err());
    let none = "\nChanges since the 30 minutes before:\nNone (no edge is new, gone, failing or slower), compared with 9 traces.\n";
    assert!(map(none, &story).is_err());
    assert_eq!(map(none, &calm()), Ok(()));
}
