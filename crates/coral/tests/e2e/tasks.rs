//! What a person on call has to find out in an incident, each with as few commands as the test has.
//! One store has two incidents of a simulated checkout: at 10:30 one instance of `card-validator` got a
//! slow new version, and at 12:00 the mail service stopped answering `receipts`.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use coral_scenario::{Incident, IncidentKind, Kind, MINUTE, Topology};
use coral_trace::{Span, UnixNanos};
use expect_test::expect;

use super::process::Coral;

/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000_000_000;
const DEPLOYED: u64 = NOON - 90 * MINUTE;
/// Requests per second.
const RATE: f64 = 0.5;
/// How long the checkout runs before an incident, and how long with it, in minutes.
const BEFORE: u64 = 20;
const WITH: u64 = 12;

const AFTER_DEPLOY: &str = "--since 2026-11-25T10:30:00Z --until 2026-11-25T10:42:00Z";
const AFTER_NOON: &str = "--since 2026-11-25T12:00:00Z --until 2026-11-25T12:12:00Z";

/// The spans of a fault of `kind` at the service `culprit`, which begins at `began`. The requests
/// follow from the first of `seeds` that puts the fault there.
fn incident(kind: Kind, began: u64, mut seeds: Range<u64>, culprit: &str) -> Vec<Span> {
    let of = |seed| {
        let kind = IncidentKind::Fault(kind);
        Incident::new(kind, Topology::checkout(), UnixNanos(began), seed).unwrap()
    };
    let incident = seeds.find_map(|seed| Some(of(seed)).filter(|of| of.is_culprit(culprit)));
    let incident = incident.unwrap();
    let until = UnixNanos(began + WITH * MINUTE);
    let requests = incident.traffic(RATE, UnixNanos(began - BEFORE * MINUTE));
    let requests = requests.take_while(|arrival| arrival.at < until);
    requests.flat_map(|arrival| arrival.request.spans).collect()
}

/// The standalone with both incidents. Tests that run at the same time share one.
fn standalone() -> Arc<Coral> {
    static SHARED: Mutex<Weak<Coral>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(coral) = shared.upgrade() {
        return coral;
    }
    let spans = [
        incident(Kind::BadVersion, DEPLOYED, 0..100, "card-validator"),
        incident(Kind::DependencyTimeout, NOON, 100..200, "receipts"),
    ];
    let coral = Coral::standalone(&[]);
    for spans in &spans {
        for batch in spans.chunks(4_000) {
            assert_eq!(coral.export(batch), 200);
        }
    }
    coral.until_stored(spans.iter().map(Vec::len).sum::<usize>() as u64);
    let coral = Arc::new(coral);
    *shared = Arc::downgrade(&coral);
    coral
}

/// The first paragraph of `text`, or that after its title.
fn paragraph(text: &str, at: usize) -> String {
    text.split("\n\n").nth(at).unwrap_or_default().to_owned() + "\n"
}

