//! The conditions of Zipkin's search, on spans that its clients sent.

use coral_store::{Store, StoreConfig};
use coral_trace::{Recogniser, UnixNanos};
use coral_wire::zipkin_in;

use std::collections::BTreeSet;

use super::*;
use crate::SharedSources;
use crate::tests::shop::shared;

/// Two traces: 1 is a call of `shop` to `mysql`, 2 is a failed request of `Shop`.
const SENT: &str = r#"[
    {"traceId":"1","id":"1","kind":"SERVER","name":"get /cart","timestamp":1000000,"duration":900,
     "localEndpoint":{"serviceName":"shop"},"tags":{"http.method":"GET","host.name":"web-1"}},
    {"traceId":"1","id":"2","parentId":"1","kind":"CLIENT","name":"query","timestamp":1000100,
     "duration":300,"localEndpoint":{"serviceName":"shop"},
     "remoteEndpoint":{"serviceName":"MySQL"},
     "annotations":[{"timestamp":1000110,"value":"ws"}]},
    {"traceId":"1","id":"3","parentId":"2","name":"GET (x)","timestamp":1000120,"duration":7,
     "localEndpoint":{"serviceName":"mysql"},"tags":{"only":"here"}},
    {"traceId":"2","id":"1","kind":"SERVER","name":"get /pay","timestamp":2000000,"duration":50,
     "localEndpoint":{"serviceName":"Shop"},"tags":{"error":"no card","n":"5"}}]"#;

fn store(dir: &std::path::Path) -> SharedSources {
    let store = Store::open(StoreConfig { dir: dir.to_owned(), segment_rows: 1_000 }).unwrap();
    let spans = zipkin_in::decode(SENT.as_bytes(), &Recogniser::default()).unwrap().spans;
    assert_eq!(spans.len(), 4);
    store.append(&[spans], UnixNanos(1)).unwrap();
    shared(store)
}

fn anything() -> ServiceSearch {
    ServiceSearch {
        service: None,
        span_name: None,
        remote_service: None,
        annotations: Vec::new(),
        min_duration: None,
        max_duration: None,
        started: TimeRange::ALL,
        limit: 10,
    }
}

fn tags(pairs: &[(&str, Option<&str>)]) -> ServiceSearch {
    let one = |(key, value): &(&str, Option<&str>)| Annotation {
        key: (*key).to_owned(),
        value: value.map(str::to_owned),
    };
    ServiceSearch { annotations: pairs.iter().map(one).collect(), ..anything() }
}

#[test]
fn each_condition_is_met_by_a_span_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let shared = store(dir.path());
    let sources = shared.at(UnixNanos(3_000_000_000));
    let text = |text: &str| Some(text.to_owned());
    let micros = |number| Some(Duration::from_micros(number));
    let cases: Vec<(ServiceSearch, &[u128])> = vec![
        (anything(), &[2, 1]),
        (ServiceSearch { limit: 1, ..anything() }, &[2]),
        (ServiceSearch { service: text("shop"), ..anything() }, &[2, 1]),
        (ServiceSearch { service: text("MYSQL"), ..anything() }, &[1]),
        (ServiceSearch { service: text("other"), ..anything() }, &[]),
        (ServiceSearch { span_name: text("GET /CART"), ..anything() }, &[1]),
        (ServiceSearch { span_name: text("get (X)"), ..anything() }, &[1]),
        (ServiceSearch { span_name: text("get"), ..anything() }, &[]),
        (ServiceSearch { service: text("mysql"), span_name: text("query"), ..anything() }, &[]),
        (ServiceSearch { remote_service: text("mysql"), ..anything() }, &[1]),
        (ServiceSearch { remote_service: text("shop"), ..anything() }, &[]),
        (tags(&[("http.method", Some("GET"))]), &[1]),
        (tags(&[("http.method", None), ("ws", None)]), &[1]),
        (tags(&[("host.name", Some("web-1"))]), &[1]),
        (tags(&[("ws", Some("x"))]), &[]),
        (tags(&[("n", Some("5"))]), &[2]),
        (tags(&[("error", None)]), &[2]),
        (tags(&[("error", Some("no card"))]), &[2]),
        (tags(&[("error", Some("true"))]), &[]),
        (tags(&[("otel.status_code", None)]), &[2]),
        (tags(&[("otel.status_code", Some("ERROR"))]), &[2]),
        (tags(&[("http.method", None), ("only", None)]), &[1]),
        (ServiceSearch { service: text("shop"), ..tags(&[("only", None)]) }, &[]),
        (ServiceSearch { min_duration: micros(300), ..anything() }, &[1]),
        (
            ServiceSearch { min_duration: micros(7), max_duration: micros(50), ..anything() },
            &[2, 1],
        ),
        (
            ServiceSearch {
                service: text("shop"),
                min_duration: micros(7),
                max_duration: micros(50),
                ..anything()
            },
            &[2],
        ),
        (
            ServiceSearch {
                started: TimeRange { start: UnixNanos(0), end: UnixNanos(2_000_000_000) },
                ..anything()
            },
            &[1],
        ),
    ];
    for (search, expected) in cases {
        let found = search.find(&sources, &Budget::unlimited()).unwrap();
        let found: Vec<u128> = found.into_iter().map(TraceId::as_u128).collect();
        assert_eq!(found, expected, "{search:?}");
    }
}

#[test]
fn what_cannot_be_searched_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let shared = store(dir.path());
    let sources = shared.at(UnixNanos(3_000_000_000));
    let long = Some("x".repeat(1_025));
    for (search, reason) in [
        (ServiceSearch { limit: 0, ..anything() }, "limit: 0 is not between 1 and 1000"),
        (ServiceSearch { limit: 1_001, ..anything() }, "limit: 1001 is not"),
        (tags(&[("a", None); 33]), "annotationQuery: 33 conditions are more than 32"),
        (tags(&[("w3c.tracestate", None)]), "the tag `w3c.tracestate`"),
        (ServiceSearch { span_name: long.clone(), ..anything() }, "spanName: 1025 bytes"),
        (ServiceSearch { remote_service: long, ..anything() }, "remoteServiceName: 1025 bytes"),
    ] {
        let error = search.find(&sources, &Budget::unlimited()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn names_are_those_of_every_case_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let shared = store(dir.path());
    let sources = shared.at(UnixNanos(3_000_000_000));
    let budget = Budget::unlimited();
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    let spans = |service| list(span_names(service, TimeRange::ALL, &sources, &budget).unwrap());
    assert_eq!(spans("SHOP"), "get /cart, get /pay, query");
    assert_eq!(spans("other"), "");
    let remote =
        |service| list(remote_services(service, TimeRange::ALL, &sources, &budget).unwrap());
    assert_eq!((remote("shop").as_str(), remote("mysql").as_str()), ("MySQL", ""));
}
