//! Questions in plain English about hosts, versions, databases, status codes and statements, and
//! questions that are refused.

use std::sync::Arc;

use coral_trace::{Attributes, Span, SpanKind, StatusCode};
use serde_json::Value;

use super::ask::{QUARTER_PAST, answer_at};
use super::process::Coral;
use super::why::{NOON, checkouts, coral_with};

/// Checkouts whose payments run as version 2.3.1 on pay-1 until noon; then as version 2.4.0 on
/// pay-2, where every payment fails with 503. The card validator reads from PostgreSQL.
fn new_version_fails() -> Coral {
    let mut spans = checkouts(NOON, 50, NOON);
    for request in spans.chunks_mut(5) {
        let is_new = request[0].start.0 >= NOON;
        let payment = &mut request[1];
        let (host, version) = if is_new { ("pay-2", "2.4.0") } else { ("pay-1", "2.3.1") };
        resource(payment, &[("host.name", host), ("service.version", version)]);
        if is_new {
            payment.status.code = StatusCode::Error;
            payment
                .attributes
                .0
                .extend([("http.response.status_code", 503)].into_iter().collect::<Attributes>().0);
        }
        let statement = &mut request[3];
        Arc::make_mut(&mut statement.origin).resource.attributes =
            [("service.name", "card-validator-svc")].into_iter().collect();
        assert_eq!(statement.kind, SpanKind::Client);
        statement.attributes = [
            ("db.system.name", "postgresql"),
            ("server.address", "pg-cards"),
            ("db.query.text", "SELECT * FROM cards WHERE id = $1"),
        ]
        .into_iter()
        .collect();
    }
    coral_with(&spans)
}

fn resource(span: &mut Span, pairs: &[(&'static str, &'static str)]) {
    let more: Attributes = pairs.iter().copied().collect();
    Arc::make_mut(&mut span.origin).resource.attributes.0.extend(more.0);
}

#[test]
fn questions_about_hosts_versions_databases_and_statements_are_answered_as_they_are_asked() {
    let coral = new_version_fails();
    for (question, expected) in [
        ("which host has errors", "pay-2: 30 of 30 requests failed (100%)"),
        ("errors on pay-2", "POST /api/v1/payments: 30 of 30 requests failed (100%)"),
        ("errors by version since 11:00", "2.4.0: 30 of 30 requests failed (100%)"),
        ("is the new version slow since 11:00", "2.4.0: P95 "),
        ("Is version 2.4.0 of payments-api slow since 11:00?", "2.3.1: P95 "),
        ("how many errors since 11:00", "30 of "),
        ("5xx in payments-api", "POST /api/v1/payments: 30 of 30 requests failed (100%)"),
        ("traces with status 503", "POST /checkout"),
        ("traces on pay-2 slower than 500ms", "POST /checkout"),
        ("who calls postgresql", "card-validator-svc → postgresql"),
        ("who calls pg-cards?", "card-validator-svc → postgresql"),
        ("slow queries", "SELECT * FROM cards WHERE id = $1: P95 12ms"),
        ("p99 of payments-api", "all requests of payments-api: P99 "),
        ("median of payments-api", "all requests of payments-api: P50 "),
        ("slowest endpoints", "POST /checkout: P95 "),
        ("which service is slowest", "frontend-api: P95 "),
        ("is everything ok?", "payments-api: failing"),
        ("why is POST /api/v1/payments slow", "Root Cause"),
        ("what happened between 11:30 and 12:10", "Changes against the 1h before"),
        ("traces on pay-3", "None of "),
    ] {
        let page = answer_at(&coral, question, QUARTER_PAST);
        assert!(page.contains(expected), "{question}: {expected} is not in\n{page}");
        assert!(!page.starts_with('–'), "{question}: {page}");
    }
    let all_versions = answer_at(&coral, "errors by version since 11:00", QUARTER_PAST);
    assert!(!all_versions.contains("2.3.1"), "{all_versions}");
    let one = answer_at(&coral, "show me the trace 000000000000000018eb47f663d9804f", QUARTER_PAST);
    assert!(one.starts_with("Analyzing trace 000000000000000018eb47f663d9804f"), "{one}");
}

#[test]
fn a_question_with_a_word_that_is_not_understood_is_refused_with_the_word_and_exit_code_3() {
    let coral = new_version_fails();
    for (question, words) in [
        ("logs of payments-api", &["logs"][..]),
        ("errors not in payments-api", &["not"]),
        ("errors last night", &["last night"]),
        ("errors in payments-api and frontend-api", &["and", "frontend-api"]),
        ("why is payments-api fast", &["fast"]),
        ("p42 of payments-api", &["p42"]),
        ("restart payments-api", &["restart"]),
        ("hello", &["hello"]),
    ] {
        let refused = coral.ask(&format!("ask {question} --format json"));
        assert_eq!(refused.status.code(), Some(3), "{question}");
        let json: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!(json["findings"]["kind"], "not_understood", "{question}: {json}");
        assert_eq!(json["findings"]["words"], serde_json::json!(words), "{question}");
        let page = coral.ask(&format!("ask {question}"));
        let text = String::from_utf8(page.stdout).unwrap();
        assert_eq!((page.status.code(), page.stderr.as_slice()), (Some(3), &b""[..]));
        assert!(text.contains(&format!("\"{}\"", words[0])), "{question}: {text}");
        assert!(text.contains("why is card-validator-svc slow?"), "{question}: {text}");
    }
    let unknown = coral.ask("ask errors of payment-api");
    assert_eq!(unknown.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&unknown.stdout).contains("did you mean payments-api?"));
}
