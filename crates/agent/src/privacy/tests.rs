use std::collections::BTreeSet;
use std::sync::Arc;

use coral_trace::testing;
use coral_trace::{Attributes, Span, Value};
use proptest::prelude::*;

use super::sql::mask_cached;
use super::{Privacy, PrivacyConfig, RemovedCounts};

fn span(pairs: &[(&str, &str)]) -> Span {
    let id = |number: u8| [number; 16];
    Span {
        trace_id: (&id(1)[..]).try_into().unwrap(),
        span_id: (&id(1)[..8]).try_into().unwrap(),
        parent_span_id: None,
        trace_state: String::new(),
        flags: 0,
        name: "GET /".to_owned(),
        kind: coral_trace::SpanKind::Client,
        start: coral_trace::UnixNanos(1),
        end: coral_trace::UnixNanos(2),
        attributes: pairs.iter().map(|(key, value)| (*key, *value)).collect(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: coral_trace::Status::default(),
        origin: Arc::default(),
    }
}

/// The default configuration.
fn default_config() -> PrivacyConfig {
    PrivacyConfig {
        mask_sql: true,
        keep_url_queries: false,
        headers: BTreeSet::new(),
        drop: BTreeSet::new(),
        hash: BTreeSet::new(),
        hash_key: String::new(),
    }
}

pub(crate) fn default_privacy() -> Privacy {
    Privacy::new(default_config(), "")
}

/// The attributes of one span after masking, as `key=value`, and how many were dropped.
fn remaining(privacy: &Privacy, pairs: &[(&str, &str)]) -> (Vec<String>, u32) {
    let mut spans = [span(pairs)];
    privacy.spans(&mut spans);
    let pairs = spans[0].attributes.iter().map(|kv| format!("{}={}", kv.key, kv.value));
    (pairs.collect(), spans[0].dropped_attributes)
}

#[test]
fn literals_of_sql_become_question_marks() {
    for (system, statement, expected) in [
        (
            "other_sql",
            "UPDATE cards SET uses = uses + 1 WHERE pan = '4242424242424242' AND holder = 'Ada'",
            "UPDATE cards SET uses = uses + ? WHERE pan = ? AND holder = ?",
        ),
        (
            "other_sql",
            "SELECT holder FROM cards WHERE pan = $1",
            "SELECT holder FROM cards WHERE pan = $1",
        ),
        ("other_sql", "SELECT 'it''s', x'4242', 1e10, -5 FROM t1", "SELECT ?, ?, ?, -? FROM t1"),
        ("postgresql", "SELECT $$4242$$, E'4\\'2', \"Name\" FROM t", "?"),
        ("postgresql", "SELECT $$4242$$, \"Name\" FROM t", "SELECT ?, \"Name\" FROM t"),
        ("postgresql", "SELECT \"Name\", \"a '4242'\" FROM t", "SELECT \"Name\", ? FROM t"),
        ("mysql", "SELECT \"4242\" FROM `t`", "SELECT ? FROM `t`"),
        ("mysql", "SELECT 1 #4242424242424242", "SELECT ?  "),
        ("mysql", "SELECT a FROM t # for ada lovelace", "SELECT a FROM t  "),
        ("other_sql", "SELECT a FROM t # for ada lovelace", "?"),
        ("postgresql", "SELECT a #> b FROM t", "SELECT a #> b FROM t"),
        ("mssql", "SELECT @total, a@b FROM t", "SELECT @total, ? FROM t"),
        ("other_sql", "SELECT 1 /* pan 4242 */ FROM t -- 4242", "SELECT ?   FROM t  "),
        ("other_sql", "SELECT * FROM t WHERE a = 'cut off 42", "SELECT * FROM t WHERE a = ?"),
        ("other_sql", "SELECT 'a\\' OR secret = \\'b' FROM t", "?"),
        ("redis", "SET user:42 secret", "SET ?"),
        ("redis", "PING", "PING"),
        ("", "", ""),
    ] {
        assert_eq!(&*mask_cached(statement, system), expected, "{system}: {statement}");
    }
}

#[test]
fn urls_are_cut_at_their_question_mark_and_lose_user_names() {
    let pairs = [
        ("url.full", "http://ada:pw@shop:80/pay?pan=4242#top"),
        ("http.target", "/pay?pan=4242"),
        ("url.path", "/checkout/42"),
        ("url.query", "pan=4242"),
    ];
    let (kept, dropped) = remaining(&default_privacy(), &pairs);
    assert_eq!(kept, ["url.full=http://shop:80/pay", "http.target=/pay", "url.path=/checkout/42"]);
    assert_eq!(dropped, 1);
    let allowed = Privacy::new(PrivacyConfig { keep_url_queries: true, ..default_config() }, "");
    assert_eq!(remaining(&allowed, &pairs).0.len(), 4);
}

#[test]
fn headers_are_stored_only_when_they_are_configured() {
    let pairs = [
        ("http.request.header.authorization", "Bearer 4242"),
        ("http.response.header.Content-Type", "text/html"),
        ("http.request.method", "GET"),
    ];
    assert_eq!(
        remaining(&default_privacy(), &pairs),
        (vec!["http.request.method=GET".to_owned()], 2)
    );
    let asked = Privacy::new(
        PrivacyConfig { headers: ["content-type".to_owned()].into(), ..default_config() },
        "",
    );
    assert_eq!(remaining(&asked, &pairs).0[0], "http.response.header.Content-Type=text/html");
}

#[test]
fn configured_attributes_are_dropped_or_hashed_in_spans_and_resources() {
    let set = |key: &str| [key.to_owned()].into();
    let config = PrivacyConfig {
        drop: set("user.email"),
        hash: set("user.id"),
        hash_key: "secret".to_owned(),
        ..default_config()
    };
    let privacy = Privacy::new(config.clone(), "");
    let mut one = span(&[("user.email", "ada@example.org"), ("user.id", "42"), ("a", "b")]);
    let origin = Arc::make_mut(&mut one.origin);
    origin.resource.attributes = [("user.id", "42")].into_iter().collect();
    let mut spans = [one.clone(), one];
    let removed = privacy.spans(&mut spans);
    assert_eq!(removed, RemovedCounts { masked: 0, cut: 0, dropped: 2, hashed: 3 });
    let hashed = spans[0].attributes.text("user.id").unwrap().to_owned();
    assert!(hashed.starts_with("hash:") && hashed.len() == 21, "{hashed}");
    assert_eq!(spans[1].origin.resource.attributes.text("user.id"), Some(hashed.as_str()));
    assert!(Arc::ptr_eq(&spans[0].origin, &spans[1].origin), "shared as before");
    let other = Privacy::new(PrivacyConfig { hash_key: String::new(), ..config }, "other");
    assert_ne!(remaining(&other, &[("user.id", "42")]).0[0], format!("user.id={hashed}"));
}

proptest! {
    /// Everything in quotes and every number is removed, whatever surrounds it.
    #[test]
    fn no_literal_survives(
        words in prop::collection::vec("[a-z]{1,6}|[=<>,()*;.#@]|--|/\\*|\\*/|\\\\|\"", 0..12),
        at in any::<prop::sample::Index>(),
        quote in prop::sample::select(vec!["'", "$$", ""]),
        system in prop::sample::select(vec!["other_sql", "postgresql", "mysql", "redis", ""]),
    ) {
        let mut words = words;
        words.insert(at.index(words.len() + 1), format!("{quote}4242424242424242{quote}"));
        let masked = mask_cached(&words.join(" "), system);
        prop_assert!(!masked.contains("4242"), "{masked}");
    }

    #[test]
    fn spans_without_sensitive_attributes_stay_unchanged(
        spans in prop::collection::vec(testing::span(), 0..5),
    ) {
        let touched = |attributes: &Attributes| attributes.iter().any(|kv| {
            kv.key.starts_with("db.query") || kv.key.starts_with("url.") || kv.key.starts_with("http.")
        });
        let mut spans = spans;
        spans.retain(|span| !touched(&span.attributes)
            && !span.events.iter().any(|event| touched(&event.attributes))
            && !span.links.iter().any(|link| touched(&link.attributes)));
        let before = spans.clone();
        let removed = default_privacy().spans(&mut spans);
        prop_assert_eq!(removed, RemovedCounts::default());
        prop_assert_eq!(spans, before);
    }

    #[test]
    fn masking_never_panics(statement in testing::text(), system in testing::text()) {
        let _ = mask_cached(&statement, &system);
        let mut spans = [span(&[("url.full", &statement), ("db.statement", &statement)])];
        default_privacy().spans(&mut spans);
        let url = spans[0].attributes.get("url.full").map(Value::to_string).unwrap_or_default();
        prop_assert!(!url.contains('?'));
    }
}
