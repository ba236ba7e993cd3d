//! How questions in plain English are understood.

mod questions;

use super::super::understanding::Period;
use super::*;
use coral_trace::units::When;

/// 2026-11-25T12:00:00Z.
const NOON: i64 = 1_795_608_000_000_000;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn last(length_us: i64) -> Period {
    Period::Last { length_us }
}

fn read(question: &str) -> Result<Understanding, Refusal> {
    let services = ["the", "payments-api", "why", "cart", "is", "slow", "of", "map", "today"];
    let services = services.map(str::to_owned);
    understand(question, Names { services: &services, peers: &[] }, NOON, &TimeZone::UTC)
}

fn understood(question: &str) -> Option<Understanding> {
    read(question).ok()
}

#[track_caller]
fn check(question: &str, intent: Intent, service: Option<&str>, period: Period) {
    let understanding =
        understood(question).unwrap_or_else(|| panic!("{question}: not understood"));
    assert_eq!(understanding.intent, intent, "{question}");
    assert_eq!(understanding.service.as_deref(), service, "{question}");
    assert_eq!(understanding.window.period, period, "{question}");
}

#[test]
fn a_question_with_a_trace_id_is_about_that_trace() {
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    for question in ["why is trace ID slow?", "why is ID slow", "show me ID", "why did `ID` fail"] {
        let found = understood(&question.replace("ID", id)).unwrap();
        assert_eq!(found.trace_id.map(|id| id.to_string()).as_deref(), Some(id), "{question}");
        assert_eq!((found.intent, found.unknown_service), (Intent::Why, None), "{question}");
    }
    let prefix = understood("why is trace 4bf92f35 slow").unwrap();
    assert_eq!((prefix.trace_id, prefix.trace_id_prefix.as_deref()), (None, Some("4bf92f35")));
}

#[test]
fn each_kind_of_question_is_recognised() {
    let slow = Intent::Traces { slow: true, failed: false };
    check("Why is payments-api slow?", Intent::Why, Some("payments-api"), last(15 * MINUTE));
    check("why does Cart fail", Intent::Why, Some("cart"), last(15 * MINUTE));
    check("root cause of errors in `cart`?", Intent::Why, Some("cart"), last(15 * MINUTE));
    check(
        "slowest endpoints of cart, last 15 minutes",
        Intent::Slowest,
        Some("cart"),
        last(15 * MINUTE),
    );
    check("errors in the last hour", Intent::Errors, None, last(HOUR));
    check("which endpoints fail", Intent::Errors, None, last(HOUR));
    check("what calls cart?", Intent::Calls, Some("cart"), last(HOUR));
    check(
        "What does payments-api call in the past 2h",
        Intent::Calls,
        Some("payments-api"),
        last(2 * HOUR),
    );
    check("what changed in the last 90s", Intent::Changes, None, last(90 * SECOND));
    check("show me slow traces for cart", slow, Some("cart"), last(HOUR));
    check(
        "show me traces yesterday",
        Intent::Traces { slow: false, failed: false },
        None,
        Period::Yesterday,
    );
    check("slowest calls", Intent::Slowest, None, last(HOUR));
    check("errors today", Intent::Errors, None, Period::Today);
    let health = |question: &str, service| {
        check(question, Intent::Health, service, last(15 * MINUTE));
    };
    for question in [
        "what is wrong?",
        "what's wrong",
        "is everything ok?",
        "is everything okay",
        "is the system healthy",
        "are all services fine?",
        "are there any problems",
        "which services are there?",
        "list services",
        "services",
    ] {
        health(question, None);
    }
    health("is payments-api ok?", Some("payments-api"));
    health("is cart healthy", Some("cart"));
    health("is cart down?", Some("cart"));
    health("what is wrong with cart?", Some("cart"));
    health("status of payments-api", Some("payments-api"));
    check("is cart ok since 02:40", Intent::Health, Some("cart"), Period::Since);
    // Other words of the grammar come first.
    check("which services fail", Intent::Errors, None, last(HOUR));
    check("what is wrong: why is cart slow", Intent::Why, Some("cart"), last(15 * MINUTE));
    assert_eq!(understood("is checkuot ok?").unwrap().unknown_service.as_deref(), Some("checkuot"));
    assert_eq!(understood("what is the meaning of life"), None);
    assert_eq!(understood(""), None);
}

