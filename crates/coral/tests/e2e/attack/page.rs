//! Attacks on the sign-in of a browser with a token, and on its session.

use serde_json::{Value, json};

use super::super::process::eventually;
use super::super::trust_world::run;
use super::*;

/// What a page of the colony adds to a request that changes something.
const CSRF: &str = "x-coral-csrf: 1\r\n";

impl Besieged {
    fn send(&self, request: &str, headers: &str, body: &str) -> String {
        let head = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        exchange(&mut self.connect(), head.as_bytes())
    }

    fn sign_in(&self, headers: &str, token: &Token) -> String {
        self.send("POST /auth/token", headers, &json!({"token": token.text()}).to_string())
    }

    /// The cookie header of a browser that signed in with `token`.
    fn signed_in(&self, token: &Token) -> String {
        let answer = self.sign_in(CSRF, token);
        assert_eq!(status(&answer), 204, "{answer}");
        format!("cookie: {}\r\n", session(&answer).split(';').next().unwrap())
    }
}

/// The value of the header `Set-Cookie` that begins or ends a session.
fn session(answer: &str) -> &str {
    let cookies = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let mut own = cookies.filter(|cookie| cookie.starts_with("__Host-coral="));
    own.next().unwrap_or_else(|| panic!("no cookie: {answer}"))
}

