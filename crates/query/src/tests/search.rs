//! Searches in the search language, over a store.

use coral_trace::{Attributes, Event, KeyValue, Span, Value};

use super::shop::{NOON, ask, request, shared, sources};
use crate::answer::Unmatched;
use crate::{QueryError, SharedSources, TracesQuestion};

/// Twelve requests to `/pay` and `/list` of payments, and to `/cart` of cart. Each third request to
/// payments is on host `pay-2`, and answered with 503.
fn incident() -> (tempfile::TempDir, SharedSources) {
    let spans = (1..=12).map(|id| {
        let (service, route) = match id % 4 {
            0 => ("cart", "/cart"),
            1 => ("payments", "/list"),
            _ => ("payments", "/pay"),
        };
        let span = request(id, service, route, 60 + id, 10 * id);
        let fails = id % 3 == 0;
        with(span, if fails { "pay-2" } else { "pay-1" }, if fails { 503 } else { 200 })
    });
    sources(spans.collect())
}

fn with(mut span: Span, host: &str, status: i64) -> Span {
    let pairs = [("host.name", Value::from(host)), ("http.status_code", Value::Int(status))];
    span.attributes
        .0
        .extend(pairs.into_iter().map(|(key, value)| KeyValue { key: key.to_owned(), value }));
    span
}

fn question(q: &str) -> TracesQuestion {
    TracesQuestion { q: q.to_owned(), limit: 100, ..TracesQuestion::default() }
}

