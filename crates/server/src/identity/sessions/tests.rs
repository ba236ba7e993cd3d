use super::*;

const NOW: UnixNanos = UnixNanos(1_795_608_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

fn ana() -> SignedIn {
    person("7f3a")
}

fn person(subject: &str) -> SignedIn {
    SignedIn {
        subject: subject.into(),
        name: "ana".into(),
        role: Role::Viewer,
        services: vec!["payments-*".into()],
        sql: false,
    }
}

/// Who has the session of a request, where no token is valid.
fn known(sessions: &Sessions, shown: &HeaderMap, now: UnixNanos) -> Option<Caller> {
    sessions.caller(shown, now, |_| None)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn a_session_says_who_it_is_until_it_ends() {
    let sessions = Sessions::new("https://coral.example.com", HOUR);
    let secret = sessions.begin(ana(), NOW).unwrap();
    let cookie = sessions.cookie(&secret);
    assert_eq!(
        cookie,
        format!(
            "__Host-coral={}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure",
            secret.text()
        )
    );
    let pair = cookie.split(';').next().unwrap();
    let shown = headers(&[("cookie", &format!("theme=dark; {pair}"))]);
    let caller = known(&sessions, &shown, NOW).unwrap();
    assert_eq!((caller.principal.to_string().as_str(), &*caller.proof), ("ana", "oidc 7f3a"));
    assert_eq!(caller.services(), ["payments-*"]);
    assert!(caller.has_session);
    assert!(known(&sessions, &shown, NOW.later(HOUR)).is_none());
    assert!(sessions.end(&shown) && !sessions.end(&shown));
    assert!(known(&sessions, &shown, NOW).is_none());
}

#[test]
fn what_is_not_exactly_one_cookie_of_a_session_is_nobody() {
    let sessions = Sessions::new("https://coral.example.com", HOUR);
    let text = sessions.begin(ana(), NOW).unwrap().text();
    let other = Secret::random().unwrap().text();
    for wrong in [
        format!("coral={text}"),
        format!("__Host-coral={other}"),
        format!("__Host-coral={text}x"),
        format!("__Host-coral={text}; __Host-coral={other}"),
        "__Host-coral=".to_owned(),
        "__Host-coral".to_owned(),
    ] {
        assert!(known(&sessions, &headers(&[("cookie", &wrong)]), NOW).is_none(), "{wrong}");
    }
    // On loopback without TLS, a browser refuses cookies with the prefix.
    let plain = Sessions::new("http://127.0.0.1:9000", HOUR);
    let cookie = plain.cookie(&plain.begin(ana(), NOW).unwrap());
    assert!(cookie.starts_with("coral=") && !cookie.contains("Secure"), "{cookie}");
}

#[test]
fn a_request_that_changes_something_must_come_from_the_colonys_own_page() {
    let sessions = Sessions::new("https://coral.example.com", HOUR);
    let own = |method, pairs: &[_]| sessions.is_own(&method, &headers(pairs));
    let origin = "https://coral.example.com";
    assert!(own(Method::GET, &[("origin", "https://evil.example")]));
    assert!(own(Method::POST, &[("origin", origin)]));
    assert!(own(Method::DELETE, &[("sec-fetch-site", "same-origin")]));
    let said = ("x-coral-csrf", "1");
    assert!(own(Method::POST, &[said]));
    assert!(own(Method::POST, &[said, ("origin", origin)]));
    // By another name of the colony, and behind a proxy: the browser knows.
    let address = ("origin", "https://10.0.0.5:9000");
    assert!(own(Method::POST, &[said, address, ("host", "10.0.0.5:9000")]));
    assert!(own(Method::POST, &[said, address, ("sec-fetch-site", "same-origin")]));
    for wrong in [
        &[][..],
        &[("origin", "null")],
        &[("origin", "http://coral.example.com")],
        &[("origin", "https://coral.example.com:444")],
        &[("origin", "https://coral.example.com.evil.example")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("origin", origin), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[said, ("origin", "https://evil.example")],
        &[said, ("origin", "https://evil.example"), ("host", "coral.example.com")],
        &[said, ("origin", "null"), ("host", "null")],
        &[said, ("origin", origin), ("origin", "https://evil.example")],
        &[said, ("sec-fetch-site", "cross-site")],
        &[said, ("sec-fetch-site", "same-site"), ("host", "coral.example.com")],
        &[("x-coral-csrf", "0")],
        &[("x-coral-csrf", "")],
    ] {
        assert!(!own(Method::POST, wrong), "{wrong:?}");
    }
}

#[test]
fn sessions_are_bounded_and_those_that_end_first_make_room() {
    let sessions = Sessions::new("http://127.0.0.1:9000", HOUR);
    let secrets: Vec<_> = (0..=MAX_SESSIONS as u64)
        .map(|number| {
            sessions.begin(person(&number.to_string()), UnixNanos(NOW.0 + number)).unwrap()
        })
        .collect();
    let is_known = |secret: &Secret| {
        let shown = headers(&[("cookie", &format!("coral={}", secret.text()))]);
        known(&sessions, &shown, NOW).is_some()
    };
    assert!(!is_known(&secrets[0]) && is_known(&secrets[1]));
    assert!(is_known(secrets.last().unwrap()));
    assert_eq!(sessions.known.lock().unwrap().len(), MAX_SESSIONS);
}

#[test]
fn whoever_begins_sessions_without_end_ends_no_session_of_others() {
    let sessions = Sessions::new("http://127.0.0.1:9000", HOUR);
    let shown = |secret: &Secret| headers(&[("cookie", &format!("coral={}", secret.text()))]);
    let other = sessions.begin(ana(), NOW).unwrap();
    let token = SecretHash([7; 32]);
    let begun: Vec<_> = (0..=MAX_SESSIONS_OF_ONE as u64)
        .map(|number| sessions.begin_with_token(token, UnixNanos(NOW.0 + number)).unwrap())
        .collect();
    let is_known = |secret: &Secret| sessions.known.lock().unwrap().contains_key(&secret.hash());
    assert!(!is_known(&begun[0]) && is_known(&begun[1]) && is_known(&other));
    assert!(known(&sessions, &shown(&other), NOW).is_some());
}

#[test]
fn the_session_of_a_token_ends_with_the_token_or_before() {
    let sessions = Sessions::new("http://127.0.0.1:9000", HOUR);
    let hash = SecretHash([7; 32]);
    let entry = |expires| {
        Some(Arc::new(TokenEntry {
            hash,
            user: "ana".into(),
            role: Role::Viewer,
            services: Vec::new(),
            sql: false,
            created: 0,
            expires,
            revoked: None,
        }))
    };
    let secret = sessions.begin_with_token(hash, NOW).unwrap();
    let shown = headers(&[("cookie", &format!("coral={}", secret.text()))]);
    let expiry = |caller: Caller| match caller.principal {
        Principal::Person(entry) => entry.expires,
        other => panic!("{other} has the session"),
    };
    let caller = sessions.caller(&shown, NOW, |asked| entry(None).filter(|_| *asked == hash));
    let caller = caller.unwrap();
    assert_eq!(caller.proof, format!("session of token {}", hash.id()));
    assert!(caller.has_session);
    assert_eq!(expiry(caller), Some(seconds(NOW.later(HOUR))));
    let soon = sessions.caller(&shown, NOW, |_| entry(Some(seconds(NOW) + 60))).unwrap();
    assert_eq!(expiry(soon), Some(seconds(NOW) + 60));
    assert!(sessions.caller(&shown, NOW.later(HOUR), |_| entry(None)).is_none());
    // A token that was revoked ends its session for good.
    assert!(sessions.caller(&shown, NOW, |_| None).is_none());
    assert!(sessions.caller(&shown, NOW, |_| entry(None)).is_none());
}