/// An answer without what differs in each answer.
fn constant(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_token_begins_a_session_that_no_script_reads_and_that_ends_with_the_token() {
    let besieged = Besieged::new(&[]);
    let token = besieged.world.token(Role::Analyst);
    let answer = besieged.sign_in(CSRF, &token);
    let cookie = session(&answer);
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/", "; Max-Age=28800"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!answer.contains(&token.text()), "{answer}");
    let cookie = besieged.signed_in(&token);
    let (status, who) = besieged.get("/api/v1/whoami", &cookie);
    assert_eq!(status, 200, "{who}");
    for said in
        ["\"name\":\"ana\"", "\"kind\":\"analyst\"", "\"role\":\"analyst\"", "\"has_session\":true"]
    {
        assert!(who.contains(said), "{said}: {who}");
    }
    assert_eq!(besieged.get("/api/v1/traces", &cookie).0, 200);
    // It has the rights of the token, and no more.
    assert_eq!(
        besieged.send("DELETE /api/v1/agents/web-1", &format!("{cookie}{CSRF}"), "").get(9..12),
        Some("403")
    );
    let listed = run(besieged.colony.dir.path(), "audit list --last 1000 --format json", None);
    let log: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let questions = log["questions"].as_array().unwrap();
    let find = |path: &str| questions.iter().find(|one| one["path"] == path);
    let proof = format!("session of token {}", token.hash().id());
    let asked = find("/api/v1/traces").unwrap_or_else(|| panic!("{log}"));
    assert_eq!(asked["requester"]["proof"], Value::String(proof));
    let begun = find("/auth/token").unwrap_or_else(|| panic!("{log}"));
    assert!(begun["question"].as_str().unwrap().contains("ana signs in by token "), "{begun}");
    assert!(!log.to_string().contains(&token.text()), "{log}");
    besieged.world.ledger(|ledger| {
        let own = ledger.tokens.iter_mut().find(|entry| entry.hash == token.hash());
        own.unwrap().revoked = Some(seconds(now()));
    });
    eventually(|| match besieged.get("/api/v1/whoami", &cookie).0 {
        401 => Ok(()),
        other => Err(format!("{other} after the token was revoked")),
    });
    // The page says "sign in" and not "wait", however often it asks: nobody guesses here.
    for _ in 0..10 {
        assert_eq!(besieged.get("/api/v1/whoami", &cookie).0, 401);
        assert_eq!(besieged.get("/api/v1/whoami", "").0, 401);
    }
    assert!(!besieged.colony.said().contains(&token.text()), "a token is in the log");
    besieged.still_answers();
}

#[test]
fn only_a_page_of_the_colony_signs_in_and_a_token_in_a_url_does_not() {
    let besieged = Besieged::new(&[]);
    let token = &besieged.viewer;
    let url = format!("POST /auth/token?token={token}");
    let form = format!("token={token}");
    let long = json!({"token": token.text(), "more": "x".repeat(5_000)}).to_string();
    let right = json!({"token": token.text()}).to_string();
    for (request, headers, body, expected) in [
        ("POST /auth/token", "content-type: application/json\r\n", right.as_str(), 403),
        ("POST /auth/token", "x-coral-csrf: 0\r\n", &right, 403),
        ("POST /auth/token", "x-coral-csrf: 1\r\norigin: https://evil.example\r\n", &right, 403),
        ("POST /auth/token", "x-coral-csrf: 1\r\norigin: null\r\n", &right, 403),
        ("POST /auth/token", "x-coral-csrf: 1\r\nsec-fetch-site: cross-site\r\n", &right, 403),
        ("POST /auth/token", "x-coral-csrf: 1\r\nsec-fetch-site: same-site\r\n", &right, 403),
        (&url, CSRF, "", 400),
        (&url, CSRF, "{}", 400),
        ("POST /auth/token", CSRF, &form, 400),
        ("POST /auth/token", CSRF, &long, 413),
        ("GET /auth/token", CSRF, "", 405),
        (
            "OPTIONS /auth/token",
            "origin: https://evil.example\r\naccess-control-request-headers: x-coral-csrf\r\n",
            "",
            405,
        ),
    ] {
        let answer = besieged.send(request, headers, body);
        assert_eq!(status(&answer), expected, "{request} {headers}: {answer}");
        assert!(!answer.contains("set-cookie") && !answer.contains(&token.text()), "{answer}");
        assert!(!answer.contains("access-control-"), "{answer}");
    }
    for own in [
        "sec-fetch-site: same-origin\r\norigin: https://proxy.example\r\n",
        "origin: https://localhost\r\n",
    ] {
        let answer = besieged.sign_in(&format!("{CSRF}{own}"), token);
        assert_eq!(status(&answer), 204, "{own}: {answer}");
    }
}

#[test]
fn whoever_guesses_tokens_at_the_sign_in_learns_nothing_and_has_to_wait() {
    let besieged = Besieged::new(&[]);
    let other = Token::random().unwrap();
    let revoked = besieged.world.token(Role::Admin);
    besieged.world.ledger(|ledger| {
        let own = ledger.tokens.iter_mut().find(|entry| entry.hash == revoked.hash());
        own.unwrap().revoked = Some(1);
    });
    let guess =
        |text: &str| besieged.send("POST /auth/token", CSRF, &json!({"token": text}).to_string());
    let texts =
        [other.text(), revoked.text(), String::new(), "coral_x".to_owned(), "ana".to_owned()];
    let answers: Vec<String> = texts.iter().map(|text| constant(&guess(text))).collect();
    for answer in &answers {
        assert_eq!((status(answer), answer), (401, &answers[0]));
    }
    let waits = guess(&other.text());
    assert!(status(&waits) == 429 && waits.contains("retry-after: "), "{waits}");
    // The header of a tool waits with it, and a right token never does.
    let bearer = format!("authorization: Bearer {other}\r\n");
    assert_eq!(besieged.get("/api/v1/traces", &bearer).0, 429);
    let cookie = besieged.signed_in(&besieged.viewer);
    assert_eq!(besieged.get("/api/v1/traces", &cookie).0, 200);
    assert!(!besieged.colony.said().contains(&other.text()), "a guess is in the log");
}

#[test]
fn a_session_that_an_attacker_chose_or_that_another_colony_began_opens_nothing() {
    let (besieged, other) = (Besieged::new(&[]), Besieged::new(&[]));
    let planted = other.signed_in(&other.viewer);
    assert_eq!(besieged.get("/api/v1/traces", &planted).0, 401);
    // The browser of a victim has the planted cookie when the victim signs in.
    let answer = besieged.sign_in(&format!("{CSRF}{planted}"), &besieged.viewer);
    assert_eq!(status(&answer), 204, "{answer}");
    let own = format!("cookie: {}\r\n", session(&answer).split(';').next().unwrap());
    assert_ne!(own, planted);
    assert_eq!(besieged.get("/api/v1/traces", &own).0, 200);
    assert_eq!(besieged.get("/api/v1/traces", &planted).0, 401);
    // A further sign-in ends the session that the browser had.
    let next = besieged.sign_in(&format!("{CSRF}{own}"), &besieged.viewer);
    assert_eq!(status(&next), 204, "{next}");
    assert_eq!(besieged.get("/api/v1/traces", &own).0, 401);
    // Two cookies of one name are none: one of them may be planted.
    let next = session(&next).split(';').next().unwrap();
    let both = format!("{}; {next}\r\n", planted.trim_end());
    assert_eq!(besieged.get("/api/v1/traces", &both).0, 401);
    assert_eq!(besieged.get("/api/v1/traces", &format!("cookie: {next}\r\n")).0, 200);
}

#[test]
fn a_session_changes_nothing_and_does_not_end_for_a_page_of_another_site() {
    let besieged = Besieged::new(&[]);
    let admin = besieged.world.token(Role::Admin);
    let cookie = besieged.signed_in(&admin);
    for request in ["GET /auth/logout", "HEAD /auth/logout", "GET /auth/logout?x-coral-csrf=1"] {
        assert_eq!(
            status(&besieged.send(request, &format!("{cookie}{CSRF}"), "")),
            405,
            "{request}"
        );
    }
    let statement = r#"{"sql": "SELECT 1"}"#;
    let json = "content-type: application/json\r\n";
    for request in ["POST /auth/logout", "POST /api/v1/sql", "DELETE /api/v1/agents/web-1"] {
        for headers in [
            "",
            "origin: https://evil.example\r\n",
            "origin: null\r\n",
            "x-coral-csrf: 1\r\norigin: https://evil.example\r\n",
            "x-coral-csrf: 1\r\nsec-fetch-site: cross-site\r\n",
            "x-coral-csrf: 1\r\norigin: https://localhost\r\norigin: https://evil.example\r\n",
        ] {
            let answer = besieged.send(request, &format!("{cookie}{json}{headers}"), statement);
            assert_eq!(status(&answer), 403, "{request} {headers}: {answer}");
            assert!(answer.contains("another site"), "{answer}");
        }
        if request != "POST /auth/logout" {
            let own = besieged.send(request, &format!("{cookie}{json}{CSRF}"), statement);
            assert!(!matches!(status(&own), 401 | 403), "{request}: {own}");
        }
    }
    assert_eq!(besieged.get("/api/v1/whoami", &cookie).0, 200);
    let ended = besieged.send("POST /auth/logout", &format!("{cookie}{CSRF}"), "");
    assert_eq!(status(&ended), 204, "{ended}");
    assert!(
        session(&ended).starts_with("__Host-coral=; ") && ended.contains("Max-Age=0"),
        "{ended}"
    );
    assert!(ended.contains("\r\nclear-site-data: \"cache\"\r\n"), "{ended}");
    assert_eq!(besieged.get("/api/v1/whoami", &cookie).0, 401);
    // The token itself still works.
    let bearer = format!("authorization: Bearer {admin}\r\n");
    assert_eq!(besieged.get("/api/v1/whoami", &bearer).0, 200);
}

#[test]
fn the_page_and_its_methods_of_sign_in_are_all_that_a_stranger_sees() {
    let besieged = Besieged::new(&[]);
    for path in ["/ui/", "/ui/traces?q=x", "/ui/app.js", "/ui/icon.svg"] {
        assert_eq!(besieged.get(path, "").0, 200, "{path}");
    }
    let (status, methods) = besieged.get("/auth/methods", "");
    assert_eq!(status, 200, "{methods}");
    let body: Value = serde_json::from_str(methods.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let expected = json!({"methods": ["token"], "provider": null, "login": "../auth/login", "signed_in": false});
    assert_eq!(body, expected);
    for path in [
        "/ui/../api/v1/traces",
        "/ui/..%2fapi%2fv1%2ftraces",
        "/ui/%2e%2e/status",
        "/ui//api/v1/traces",
    ] {
        let (_, answer) = besieged.get(path, "");
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
        assert!(!answer.contains("\"traces\""), "{path}: {answer}");
    }
    let cookie = besieged.signed_in(&besieged.viewer);
    let (_, methods) = besieged.get("/auth/methods", &cookie);
    assert!(methods.contains("\"signed_in\":true"), "{methods}");
}