#[test]
fn a_word_of_the_grammar_names_a_service_in_quotes_or_where_only_a_name_can_stand() {
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
        let understanding = understood(question).unwrap();
        assert_eq!(
            (understanding.service.as_deref(), understanding.unknown_service),
            (service, None),
            "{question}"
        );
    }
    assert_eq!(understood("errors of 'today'").unwrap().window.period, last(HOUR));
    assert_eq!(
        understood("show me traces of map").unwrap().intent,
        Intent::Traces { slow: false, failed: false }
    );
}

#[test]
fn a_route_and_an_unknown_service_name_are_recognised() {
    let route = understood("why is /checkout of cart slow").unwrap();
    assert_eq!((route.route.as_deref(), route.unknown_service), (Some("/checkout"), None));
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
    ] {
        assert_eq!(understood(question).unwrap().unknown_service.as_deref(), unknown, "{question}");
    }
}

#[test]
fn a_time_may_be_in_words_or_in_digits() {
    for (time, period) in [
        ("last two hours", last(2 * HOUR)),
        ("since 10 minutes", last(10 * MINUTE)),
        ("since 10 minutes ago", last(10 * MINUTE)),
        ("5 minutes ago", last(5 * MINUTE)),
        ("an hour ago", last(HOUR)),
        ("in the last half an hour", last(30 * MINUTE)),
        ("in the past half hour", last(30 * MINUTE)),
        ("since the last 3 hrs", last(3 * HOUR)),
        ("within twelve days", last(12 * DAY)),
        ("last hour and a half", last(90 * MINUTE)),
        ("last one hour and a half", last(90 * MINUTE)),
        ("last 1 hour and 30 minutes", last(90 * MINUTE)),
        ("last week", last(7 * DAY)),
        ("since today", Period::Today),
        ("since yesterday", Period::SinceYesterday),
        ("", last(HOUR)),
    ] {
        let understanding = understood(&format!("errors of cart {time}")).unwrap();
        assert_eq!(understanding.window.period, period, "{time}");
        assert_eq!(understanding.window.unread, [""; 0], "{time}");
    }
}

#[test]
fn a_question_may_name_the_times_at_which_it_begins_and_ends() {
    let at = |text: &str| {
        let When::At(at) = format!("2026-11-{text}Z").parse().unwrap() else { panic!("{text}") };
        at.as_micros()
    };
    for (time, period, since, until) in [
        ("since 02:40", Period::Since, "25T02:40:00", "25T12:00:00"),
        ("since 2:40", Period::Since, "25T02:40:00", "25T12:00:00"),
        ("since 13:00", Period::Since, "24T13:00:00", "25T12:00:00"),
        ("since yesterday 14:02", Period::Since, "24T14:02:00", "25T12:00:00"),
        ("since 2026-11-23", Period::Since, "23T00:00:00", "25T12:00:00"),
        ("since 2026-11-23 14:02", Period::Since, "23T14:02:00", "25T12:00:00"),
        ("from 2026-11-23T14:02:00+01:00", Period::Since, "23T13:02:00", "25T12:00:00"),
        ("between 02:30 and 03:00", Period::Between, "25T02:30:00", "25T03:00:00"),
        ("between 23:30 and 00:30", Period::Between, "24T23:30:00", "25T00:30:00"),
        ("between 11:00 and 10:00", Period::Between, "24T11:00:00", "25T10:00:00"),
        ("from 2am to 3am", Period::Between, "25T02:00:00", "25T03:00:00"),
        ("from 02:30 until now", Period::Between, "25T02:30:00", "25T12:00:00"),
        ("between 02:30 and 03:00 yesterday", Period::Between, "24T02:30:00", "24T03:00:00"),
        ("yesterday between 02:30 and 03:00", Period::Between, "24T02:30:00", "24T03:00:00"),
        ("between 02:30 and 03:00 on 2026-11-23", Period::Between, "23T02:30:00", "23T03:00:00"),
        ("between 2026-11-22 and 2026-11-23 09:00", Period::Between, "22T00:00:00", "23T09:00:00"),
        ("from yesterday to today", Period::Between, "24T00:00:00", "25T00:00:00"),
        ("from 2h ago to 30 minutes ago", Period::Between, "25T10:00:00", "25T11:30:00"),
        ("at 3am", Period::Between, "25T02:45:00", "25T03:15:00"),
        ("around 02:40 UTC", Period::Between, "25T02:25:00", "25T02:55:00"),
        ("at 02:40 yesterday", Period::Between, "24T02:25:00", "24T02:55:00"),
        ("on 2026-11-23", Period::Between, "23T00:00:00", "24T00:00:00"),
        ("2026-11-23", Period::Between, "23T00:00:00", "24T00:00:00"),
    ] {
        let window = understood(&format!("errors of cart {time}")).unwrap().window;
        let now_is_included = i64::from(until == "25T12:00:00" && period == Period::Since);
        assert_eq!(
            (window.period, window.since_unix_us, window.until_unix_us, window.unread),
            (period, at(since), at(until) + now_is_included, Vec::<String>::new()),
            "{time}"
        );
        assert!(!window.is_default, "{time}");
    }
}

