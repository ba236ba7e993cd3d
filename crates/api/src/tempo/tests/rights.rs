//! A token that is limited to services.

use coral_server::identity::{Guard, Trusted};
use coral_trust::authority::Authority;
use coral_trust::directory::TrustDir;
use coral_trust::ledger::{Ledger, LedgerError, TokenEntry};
use coral_trust::role::Role;
use coral_trust::token::Token;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_limited_token_sees_the_spans_of_its_services_and_that_others_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let trust = TrustDir::of(dir.path());
    let token = Token::random().unwrap();
    let entry = TokenEntry {
        hash: token.hash(),
        user: "ana".into(),
        role: Role::Viewer,
        services: vec!["cart".into()],
        sql: false,
        created: 0,
        expires: None,
        revoked: None,
    };
    Authority::create(&trust, UnixNanos(NOON * 1_000_000_000)).unwrap();
    let add = |ledger: &mut Ledger| {
        ledger.tokens.push(entry);
        Ok::<_, LedgerError>(())
    };
    Ledger::change(&trust, UnixNanos(NOON * 1_000_000_000), add).unwrap();
    let trusted = Arc::new(Trusted::load(trust).unwrap());
    let guard = Arc::new(Guard::new().with_tokens(trusted));
    let world = World::with(checkout(), |door| door.guarded(guard)).await;
    assert_eq!(world.get("/api/search").await.status, 401);
    assert_eq!(world.get("/api/echo").await.status, 200);
    let headers = format!("authorization: Bearer {}\r\n", token.text());
    let get = async |path: &str| -> Json {
        let answered = world.get_as(path, &headers).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text());
        serde_json::from_slice(&answered.body).unwrap()
    };
    let trace = get(&format!("/api/v2/traces/{TRACE}")).await;
    assert_eq!(trace["trace"]["resourceSpans"].as_array().unwrap().len(), 1);
    assert_eq!(trace["status"], "PARTIAL");
    let message = "1 spans of services that the token does not name are left out";
    assert_eq!(trace["message"], message);
    let answer = get("/api/search").await;
    // The number of bytes counts the spans of others.
    let metrics = json!({ "inspectedTraces": 1, "completedJobs": 1, "totalJobs": 1 });
    assert_eq!(answer["metrics"], metrics);
    let found = answer["traces"][0].clone();
    assert_eq!(found["serviceStats"], json!({ "cart": { "spanCount": 1, "errorCount": 1 } }));
    let tags = get("/api/v2/search/tags?scope=span").await;
    assert_eq!(tags["scopes"][0]["tags"], json!(["items"]));
    world.stop().await;
}
