//! Changes that the requests of no service show: messages that wait in a queue.

use coral_trace::{Attributes, Span, SpanId, SpanKind, UnixNanos};

use super::coverage::NOW;
use super::shop::{ask, request, sources};
use crate::ServicesQuestion;
use crate::answer::{CauseKind, Health, Services};

const MS: u64 = 1_000_000;
const MINUTE_US: i64 = 60_000_000;

/// An order `secs` before noon: the shop publishes a message, which the mailer processes after
/// `wait` milliseconds.
fn order(number: u64, secs: u64, wait: u64) -> [Span; 3] {
    let id = number * 3 + 1;
    let queue: Attributes =
        [("messaging.system", "kafka"), ("messaging.destination.name", "orders")]
            .into_iter()
            .collect();
    let root = request(id, "shop", "/order", secs, 20);
    let inside = |id: u64, service: &str, kind, parent: u64, (from, until): (u64, u64)| {
        let jitter = (number % 7) * MS / 4;
        Span {
            trace_id: root.trace_id,
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: Some(SpanId::try_from(parent).unwrap()),
            kind,
            start: UnixNanos(root.start.0 + from * MS + jitter),
            end: UnixNanos(root.start.0 + until * MS + jitter),
            attributes: queue.clone(),
            ..request(id, service, "/order", secs, 0)
        }
    };
    let published = inside(id + 1, "shop", SpanKind::Producer, id, (5, 7));
    let sent = inside(id + 2, "mailer", SpanKind::Consumer, id + 1, (7 + wait, 37 + wait));
    [root, published, sent]
}

/// An order each ten seconds of the last two hours; those of the last ten minutes wait for seconds, if
/// `is_late`. They wait for different times: a constant one looks like a clock that is off.
fn services(is_late: bool) -> Services {
    let orders = (0..720).flat_map(|number| {
        let secs = 7_200 - number * 10;
        let wait = if is_late && secs <= 600 { 2_000 + number % 8 * 500 } else { 15 + number % 5 };
        order(number, secs, wait)
    });
    let (_dir, sources) = sources(orders.collect());
    ask(
        &sources,
        &ServicesQuestion {
            service: None,
            since_unix_us: NOW - 15 * MINUTE_US,
            until_unix_us: NOW,
            baseline_us: 60 * MINUTE_US,
            find_beginning: true,
            points: 0,
        },
    )
}

#[test]
fn messages_that_wait_are_a_cause_although_the_requests_of_all_services_are_well() {
    let found = services(true);
    assert!(found.services.iter().all(|of| of.health == Health::Well), "{:?}", found.services);
    let cause = found.cause.expect("a cause");
    assert_eq!((cause.service.as_str(), cause.kind), ("mailer", CauseKind::Queue));
    let began = found.began.expect("a beginning").as_micros();
    assert!((began - (NOW - 10 * MINUTE_US)).abs() <= 2 * MINUTE_US);
}

#[test]
fn there_is_no_cause_where_nothing_changed() {
    let found = services(false);
    assert_eq!(found.cause, None);
    assert!(found.services.iter().all(|of| of.health == Health::Well), "{:?}", found.services);
}