#[test]
fn which_service_is_sick_and_since_when_takes_one_command() {
    let coral = standalone();
    let page = coral.answer(&format!("services {AFTER_NOON}"));
    expect![[r#"
        1 of 6 services is not well: receipts fails (60.2% of messages, 0% before) and is slow (P95 1.01s, 128ms before) since 12:00 UTC.
    "#]].assert_eq(&paragraph(&page, 0));
}

#[test]
fn what_failed_where_and_with_which_message_takes_two_commands_from_there() {
    let coral = standalone();
    let list = format!("query beyla traces {AFTER_NOON} service:receipts status:error --limit 2");
    expect![[r#"
        Recent Traces (since 2026-11-25T12:00:00Z, until 2026-11-25T12:12:00Z, service:receipts status:error):

        Started  | Trace ID         | Duration | Spans | Status | Root Operation             | Service      | Host  | Fails In
        ---------|------------------|----------|-------|--------|----------------------------|--------------|-------|------------------------------------------------------------------------------------------------
        12:11:56 | c9b54602d9806b74 | 1.1s     | 17    | 200    | GET /checkout/{id} (ERROR) | frontend-api | web-2 | receipts on work-1 → api.mail.example: POST without a response: POST: context deadline exceeded
        12:11:43 | 65ad3a8c20e32093 | 1.13s    | 17    | 200    | GET /checkout/{id} (ERROR) | frontend-api | web-1 | receipts on work-2 → api.mail.example: POST without a response: POST: context deadline exceeded
        Started on 2026-11-25 (UTC).
        … more traces match: raise --limit (now 2), or add conditions.
    "#]].assert_eq(&coral.answer(&list));
    let id = coral.json(&list)["traces"][0]["trace_id"].as_str().unwrap().to_owned();
    let tree = coral.answer(&format!("query beyla traces --trace-id {id}"));
    expect![[r#"
        Trace ID: c9b54602d9806b74e07aab7963bae77a
        Started: 2026-11-25 12:11:56.080 UTC
        Duration: 1.1s
        Spans: 17 (13 hops)
        Services: frontend-api, inventory-api, payments-api, card-validator, fraud-detector, receipts
          frontend-api: host web-2, version 2.3.1
          inventory-api: host app-2, version 2.3.1
          payments-api: host pay-3, version 2.3.1
          card-validator: host pay-2, version 2.3.1
          fraud-detector: host app-1, version 2.3.1
          receipts: host work-1, version 2.3.1
        Errors: 2

        Span Tree:
        frontend-api (81.6ms, GET /checkout/{id})
        ├─ inventory-api (9.57ms, POST /api/v1/reserve)
        │  ├─ inventory-api → postgresql stock (3.21ms, SELECT stock)
        │  └─ inventory-api → postgresql stock (2.93ms, UPDATE stock)
        └─ payments-api (67.1ms, POST /api/v1/payments)
           ├─ payments-api → api.acquirer.example (51ms, POST /v1/captures)
           ├─ card-validator (4.53ms, POST /validate)
           │  ├─ card-validator → postgresql cards (1.17ms, SELECT cards)
           │  └─ card-validator → postgresql cards (1.6ms, UPDATE cards)
           ├─ fraud-detector (3.23ms, /fraud.v1.FraudDetector/Check)
           └─ payments-api (976µs, publish payments)
              └─ receipts (1.01s, process payments) ERROR: process payments: a called service does not answer (exception *errors.errorString) [sdk]
                 └─ receipts → api.mail.example (1s, POST) ERROR, no response: POST: context deadline exceeded (exception *errors.errorString) [sdk]
    "#]].assert_eq(&tree);
    let spans = coral.answer(&format!("query beyla traces --trace-id {id} --format spans"));
    assert!(spans.contains("exception.message = \"POST: context deadline exceeded\""), "{spans}");
}

#[test]
fn how_slow_each_statement_is_takes_one_command() {
    let coral = standalone();
    let line = format!("query beyla traces {AFTER_DEPLOY} db.system.name:postgresql --by name");
    expect![[r#"
        Spans by name (since 2026-11-25T10:30:00Z, until 2026-11-25T10:42:00Z, db.system.name:postgresql):

        name         | Spans | Errors | Traces | P50    | P95
        -------------|-------|--------|--------|--------|-------
        SELECT stock | 278   | 0      | 278    | 2ms    | 3.3ms
        SELECT cards | 261   | 0      | 261    | 3.04ms | 5.29ms
        UPDATE cards | 261   | 0      | 261    | 1.93ms | 3.9ms
        UPDATE stock | 261   | 0      | 261    | 2.48ms | 4.52ms
    "#]].assert_eq(&coral.answer(&line));
}

#[test]
fn what_the_new_version_changed_takes_one_command_by_count_and_one_by_cause() {
    let coral = standalone();
    let line = format!(
        "query beyla traces {AFTER_DEPLOY} service:card-validator kind:server --by service.version"
    );
    expect![[r#"
        Spans by service.version (since 2026-11-25T10:30:00Z, until 2026-11-25T10:42:00Z, service:card-validator kind:server):

        service.version | Spans | Errors | Traces | P50    | P95
        ----------------|-------|--------|--------|--------|-------
        2.3.1           | 138   | 0      | 138    | 7.9ms  | 11.2ms
        2.4.0           | 123   | 0      | 123    | 31.3ms | 45.4ms
    "#]].assert_eq(&coral.answer(&line));
    let why = coral.answer(&format!("why {AFTER_DEPLOY} --baseline 20m"));
    expect![[r#"
        Cause: card-validator, 88% of the added time
          card-validator takes longer itself in `POST /validate`:
          P50 is 26.1ms with service.version=2.4.0, and 2.58ms with service.version=2.3.1.
          P95 is 128ms.
          P95 would be 111ms if card-validator were as fast as in the baseline.
          Stands out: service.version=2.4.0, on 99% of 124 slow spans and on 0% of 544 other spans.
          Stands out: host.name=pay-1 and service.instance.id=pay-1:1030, on 99% of 124 slow spans and on 38% of 544 other spans.
    "#]].assert_eq(&paragraph(&why, 1));
}

#[test]
fn who_calls_a_database_takes_one_command() {
    let coral = standalone();
    let map = coral.answer(&format!("query topology {AFTER_NOON}"));
    let callers: Vec<&str> = map.lines().filter(|line| line.contains("postgresql://")).collect();
    expect![[r#"
        card-validator | postgresql://pg-cards:5432 [database] | sql      | 508   | 0      | 2.48ms | 5.06ms | 7.24ms
        inventory-api  | postgresql://pg-shop:5432 [database]  | sql      | 527   | 0      | 2.18ms | 4.21ms | 7.29ms
    "#]].assert_eq(&(callers.join("\n") + "\n"));
}

#[test]
fn a_trace_that_a_customer_mailed_is_found_by_the_beginning_of_its_id() {
    let coral = standalone();
    let line = format!("query beyla traces {AFTER_NOON} --limit 1");
    let id = coral.json(&line)["traces"][0]["trace_id"].as_str().unwrap().to_owned();
    let tree = coral.answer(&format!("query beyla traces --trace-id {}", &id[..8]));
    assert!(tree.starts_with(&format!("Trace ID: {id}\n")), "{tree}");
    let why = coral.answer(&format!("why --trace-id {}", &id[..8]));
    assert!(why.contains(&id), "{why}");
}

#[test]
fn what_happened_between_two_times_takes_one_command() {
    let coral = standalone();
    let page = coral.answer(&format!("query anomalies {AFTER_NOON} --baseline 20m"));
    expect![[r#"
        Changes (since 2026-11-25T12:00:00Z, until 2026-11-25T12:12:00Z, against the 20 minutes before):

        Change | Service          | Where                            | Before | Now   | Score | Trace
        -------|------------------|----------------------------------|--------|-------|-------|---------------------------------
        errors | api.mail.example | receipts → api.mail.example POST | 0.0%   | 60.2% | 3.37  | 056597cf95b4b8b92fa96348a419abde
        errors: a larger share of requests fails although the calls that they make succeed.

        Compared 371 traces with 613 traces of the baseline.
    "#]].assert_eq(&page);
}

#[test]
fn that_everything_is_well_is_the_first_sentence() {
    let coral = standalone();
    let calm = "--since 2026-11-25T11:50:00Z --until 2026-11-25T12:00:00Z --baseline 10m";
    let page = coral.answer(&format!("services {calm}"));
    expect![[r#"
        All 6 services are well.
    "#]]
    .assert_eq(&paragraph(&page, 0));
    let map = coral.answer(
        "query topology --since 2026-11-25T11:50:00Z --until 2026-11-25T12:00:00Z --diff 10m",
    );
    assert!(
        map.contains("\nNone (no edge is new, gone, failing or slower), compared with "),
        "{map}"
    );
    let why = coral.answer(&format!("why {calm}"));
    assert!(!why.contains("Cause: "), "{why}");
}
