//! Which causes are named, how many, and when none is.

use super::*;

#[test]
fn two_services_that_became_slow_are_two_causes() {
    let both = Shop { cart: 50.0, ads: 40.0, ..Shop::default() };
    let answer = against_typical(both);
    assert_eq!(answer.ranking[0].service, "ads");
    let further: Vec<_> = answer.further_causes.iter().map(|cause| &*cause.service).collect();
    assert_eq!(further, ["cart"]);
    assert_eq!(against_typical(Shop { cart: 50.0, ..Shop::default() }).further_causes, []);
}

#[test]
fn a_cause_is_named_once_however_many_follow() {
    // The cart repeats its queries, and a little later the ads are slow: after both are
    // subtracted, nothing is left.
    let both = Shop { queries: 40, ads: 60.0, ..Shop::default() };
    let answer = against_typical(both);
    let mut named = vec![&*answer.ranking[0].service];
    named.extend(answer.further_causes.iter().map(|cause| &*cause.service));
    named.sort_unstable();
    assert_eq!(named, ["ads", "cart"]);
}

#[test]
fn what_happens_in_some_minutes_of_the_baseline_too_is_reached_by_chance() {
    // Ten requests a minute for an hour; in every fifth minute the cart is slow.
    let minute = |minute: u64, cart: f64| -> Vec<Vec<Span>> {
        let request = |number: u64| {
            let mut spans = shop(minute * 10 + number, Shop { cart, ..Shop::default() });
            for span in &mut spans {
                let later = (minute * 60 + number) * 1_000_000_000;
                span.start = UnixNanos(span.start.0 + later);
                span.end = UnixNanos(span.end.0 + later);
            }
            spans
        };
        (0..10).map(request).collect()
    };
    let slow = |every: u64| -> Vec<Vec<Span>> {
        (0..60)
            .flat_map(|at| minute(at, if at % every == every - 1 { 50.0 } else { 0.0 }))
            .collect()
    };
    let window = minute(60, 50.0);
    let answer = ask(&slow(5), &window);
    assert!(matches!(answer.reason, Reason::ReachedByChance { .. }), "{:?}", answer.reason);
    // In a baseline without slow minutes, the same window has a cause.
    assert_eq!(ask(&slow(100), &window).verdict, Verdict::Cause);
}

/// A request to `caller`, which calls `stock` and, unless it stops there, `bank`.
fn order(number: u64, caller: &str, stops: bool) -> Vec<Span> {
    use SpanKind::{Client, Server};
    let mut request = Request::new(number);
    let end = if stops { 12.0 } else { 22.0 } + request.jitter(1);
    request.span((1, 0), caller, Server, "POST /order", (0.0, end));
    request.span((2, 1), caller, Client, "GET /stock", (1.0, 11.0));
    request.span((3, 2), "stock", Server, "GET /stock", (2.0, 10.0));
    if !stops {
        request.span((4, 1), caller, Client, "POST /pay", (12.0, 21.0));
        request.span((5, 4), "bank", Server, "POST /pay", (13.0, 20.0));
    }
    request.spans
}

#[test]
fn the_service_after_which_two_callers_stop_is_more_suspicious_than_the_callers() {
    let orders = |numbers: std::ops::Range<u64>, stops: bool| -> Vec<Vec<Span>> {
        let caller = |number| if number % 2 == 0 { "web" } else { "app" };
        numbers.map(|number| order(number, caller(number), stops && number % 3 == 0)).collect()
    };
    let answer = ask(&orders(0..100, false), &orders(100..160, true));
    assert_eq!(
        (&*answer.ranking[0].service, answer.ranking[0].kind),
        ("stock", CauseKind::Missing)
    );
    // Of one caller that stops, the caller is.
    let one = |numbers: std::ops::Range<u64>, stops: bool| -> Vec<Vec<Span>> {
        numbers.map(|number| order(number, "web", stops && number % 3 == 0)).collect()
    };
    assert_eq!(ask(&one(0..100, false), &one(100..160, true)).ranking[0].service, "web");
}

