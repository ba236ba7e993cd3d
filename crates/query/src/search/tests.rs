//! How searches are read, and what is said about mistakes.

use coral_engine::filter::Pattern;
use coral_trace::Span;

use super::value::glob_pattern;
use super::*;
use crate::tests::shop::request;

/// The error about `text`, with a mark below the place of the mistake.
fn error(text: &str) -> (usize, String) {
    let error = Search::parse(text).unwrap_err();
    (error.column(), format!("{}. {}", error.reason, error.hint))
}

#[test]
fn a_mistake_is_told_with_its_column_and_a_hint() {
    for (text, column, expected) in [
        ("payments", 1, "`payments` has no operator. write service:payments or name~payments"),
        (
            "service:a duration",
            11,
            "`duration` has no operator. in a shell, write the search in quot",
        ),
        ("service:a or name:b", 11, "`or` has no operator. write OR"),
        ("service:a status>=500", 17, "have no order. code>=500 compares response statuses"),
        (
            "status:500",
            8,
            "`500` is no status: one of ok, error, unset was expected. write code:500",
        ),
        ("status:eror", 8, "write status:error"),
        ("kind:servr", 6, "write kind:server"),
        ("duration>500", 10, "`500` is not a duration such as"),
        ("duration>500", 10, "write the unit: duration>500ms"),
        ("duration>fast", 10, "write duration>500ms"),
        ("duration~5", 9, "`~` compares text, and `duration` is a duration"),
        ("code~50", 5, "and `code` is a number, or a range such as 5xx"),
        ("code>=5xx", 7, "`5xx` is not a number"),
        ("service>a", 8, "`service` is text, which has no order"),
        ("http.status>500ms", 13, "write a number without a unit; `duration` compares durations"),
        ("service:", 9, "`service:` has no value"),
        ("service: payments", 9, "`service:` has no value. write the value directly after `:`"),
        ("=a", 1, "`=` has no key before it"),
        ("name:\"a", 6, "a quotation mark is not closed"),
        ("name~(", 6, "`(` is not a usable regular expression"),
        ("host.name!=*", 10, "write -host.name:* for traces without it"),
        ("(service:a", 1, "`(` has no `)` after it"),
        ("service:a )", 11, "`)` has no `(` before it"),
        ("service:a OR", 13, "a condition was expected"),
        ("OR service:a", 1, "a condition was expected"),
        ("é:1 -", 6, "a condition was expected"),
        ("()", 2, "a condition was expected"),
    ] {
        let (at, reason) = error(text);
        assert!(at == column && reason.contains(expected), "{text}: column {at}: {reason}");
    }
    let deep = format!("{}service:a{}", "(".repeat(40), ")".repeat(40));
    assert!(error(&deep).1.contains("nested deeper than 16"));
    assert!(error(&"a:b ".repeat(2_000)).1.contains("at most 4096 bytes"));
    assert!(Search::parse(&"a:b ".repeat(64)).is_ok());
    let (column, reason) = error(&"a:b ".repeat(65));
    assert_eq!(column, 257);
    assert!(reason.starts_with("a search has at most 64 conditions. join values"), "{reason}");
}

#[test]
fn a_wildcard_matches_each_other_sign_as_it_is() {
    let signs: String = (' '..='~').filter(|sign| *sign != '*').collect();
    for text in [signs.as_str(), "GET /users/<id>", "<lambda>"] {
        let pattern = Pattern::new(&glob_pattern(&format!("{text}*"))).unwrap();
        let filter = Filter::Regex { field: Field::Span(SpanField::Name), pattern };
        let matches = |name: String| {
            let span = request(1, "shop", "/", 0, 3);
            !filter.spans_that_match(&[Span { name, ..span }]).is_empty()
        };
        assert!(matches(text.to_owned()) && matches(format!("{text} more")), "{text}");
        assert!(!matches(text[1..].to_owned()), "{text}");
    }
}

#[test]
fn an_empty_search_has_no_condition() {
    assert_eq!(Search::parse("  "), Ok(None));
}

#[test]
fn the_same_condition_may_be_written_in_several_ways() {
    let filter = |text: &str| Search::parse(text).unwrap().unwrap().filter;
    for (one, other) in [
        ("service:cart", "service=cart"),
        ("service:cart", "service == cart"),
        ("duration>500ms", "duration > 500ms"),
        ("duration:>=500ms", "duration>=0.5s"),
        ("-service:cart", "NOT service:cart"),
        ("service:a name:b", "service:a AND name:b"),
        ("service:a name:b", "(service:a (name:b))"),
        ("status:ERROR", "status:error"),
        ("name:\"GET /a\"", "name=\"GET /a\""),
    ] {
        let one = format!("{:?}", filter(one)).replace("And([Compare", "And([Compare");
        assert_eq!(one, format!("{:?}", filter(other)), "{other}");
    }
    assert_ne!(filter("name:\"pay-*\""), filter("name:pay-*"));
    assert_ne!(filter("\"status\":error"), filter("status:error"));
}

#[test]
fn keys_and_values_are_named_for_hints_unless_they_are_excluded() {
    let search =
        Search::parse("service:cart -service:health host.name=pay-* tier>2 zone:a").unwrap();
    let named: Vec<_> = search.unwrap().named.into_iter().map(|one| (one.key, one.value)).collect();
    let attribute = |key: &str| NamedKey::Attribute(key.to_owned());
    assert_eq!(
        named,
        [
            (NamedKey::Service, Some("cart".to_owned())),
            (attribute("host.name"), None),
            (attribute("tier"), None),
            (attribute("zone"), Some("a".to_owned())),
        ]
    );
}
