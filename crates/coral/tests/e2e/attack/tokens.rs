//! Tokens that were stolen, guessed, replayed or written into URLs.

use coral_trust::ledger::Uses;
use coral_wire::colony_rpc::proto::JoinAgentRequest;
use tokio::task::JoinSet;
use tonic::Code;

use super::super::process::eventually;
use super::*;

#[test]
fn a_stolen_token_shows_where_it_is_used_and_ends_within_seconds_of_its_revocation() {
    let mut besieged = Besieged::new(&[]);
    let token = besieged.world.token(Role::Analyst);
    let ask = |besieged: &Besieged, from: &str| {
        let head = format!(
            "GET /api/v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        status(&exchange(
            &mut besieged.over(connect_from(from, besieged.address())),
            head.as_bytes(),
        ))
    };
    let until = |besieged: &Besieged, wanted: u16| {
        eventually(|| match ask(besieged, "127.0.0.1") {
            status if status == wanted => Ok(()),
            other => Err(format!("{other} instead of {wanted}")),
        });
    };
    until(&besieged, 200);
    assert_eq!(ask(&besieged, "127.0.0.2"), 200, "a bearer token is whoever's who has it");
    eventually(|| {
        let said = besieged.colony.said();
        let mut lines = said.lines().filter(|line| line.contains("is used from a new address"));
        match lines.any(|line| line.contains("127.0.0.2") && line.contains(&token.hash().id())) {
            true => Ok(()),
            false => Err(said.clone()),
        }
    });
    besieged.world.ledger(|ledger| {
        let stolen = ledger.tokens.iter_mut().find(|entry| entry.hash == token.hash());
        stolen.unwrap().revoked = Some(seconds(now()));
    });
    until(&besieged, 401);
    assert_eq!(ask(&besieged, "127.0.0.2"), 401);
    besieged.still_answers();
    besieged.colony.terminate();
    let uses = Uses::load(&besieged.world.trust);
    let from: Vec<_> = uses[&token.hash().id()].addresses.iter().map(|(from, _)| from).collect();
    assert_eq!(from.len(), 2, "{from:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_token_lets_one_agent_in_once_however_often_it_is_sent_at_once() {
    let mut tokens = None;
    let besieged = Besieged::prepared(&[], |world| {
        let good = world.join_token("web-1", 7_200);
        tokens = Some((good, world.join_token("web-2", 10)));
    });
    let (good, expired) = tokens.unwrap();
    let client = besieged.rpc(None).await;
    let join = |secret: String| {
        let mut client = client.clone();
        let (_, certificate_request) = new_request().unwrap();
        async move { client.join_agent(JoinAgentRequest { secret, certificate_request }).await }
    };
    // A request that is not valid does not use the token up.
    let nonsense = JoinAgentRequest { secret: good.secret(), certificate_request: vec![0x30; 99] };
    let refused = client.clone().join_agent(nonsense).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let mut attempts = JoinSet::new();
    for _ in 0..32 {
        attempts.spawn(join(good.secret()));
    }
    let (mut let_in, mut refused) = (0, 0);
    while let Some(ended) = attempts.join_next().await {
        match ended.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.into_inner().agent_id, "web-1");
                let_in += 1;
            }
            Err(status) => {
                assert!(is_refusal(&status), "{status}");
                assert!(!status.message().contains(&good.secret()), "{status}");
                refused += 1;
            }
        }
    }
    assert_eq!((let_in, refused), (1, 31));
    let random = JoinToken::random(besieged.world.authority.fingerprint()).unwrap();
    for secret in [expired.secret(), random.secret(), String::new(), "x".repeat(30_000)] {
        let refused = join(secret).await.unwrap_err();
        assert!(is_refusal(&refused), "{refused}");
        assert!(refused.message().len() < 200, "{refused}");
    }
    assert!(!besieged.colony.said().contains(&good.secret()));
}

/// Whether a join token was refused; after five that were, the network has to wait.
fn is_refusal(status: &tonic::Status) -> bool {
    matches!(status.code(), Code::Unauthenticated | Code::ResourceExhausted)
}

#[test]
fn a_token_is_read_from_one_header_alone() {
    let besieged = Besieged::new(&[]);
    let token = &besieged.viewer;
    for query in ["token", "access_token", "authorization", "bearer"] {
        let (status, answer) = besieged.get(&format!("/api/v1/traces?{query}={token}"), "");
        assert_eq!(status, 401, "{query}: {answer}");
    }
    let basic = "Basic YW5hOmNvcmFs";
    for header in [
        format!("cookie: token={token}\r\n"),
        format!(
            "x-forwarded-user: ana\r\nx-real-ip: 127.0.0.1\r\nproxy-authorization: Bearer {token}\r\n"
        ),
        format!("authorization: {basic}\r\n"),
        format!("authorization: {token}\r\n"),
        format!("authorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n"),
        format!("authorization: Bearer {token}, Bearer {token}\r\n"),
    ] {
        let (status, answer) = besieged.get("/api/v1/traces", &header);
        // After five wrong tokens the network has to wait.
        assert!(matches!(status, 401 | 429), "{header}: {answer}");
        assert!(!answer.contains(&token.text()), "{answer}");
    }
    // A right token is never made to wait for the wrong ones.
    besieged.still_answers();
    let said = besieged.colony.said();
    assert!(!said.contains(&token.text()), "a token is in the log");
}