#[test]
fn both_ends_of_a_slow_call_are_named_where_nothing_tells_them_apart() {
    let call = |number: u64, network: f64| {
        use SpanKind::{Client, Server};
        let mut request = Request::new(number);
        let at = 3.0 + network + request.jitter(1);
        request.span((3, 2), "back", Server, "GET /b", (at, at + 5.0));
        request.span((2, 1), "front", Client, "GET /b", (1.0, at + 5.5));
        request.span((1, 0), "front", Server, "GET /", (0.0, at + 6.5));
        request.spans
    };
    let calls = |numbers: std::ops::Range<u64>, network| -> Vec<Vec<Span>> {
        numbers.map(|number| call(number, network)).collect()
    };
    let answer = ask(&calls(0..100, 0.0), &calls(100..160, 50.0));
    let ends = (&*answer.ranking[0].service, answer.ranking[0].or.as_deref());
    assert_eq!(ends, ("back", Some("front")));
    // The front end's other calls are as fast as before, so it is not to blame.
    let told_apart = against_typical(Shop { to_cart: 50.0, ..Shop::default() });
    assert_eq!((&*told_apart.ranking[0].service, &told_apart.ranking[0].or), ("cart", &None));
}

/// A request that begins at `at` milliseconds and publishes a message, and its `consumers`, which do
/// not delay the response. They start up to `lag` milliseconds after the message is published, and
/// `off` is by how many milliseconds their clock is fast.
fn published(number: u64, at: f64, consumers: &[&str], (lag, off): (f64, f64)) -> Vec<Span> {
    use SpanKind::{Consumer, Producer, Server};
    let mut request = Request::new(number);
    request.span((1, 0), "shop", Server, "POST /order", (at, at + 5.0 + request.jitter(1)));
    request.span((2, 1), "shop", Producer, "orders publish", (at + 1.0, at + 2.0));
    for (id, consumer) in (3..).zip(consumers) {
        let start = at + 4.0 + off + lag * request.jitter(id + 9) + request.jitter(id);
        request.span((id, 2), consumer, Consumer, "orders process", (start, start + 8.0));
    }
    request.spans
}

#[test]
fn messages_that_wait_longer_for_a_consumer_are_time_of_its_queue() {
    for consumers in [&["mailer"][..], &["mailer", "ledger"][..]] {
        let orders = |numbers: std::ops::Range<u64>, lag| -> Vec<Vec<Span>> {
            numbers.map(|number| published(number, 0.0, consumers, (lag, 0.0))).collect()
        };
        let answer = ask(&orders(0..100, 0.0), &orders(100..160, 3_000.0));
        let first = &answer.ranking[0];
        assert_eq!((answer.verdict, first.kind), (Verdict::Cause, CauseKind::Queue), "{answer:?}");
        assert!(consumers.contains(&&*first.service), "{consumers:?}: {}", first.service);
    }
}

#[test]
fn a_clock_of_the_consumer_that_is_fast_is_no_queue() {
    // One message each 100 ms for six seconds, or all of them at once.
    for (apart, expected) in [(100.0, (Verdict::NoCause, 60)), (0.0, (Verdict::Cause, 0))] {
        let orders = |numbers: std::ops::Range<u64>, off| -> Vec<Vec<Span>> {
            let order = |number| published(number, number as f64 * apart, &["mailer"], (0.0, off));
            numbers.map(order).collect()
        };
        let answer = ask(&orders(0..100, 0.0), &orders(100..160, 3_000.0));
        assert_eq!((answer.verdict, answer.adjusted), expected, "{answer:?}");
    }
}

#[test]
fn a_few_calls_that_end_early_are_not_enough_evidence() {
    let orders = |numbers: std::ops::Range<u64>, stops: u64| -> Vec<Vec<Span>> {
        let first = numbers.start;
        numbers.map(|number| order(number, "web", number - first < stops)).collect()
    };
    let baseline = orders(0..100, 0);
    let reason = |stops| ask(&baseline, &orders(100..120, stops)).reason;
    assert_eq!(reason(14), Reason::FewCalls { calls: 14, least: 15 });
    assert_eq!(reason(15).verdict(), Verdict::Cause);
}