#[test]
fn times_are_read_in_the_time_zone_of_the_question() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    for (question, period, since_hours, until_hours) in [
        ("errors today", Period::Since, -13, 0),
        ("errors yesterday", Period::Between, -37, -13),
        ("errors since yesterday", Period::Since, -37, 0),
        ("errors between 10:00 and 11:00", Period::Between, -3, -2),
        ("errors in the last two hours", last(2 * HOUR), -2, 0),
    ] {
        let window =
            understand(question, Names { services: &[], peers: &[] }, NOON, &zone).unwrap().window;
        let until = window.until_unix_us / HOUR * HOUR;
        assert_eq!(
            (window.period, window.since_unix_us, until),
            (period, NOON + since_hours * HOUR, NOON + until_hours * HOUR),
            "{question}"
        );
    }
}

#[test]
fn a_question_with_words_about_time_that_are_not_understood_is_refused_with_these_words() {
    for (question, unread) in [
        ("errors last night", "last night"),
        ("errors in the morning", "morning"),
        ("errors this morning", "this morning"),
        ("errors since the last deploy", "since the last deploy"),
        ("errors between 10:00 and noon", "between 10:00, and, noon"),
        ("errors until 11:00", "until 11:00"),
        ("errors between 11:00 and 10:00 today", "between 11:00, and, 10:00"),
        ("errors before yesterday", "before yesterday"),
        ("errors until 5 minutes ago", "until 5 minutes ago"),
        ("errors yesterday evening", "evening"),
        ("errors today, last 2 hours", "last 2 hours"),
        ("errors in the last few hours", "last few hours"),
        ("errors on monday", "on monday"),
        ("errors last 0 minutes", "last 0 minutes"),
        ("errors last 99999999999999999999 days", "last 99999999999999999999 days"),
        ("errors in the last 18446744073709551615 hours", "last 18446744073709551615 hours"),
    ] {
        assert_eq!(read(question).unwrap_err().words.join(", "), unread, "{question}");
    }
    assert_eq!(understood("why is cart slow right now").unwrap().window.unread, [""; 0]);
}

proptest::proptest! {
    #[test]
    fn no_question_causes_a_panic(
        words in proptest::collection::vec(
            "why|last|past|since|before|and|between|from|to|at|on|a|half|two|ago|[0-9]{1,20}|[0-2]?[0-9]:[0-5][0-9]|2026-1[0-2]-[0-2][0-9]|hours?|the|/[a-z]*|today|\\PC{0,8}",
            0..12,
        ),
        now in proptest::prelude::any::<i32>(),
    ) {
        let now = i64::from(now) * 1_000_000;
        let services = ["cart".to_owned()];
        let names = Names { services: &services, peers: &[] };
        let understanding = understand(&words.join(" "), names, now, &TimeZone::UTC).ok();
        let forward = |understanding: Understanding| understanding.window.since_unix_us < understanding.window.until_unix_us;
        proptest::prop_assert!(understanding.is_none_or(forward));
    }
}
