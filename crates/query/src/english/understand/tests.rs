//! What is understood.

use super::*;

/// 2026-11-25T12:00:00Z.
const NOON: i64 = 1_795_608_000_000_000;

fn asked(question: &str) -> Option<Asked> {
    let services = ["the", "payments-api", "why", "cart", "is", "slow", "of", "map", "today"];
    understand(question, &services.map(str::to_owned), NOON)
}

#[track_caller]
fn check(question: &str, intent: Intent, service: Option<&str>, flags: &str) {
    let asked = asked(question).unwrap_or_else(|| panic!("{question}: not understood"));
    assert_eq!(asked.intent, intent, "{question}");
    assert_eq!(asked.service.as_deref(), service, "{question}");
    assert_eq!(asked.window.flags, flags, "{question}");
}

#[test]
fn each_kind_of_question_is_recognised() {
    let slow = Intent::Traces { slow: true, failed: false };
    check("Why is payments-api slow?", Intent::Why, Some("payments-api"), "--since 15m");
    check("why does Cart fail", Intent::Why, Some("cart"), "--since 15m");
    check("root cause of errors in `cart`?", Intent::Why, Some("cart"), "--since 15m");
    check(
        "slowest endpoints of cart, last 15 minutes",
        Intent::Slowest,
        Some("cart"),
        "--since 15m",
    );
    check("errors in the last hour", Intent::Errors, None, "--since 1h");
    check("which endpoints fail", Intent::Errors, None, "--since 1h");
    check("what calls cart?", Intent::Calls, Some("cart"), "--since 1h");
    check(
        "What does payments-api call in the past 2h",
        Intent::Calls,
        Some("payments-api"),
        "--since 2h",
    );
    check("what changed in the last 90s", Intent::Changed, None, "--since 90s");
    check("show me slow traces for cart", slow, Some("cart"), "--since 1h");
    check(
        "show me traces yesterday",
        Intent::Traces { slow: false, failed: false },
        None,
        "--since 2026-11-24T00:00:00Z --until 2026-11-25T00:00:00Z",
    );
    check("slowest calls", Intent::Slowest, None, "--since 1h");
    check("errors today", Intent::Errors, None, "--since 2026-11-25T00:00:00Z");
    assert_eq!(asked("what is the meaning of life"), None);
    assert_eq!(asked(""), None);
}

#[test]
fn a_service_with_the_name_of_a_word_is_asked_about_in_quotes_or_where_nothing_else_can_stand() {
    for (question, service) in [
        ("why is payments-api slow", Some("payments-api")),
        ("why is the cart slow today", Some("cart")),
        ("why is everything slow", None),
        ("what is slow", None),
        ("show me the map", None),
        ("why is it slow", None),
        ("what calls map", Some("map")),
        ("why is why slow", Some("why")),
        ("why is slow slow", Some("slow")),
        ("why is `is` slow", Some("is")),
        ("why is \"the\" slow?", Some("the")),
        ("errors of 'today'", Some("today")),
    ] {
        let asked = asked(question).unwrap();
        assert_eq!((asked.service.as_deref(), asked.unknown), (service, None), "{question}");
    }
    assert_eq!(asked("errors of 'today'").unwrap().window.words, "last 1h");
    assert_eq!(
        asked("show me traces of map").unwrap().intent,
        Intent::Traces { slow: false, failed: false }
    );
}

#[test]
fn a_route_and_a_name_that_nobody_has_are_told() {
    let route = asked("why is /checkout of cart slow").unwrap();
    assert_eq!((route.route.as_deref(), route.unknown), (Some("/checkout"), None));
    for (question, unknown) in [
        ("why is payment-api slow?", Some("payment-api")),
        ("what calls kart", Some("kart")),
        ("why is the frontend slow", Some("frontend")),
        ("why is my service frontend slow", Some("frontend")),
        ("errors in the checkout yesterday", Some("checkout")),
        ("why is `everything` slow", Some("everything")),
        ("why is everything slow", None),
        ("why is the system slow", None),
        ("what is slow", None),
        ("what is slowest", None),
        ("what is the slowest endpoint in the last two hours", None),
        ("errors in the morning", None),
    ] {
        assert_eq!(asked(question).unwrap().unknown.as_deref(), unknown, "{question}");
    }
}

#[test]
fn a_time_is_read_in_words_and_in_figures() {
    for (time, flags) in [
        ("last two hours", "--since 2h"),
        ("since 10 minutes", "--since 10m"),
        ("since 10 minutes ago", "--since 10m"),
        ("5 minutes ago", "--since 5m"),
        ("an hour ago", "--since 1h"),
        ("in the last half an hour", "--since 30m"),
        ("in the past half hour", "--since 30m"),
        ("since the last 3 hrs", "--since 3h"),
        ("within twelve days", "--since 12d"),
        ("last hour and a half", "--since 90m"),
        ("last one hour and a half", "--since 90m"),
        ("last 1 hour and 30 minutes", "--since 90m"),
        ("last week", "--since 7d"),
        ("since today", "--since 2026-11-25T00:00:00Z"),
        ("since yesterday", "--since 2026-11-24T00:00:00Z"),
        ("", "--since 1h"),
    ] {
        let asked = asked(&format!("errors of cart {time}")).unwrap();
        assert_eq!(asked.window.flags, flags, "{time}");
        assert_eq!(asked.window.unread, None, "{time}");
    }
}

#[test]
fn words_about_time_that_are_not_understood_are_told_beside_the_time_that_is_used() {
    for (question, used, unread) in [
        ("errors last night", "last 1h", "last night"),
        ("errors this morning", "last 1h", "this morning"),
        ("errors since the last deploy", "last 1h", "since the last deploy"),
        ("errors between 10:00 and 11:00", "last 1h", "between 10:00, 11:00"),
        ("errors before yesterday", "last 1h", "before yesterday"),
        ("errors until 5 minutes ago", "last 1h", "until 5 minutes ago"),
        ("errors yesterday evening", "yesterday, UTC", "evening"),
        ("errors today, last 2 hours", "today, UTC", "last 2 hours"),
        ("traces slower than 2 seconds", "last 1h", "2 seconds"),
        ("errors in the last few hours", "last 1h", "last few hours"),
        ("errors on monday", "last 1h", "monday"),
        ("errors last 0 minutes", "last 1h", "last 0 minutes"),
        ("errors last 99999999999999999999 days", "last 1h", "last 99999999999999999999 days"),
        (
            "errors in the last 18446744073709551615 hours",
            "last 1h",
            "last 18446744073709551615 hours",
        ),
    ] {
        let window = asked(question).unwrap().window;
        assert_eq!(
            (window.words.as_str(), window.unread.as_deref()),
            (used, Some(unread)),
            "{question}"
        );
    }
    assert_eq!(asked("why is cart slow right now").unwrap().window.unread, None);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(
        words in proptest::collection::vec(
            "why|last|past|since|before|and|a|half|two|ago|[0-9]{1,20}|hours?|the|/[a-z]*|today|\\PC{0,8}",
            0..12,
        ),
        now in proptest::prelude::any::<i32>(),
    ) {
        let now = i64::from(now) * 1_000_000;
        let asked = understand(&words.join(" "), &["cart".to_owned()], now);
        let forward = |asked: Asked| asked.window.since_unix_us < asked.window.until_unix_us;
        proptest::prop_assert!(asked.is_none_or(forward));
    }
}