/// The numbers of the requests that match, in order.
fn found(from: &SharedSources, question: &TracesQuestion) -> Vec<u128> {
    let list = ask(from, question);
    let mut ids: Vec<u128> =
        list.traces.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_search_finds_the_traces_that_it_describes() {
    let (_dir, from) = incident();
    for (q, expected) in [
        ("service:cart", &[4, 8, 12][..]),
        ("service:pay*", &[1, 2, 3, 5, 6, 7, 9, 10, 11]),
        ("-service:payments", &[4, 8, 12]),
        ("host.name=pay-2", &[3, 6, 9, 12]),
        ("host.name=pay-2 service:payments", &[3, 6, 9]),
        // The attribute was sent under its older name.
        ("http.response.status_code>=500", &[3, 6, 9, 12]),
        ("http.response.status_code=503 service:cart", &[12]),
        ("code:5xx -service:cart", &[3, 6, 9]),
        ("duration>90ms", &[10, 11, 12]),
        ("duration<=20ms", &[1, 2]),
        ("http.route~PAY code:2xx", &[2, 7, 10, 11]),
        ("service:cart OR duration<15ms", &[1, 4, 8, 12]),
        ("trace.duration>=110ms trace.spans:1", &[11, 12]),
        ("nosuch.key:*", &[]),
    ] {
        assert_eq!(found(&from, &question(q)), expected, "{q}");
    }
}

#[test]
fn one_span_meets_the_search_and_the_other_conditions() {
    let (_dir, from) = incident();
    let question = TracesQuestion {
        service: Some("payments".to_owned()),
        attributes: "http.response.status_code=503".to_owned(),
        ..question("host.name=pay-2 duration>=60ms")
    };
    assert_eq!(found(&from, &question), [6, 9]);
    // The same without a search, which indexes answer.
    let plain = TracesQuestion { q: String::new(), ..question };
    assert_eq!(found(&from, &plain), [3, 6, 9]);
}

#[test]
fn a_key_or_a_value_that_no_span_has_is_told_with_the_nearest() {
    let (_dir, from) = incident();
    let unmatched = |question: &TracesQuestion| ask(&from, question).unmatched;
    let one = |key: &str, value: Option<&str>, similar: &[&str]| Unmatched {
        key: key.to_owned(),
        value: value.map(str::to_owned),
        similar: similar.iter().map(|text| (*text).to_owned()).collect(),
        is_text: false,
        spans: 12,
    };
    for (q, expected) in [
        ("service:payment", one("service", Some("payment"), &["payments"])),
        ("host.nam=pay-2", one("host.nam", None, &["host.name"])),
        ("\"status\">=500", one("status", None, &["http.status_code"])),
        ("host.name=Pay-9", one("host.name", Some("Pay-9"), &["pay-1", "pay-2"])),
        (
            "name:\"GET /pai\"",
            one("name", Some("GET /pai"), &["GET /pay", "GET /list", "GET /cart"]),
        ),
    ] {
        let found = unmatched(&question(q));
        assert_eq!(found.len(), 1, "{q}: {found:?}");
        assert_eq!(
            (&found[0].key, &found[0].value, found[0].spans),
            (&expected.key, &expected.value, 12)
        );
        assert_eq!(found[0].similar.first(), expected.similar.first(), "{q}: {found:?}");
    }
    let text = unmatched(&question("host.name>5"));
    assert!(text[0].is_text && text[0].similar == ["pay-1", "pay-2"], "{text:?}");
    let sugar = TracesQuestion { attributes: "host.name=pay-3".to_owned(), ..question("") };
    assert_eq!(unmatched(&sugar)[0].value.as_deref(), Some("pay-3"));
    // Every key and every value exists, and no span has them together.
    assert_eq!(unmatched(&question("service:cart host.name=pay-1 code:5xx")), []);
}

#[test]
fn a_mistake_in_a_search_is_an_invalid_parameter_with_its_column() {
    let store = tempfile::tempdir().unwrap();
    let config = coral_store::StoreConfig { dir: store.path().to_owned(), segment_rows: 1_000 };
    let from = shared(coral_store::Store::open(config).unwrap());
    let now = from.at(coral_trace::UnixNanos(NOON));
    let error = crate::Ask::answer(&question("status>=500"), &now, &crate::Budget::unlimited());
    let Err(QueryError::Invalid { field: "q", reason }) = error else { panic!("{error:?}") };
    assert!(reason.starts_with("column 7: `status` is one of ok, error, unset"), "{reason}");
    assert!(reason.ends_with("Hint: code>=500 compares response statuses"), "{reason}");
}

#[test]
fn spans_that_match_are_counted_by_a_key_with_exact_percentiles() {
    let (_dir, from) = incident();
    let groups = |q: &str, by: &str| {
        let question = TracesQuestion { by: by.to_owned(), ..question(q) };
        let groups = ask(&from, &question).groups.unwrap();
        let row = |group: &crate::answer::Group| {
            let value = group.value.clone().unwrap_or_default();
            (value, group.spans, group.errors, group.p50_us / 1_000, group.p95_us / 1_000)
        };
        (groups.groups.iter().map(row).collect::<Vec<_>>(), groups.traces)
    };
    let row = |value: &str, spans, p50, p95| (value.to_owned(), spans, 0, p50, p95);
    assert_eq!(
        groups("service:payments", "host.name"),
        (vec![row("pay-1", 6, 50, 110), row("pay-2", 3, 60, 90)], 9)
    );
    // The attribute was sent under its older name.
    assert_eq!(
        groups("service:cart", "http.response.status_code"),
        (vec![row("200", 2, 40, 80), row("503", 1, 120, 120)], 3)
    );
    assert_eq!(groups("", "service").0, [row("payments", 9, 60, 110), row("cart", 3, 80, 120)]);
    assert_eq!(groups("service:cart", "no.such.key").0, [row("", 3, 80, 120)]);
    assert_eq!(groups("service:nosuch", "name"), (vec![], 0));
    for key in ["trace.duration", "duration", " "] {
        let wrong = TracesQuestion { by: key.to_owned(), ..question("") };
        let now = from.at(coral_trace::UnixNanos(NOON));
        let error = crate::Ask::answer(&wrong, &now, &crate::Budget::unlimited()).unwrap_err();
        assert!(error.to_string().contains("is no key of a span that has groups"), "{error}");
    }
}

#[test]
fn an_exception_is_found_and_counted_by_its_type() {
    let spans = (1..=4).map(|id| {
        let mut span = request(id, "payments", "/pay", 60 + id, 10 * id);
        let pair = |key: &str, value: &str| KeyValue { key: key.to_owned(), value: value.into() };
        span.events.extend((id > 1).then(|| Event {
            time: span.start,
            name: "exception".to_owned(),
            attributes: Attributes(vec![pair("exception.type", "Timeout")]),
            dropped_attributes: 0,
        }));
        span
    });
    let (_dir, from) = sources(spans.collect());
    assert_eq!(found(&from, &question("exception.type=Timeout duration>20ms")), [3, 4]);
    assert_eq!(found(&from, &question("event:exception event.exception.type~time")), [2, 3, 4]);
    let by = TracesQuestion { by: "exception.type".to_owned(), ..question("") };
    let groups = ask(&from, &by).groups.unwrap().groups;
    let counts: Vec<_> = groups.iter().map(|group| (group.value.as_deref(), group.spans)).collect();
    assert_eq!(counts, [(Some("Timeout"), 3), (None, 1)]);
    let [wrong] = &ask(&from, &question("exception.type=Timout")).unmatched[..] else { panic!() };
    assert_eq!((wrong.value.as_deref(), wrong.similar[0].as_str()), (Some("Timout"), "Timeout"));
}