#[test]
fn traces_without_the_suspect_do_not_hide_that_it_became_slower() {
    let other = |number: u64, millis: f64| {
        let mut request = Request::new(number);
        request.span((1, 0), "batch", SpanKind::Server, "POST /import", (0.0, millis));
        request.spans
    };
    let cohort = |numbers: std::ops::Range<u64>, cart: f64, import: f64| -> Vec<Vec<Span>> {
        let request = |number: u64| match number % 3 {
            0 => shop(number, Shop { cart, ..Shop::default() }),
            _ => other(number, import + number as f64 % 7.0),
        };
        numbers.map(request).collect()
    };
    // Most traces are imports, which became faster by more than the cart became slower.
    let answer = ask(&cohort(0..150, 0.0, 900.0), &cohort(150..300, 50.0, 300.0));
    assert!(answer.slowdown_nanos < 0, "{}", answer.slowdown_nanos);
    assert_eq!((answer.verdict, &*answer.ranking[0].service), (Verdict::Cause, "cart"));
}

#[test]
fn the_slowdown_is_that_of_each_topmost_operation_and_not_of_their_mixture() {
    let request = |number: u64, name: &str, millis: f64| {
        let mut request = Request::new(number);
        request.span((1, 0), "shop", SpanKind::Server, name, (0.0, millis));
        request.spans
    };
    // The slow operation is called more often than before, and both are as fast as before.
    let mixed = |numbers: std::ops::Range<u64>, every: u64| -> Vec<Vec<Span>> {
        let one = |number| match number % every {
            0 => request(number, "GET /slow", 500.0),
            _ => request(number, "GET /fast", 5.0),
        };
        numbers.map(one).collect()
    };
    assert_eq!(ask(&mixed(0..100, 10), &mixed(100..200, 2)).slowdown_nanos, 0);
}

#[test]
fn an_only_fault_has_nearly_all_of_the_added_time() {
    // One of two instances is slow, and the other components are as noisy as before.
    let baseline = super::standouts::with_instances(0..100, None);
    let answer = ask(&baseline, &super::standouts::with_instances(100..160, Some(1)));
    assert_eq!(answer.ranking[0].service, "cart");
    assert!(answer.ranking[0].share >= 0.9, "{:?}", answer.ranking);
}

#[test]
fn databases_of_one_kind_are_told_apart_by_their_address() {
    let query = |number: u64, seats: f64| {
        let mut request = Request::new(number);
        let end = 20.0 + seats + request.jitter(1);
        for (id, address, at) in
            [(2, "pg-seats", (1.0, 6.0 + seats)), (3, "pg-orders", (7.0 + seats, end - 1.0))]
        {
            let span = request.span((id, 1), "shop", SpanKind::Client, "SELECT", at);
            let attributes = [("db.system.name", "postgresql"), ("server.address", address)];
            span.attributes = attributes.into_iter().collect();
        }
        request.span((1, 0), "shop", SpanKind::Server, "GET /", (0.0, end));
        request.spans
    };
    let cohort = |numbers: std::ops::Range<u64>, seats| -> Vec<Vec<Span>> {
        numbers.map(|number| query(number, seats)).collect()
    };
    let answer = ask(&cohort(0..100, 0.0), &cohort(100..160, 80.0));
    assert_eq!(answer.ranking[0].service, "postgresql pg-seats");
}

#[test]
fn a_caller_that_stops_because_its_call_fails_is_no_cause() {
    let pay = |number: u64, fails: bool| {
        use SpanKind::{Client, Server};
        let mut request = Request::new(number);
        let end = if fails { 12.0 } else { 22.0 } + request.jitter(1);
        request.span((1, 0), "front", Server, "GET /checkout", (0.0, end + 2.0));
        request.span((2, 1), "front", Client, "POST /pay", (0.5, end + 1.0));
        request.span((3, 2), "pay", Server, "POST /pay", (1.0, end));
        request.span((4, 3), "pay", Client, "Check", (2.0, 11.0));
        request.span((5, 4), "fraud", Server, "Check", (3.0, 10.0));
        if fails {
            (1..=5).for_each(|id| request.fail(id));
        } else {
            request.span((6, 3), "pay", Client, "POST /capture", (12.0, 21.0));
            request.span((7, 6), "bank", Server, "POST /capture", (13.0, 20.0));
        }
        request.spans
    };
    let requests = |numbers: std::ops::Range<u64>, fails: bool| -> Vec<Vec<Span>> {
        numbers.map(|number| pay(number, fails && number % 2 == 0)).collect()
    };
    let answer = ask(&requests(0..100, false), &requests(100..180, true));
    assert_eq!((&*answer.ranking[0].service, answer.ranking[0].kind), ("fraud", CauseKind::Error));
    assert_eq!(answer.verdict, Verdict::Cause);
    assert_eq!(answer.further_causes, []);
}
