//! Keys and values that a search can have.

use coral_trace::{Attributes, Span, UnixNanos};

use super::shop::{NOON, ask, request, sources};
use crate::{Ask as _, AttributesQuestion, Budget, SharedSources};

/// Six requests of `shop`, of which two are on host `pay-2`, and three of `cart`.
fn requests() -> (tempfile::TempDir, SharedSources) {
    let spans = (1..=9).map(|id| {
        let mut span = request(id, if id <= 6 { "shop" } else { "cart" }, "/pay", id, id);
        let host = if id <= 2 { "pay-2" } else { "pay-1" };
        let own: Attributes = [("host.name", host), ("Tier", "gold")].into_iter().collect();
        span.attributes.0.extend(own.0);
        span
    });
    sources(spans.collect::<Vec<Span>>())
}

fn items(from: &SharedSources, question: &AttributesQuestion) -> Vec<(String, u64)> {
    let found = ask(from, question);
    found.items.into_iter().map(|item| (item.text, item.spans)).collect()
}

fn values(q: &str, key: &str) -> AttributesQuestion {
    AttributesQuestion { q: q.to_owned(), key: key.to_owned(), ..AttributesQuestion::default() }
}

fn texts(items: &[(&str, u64)]) -> Vec<(String, u64)> {
    items.iter().map(|(text, spans)| ((*text).to_owned(), *spans)).collect()
}

#[test]
fn values_of_a_key_are_listed_most_frequent_first() {
    let (_dir, from) = requests();
    for (q, key, expected) in [
        ("", "service", &[("shop", 6), ("cart", 3)][..]),
        ("", "host.name", &[("pay-1", 7), ("pay-2", 2)]),
        ("service:shop", "host.name", &[("pay-1", 4), ("pay-2", 2)]),
        ("duration<=2ms", "service", &[("shop", 2)]),
        ("", "name", &[("GET /pay", 9)]),
        ("", "status", &[("unset", 9)]),
        ("", "kind", &[("server", 9)]),
        ("", "nosuch.key", &[]),
        ("", "duration", &[]),
        ("service:nobody", "name", &[]),
    ] {
        assert_eq!(items(&from, &values(q, key)), texts(expected), "{q} {key}");
    }
    let found = ask(&from, &values("service:cart", "service"));
    assert_eq!((found.key.as_deref(), found.of, found.cut), (Some("service"), 3, false));
}

#[test]
fn keys_of_every_span_are_listed_first_and_a_prefix_ignores_case() {
    let (_dir, from) = requests();
    let keys = items(&from, &AttributesQuestion::default());
    let first = texts(&[("service", 9), ("name", 9), ("status", 9), ("kind", 9), ("duration", 9)]);
    assert_eq!(keys[..5], first);
    let begins = |prefix: &str| {
        items(&from, &AttributesQuestion { prefix: prefix.to_owned(), ..Default::default() })
    };
    assert_eq!(begins("tI"), texts(&[("Tier", 9)]));
    assert_eq!(begins("http.r"), texts(&[("http.request.method", 9), ("http.route", 9)]));
    let prefix = "PAY-2".to_owned();
    let of_host = AttributesQuestion { prefix, ..values("", "host.name") };
    assert_eq!(items(&from, &of_host), texts(&[("pay-2", 2)]));
}

#[test]
fn a_list_that_lacks_values_or_traces_says_so() {
    let (_dir, from) = requests();
    let one = AttributesQuestion { limit: 1, ..values("", "host.name") };
    let found = ask(&from, &one);
    assert_eq!((found.items.len(), found.cut), (1, true));
    let many = (1..=501).map(|id| request(id, "shop", "/pay", id, 1)).collect();
    let (_dir, from) = sources(many);
    let found = ask(&from, &values("", "service"));
    assert_eq!((found.items[0].spans, found.of, found.cut), (500, 500, true));
    let refused = AttributesQuestion { limit: 1_001, ..one };
    let asked = refused.answer(&from.at(UnixNanos(NOON)), &Budget::unlimited());
    assert!(asked.unwrap_err().to_string().starts_with("limit: 1001 is not between"));
}
