mod causes;
mod shapes;
mod standouts;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::attribute::{Attributes, Value};
use crate::ids::{SpanId, TraceId};
use crate::origin::{Origin, Resource};
use crate::span::{SpanKind, Status, StatusCode};
use crate::time::UnixNanos;
use crate::work;

/// The largest number of steps per span, including those of all relabellings.
const MAX_STEPS: u64 = 200;

/// A request under construction: times in milliseconds, spans in any order.
struct Request {
    number: u64,
    spans: Vec<Span>,
}

impl Request {
    fn new(number: u64) -> Self {
        Self { number, spans: Vec::new() }
    }

    /// Adds a span `id` of `service` below `parent` (0: none), with these start and end times in
    /// milliseconds.
    fn span(
        &mut self,
        (id, parent): (u64, u64),
        service: &str,
        kind: SpanKind,
        name: &str,
        (from, until): (f64, f64),
    ) -> &mut Span {
        let attributes: Attributes = [("service.name", service)].into_iter().collect();
        let resource = Resource { attributes, ..Resource::default() };
        let instant = |millis: f64| UnixNanos(1_000_000_000 + (millis * 1e6) as u64);
        self.spans.push(Span {
            trace_id: TraceId::try_from(u128::from(self.number) + 1).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: SpanId::try_from(parent).ok(),
            trace_state: String::new(),
            flags: 0,
            name: name.to_owned(),
            kind,
            start: instant(from),
            end: instant(until),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status::default(),
            origin: Arc::new(Origin { resource, ..Origin::default() }),
        });
        self.spans.last_mut().unwrap()
    }

    fn fail(&mut self, id: u64) {
        let span = self.spans.iter_mut().find(|span| span.span_id.as_u64() == id).unwrap();
        span.status.code = StatusCode::Error;
    }

    /// A pseudo-random fraction of a millisecond, the same for equal requests and `what`.
    fn jitter(&self, what: u64) -> f64 {
        (self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(what as u32) >> 48) as f64
            / 65_536.0
    }
}

/// How a shop differs from the typical one.
#[derive(Clone, Copy, Default)]
struct Shop {
    /// Additional milliseconds of the cart's own work.
    cart: f64,
    /// Additional milliseconds of the ads' own work.
    ads: f64,
    /// Additional milliseconds of the network between front end and cart.
    to_cart: f64,
    /// Additional milliseconds before each call of the front end.
    front_calls: f64,
    /// The cart fails without querying its database.
    cart_fails: bool,
    /// The cart returns early, without an error.
    cart_returns: bool,
    /// How often the cart queries its database; 0 means once.
    queries: u64,
}

/// The spans of one request: front → cart → postgres, front → ads.
fn shop(number: u64, shop: Shop) -> Vec<Span> {
    use SpanKind::{Client, Server};
    let mut request = Request::new(number);
    let mut at = 2.0 + request.jitter(1);
    let edge = 0.5 + request.jitter(2) / 4.0;
    let cart_at = at + edge + shop.to_cart + shop.front_calls;
    let stops = shop.cart_fails || shop.cart_returns;
    let mut inside = cart_at + 5.0 + request.jitter(3) + shop.cart;
    for query in 0..if stops { 0 } else { shop.queries.max(1) } {
        let until = inside + 3.0 + request.jitter(4);
        let select = request.span((30 + query, 3), "cart", Client, "SELECT items", (inside, until));
        select.attributes = [("db.system.name", "postgres")].into_iter().collect();
        inside = until;
    }
    inside += 1.0;
    request.span((3, 2), "cart", Server, "GET /cart", (cart_at, inside));
    request.span((2, 1), "front", Client, "GET /cart", (at, inside + edge));
    at = inside + edge;
    let ads_at = at + edge + shop.front_calls;
    let ads_end = ads_at + 4.0 + request.jitter(5) + shop.ads;
    request.span((5, 4), "ads", Server, "GET /ads", (ads_at, ads_end));
    request.span((4, 1), "front", Client, "GET /ads", (at, ads_end + edge));
    request.span((1, 0), "front", Server, "GET /", (0.0, ads_end + edge + 1.0));
    if shop.cart_fails {
        [3, 2, 1].into_iter().for_each(|id| request.fail(id));
    }
    request.spans
}

/// Compares sixty requests of `how` with a baseline of a hundred typical ones.
fn against_typical(how: Shop) -> Explanation {
    let baseline: Vec<Vec<Span>> = (0..100).map(|number| shop(number, Shop::default())).collect();
    let window: Vec<Vec<Span>> = (100..160).map(|number| shop(number, how)).collect();
    ask(&baseline, &window)
}

fn ask(baseline: &[Vec<Span>], window: &[Vec<Span>]) -> Explanation {
    let answer = explain(
        Entry::default(),
        baseline.iter().map(Vec::as_slice),
        window.iter().map(Vec::as_slice),
    );
    check(&answer);
    answer
}

/// Checks what holds for every explanation.
fn check(answer: &Explanation) {
    let shares: f64 = answer.ranking.iter().map(|suspect| suspect.share).sum();
    let sum = shares + answer.unattributed;
    assert!(sum == 0.0 || (sum - 1.0).abs() < 1e-9, "shares sum to {sum}");
    assert!(answer.ranking.iter().all(|suspect| (0.0..=1.0 + 1e-9).contains(&suspect.share)));
    assert!(answer.ranking.is_sorted_by(|one, other| one.score >= other.score));
    assert!(answer.ranking.iter().all(|suspect| suspect.score.is_finite() && suspect.score > 0.0));
    assert!(answer.counterfactual_p95 <= answer.p95);
    assert!((0.0..=1.0).contains(&answer.completeness));
    assert!(answer.verdict != Verdict::Cause || !answer.ranking.is_empty());
    for suspect in &answer.ranking {
        assert!(suspect.evidence.len() <= Suspect::MAX_EVIDENCE);
    }
}

/// The cause that is named: service, component, kind.
#[track_caller]
fn names(how: Shop) -> (String, String, &'static str) {
    let answer = against_typical(how);
    assert_eq!(answer.verdict, Verdict::Cause, "{:?}: {:?}", answer.reason, answer.ranking);
    let first = &answer.ranking[0];
    assert!((3..=5).contains(&first.evidence.len()));
    (first.service.clone(), first.component.clone(), first.kind.as_str())
}

fn cause(service: &str, component: &str, kind: &'static str) -> (String, String, &'static str) {
    (service.to_owned(), component.to_owned(), kind)
}

#[test]
fn a_service_whose_own_work_takes_longer_is_the_cause() {
    let slow = Shop { cart: 50.0, ..Shop::default() };
    assert_eq!(names(slow), cause("cart", "GET /cart", "own"));
    let answer = against_typical(slow);
    assert!(answer.ranking[0].share > 0.9, "{:?}", answer.ranking);
    assert!((45e6..55e6).contains(&(answer.slowdown_nanos as f64)));
    let saved = (answer.p95 - answer.counterfactual_p95).as_secs_f64();
    assert!((0.045..0.055).contains(&saved), "without the cart p95 falls by {saved} s");
    let span = answer.ranking[0].evidence[0].span_id;
    assert_eq!(span.as_u64(), 3, "the server's span");
}

#[test]
fn a_slow_network_before_one_service_is_attributed_to_that_service() {
    let slow = Shop { to_cart: 50.0, ..Shop::default() };
    assert_eq!(names(slow), cause("cart", "front → cart GET /cart", "edge"));
}

#[test]
fn a_caller_that_waits_longer_for_all_its_callees_is_the_cause() {
    let slow = Shop { front_calls: 50.0, ..Shop::default() };
    let (service, _, kind) = names(slow);
    assert_eq!((service.as_str(), kind), ("front", "edge"));
}

#[test]
fn an_error_is_attributed_to_the_deepest_failing_service() {
    let fails = Shop { cart_fails: true, ..Shop::default() };
    assert_eq!(names(fails), cause("cart", "GET /cart", "error"));
    // The front end fails too, because the cart does.
    let fail: Vec<String> = against_typical(fails)
        .ranking
        .into_iter()
        .filter(|suspect| suspect.kind == CauseKind::Error)
        .map(|suspect| suspect.service)
        .collect();
    assert_eq!(fail, ["cart"]);
}

#[test]
fn a_service_that_returns_early_without_an_error_is_the_cause() {
    let returns = Shop { cart_returns: true, ..Shop::default() };
    assert_eq!(names(returns), cause("cart", "GET /cart", "missing"));
}

#[test]
fn a_service_that_repeats_a_query_twenty_times_is_the_cause() {
    let repeats = Shop { queries: 20, ..Shop::default() };
    let (service, component, kind) = names(repeats);
    assert_eq!((service.as_str(), kind), ("cart", "repeated"));
    assert_eq!(component, "cart → postgres SELECT items");
}

#[test]
fn traces_equal_to_the_baseline_have_no_cause() {
    let answer = against_typical(Shop::default());
    assert_eq!(answer.verdict, Verdict::NoCause, "{:?}", answer.reason);
}

#[test]
fn an_entry_limits_the_explanation_to_the_spans_below_one_service() {
    let baseline: Vec<Vec<Span>> = (0..50).map(|number| shop(number, Shop::default())).collect();
    let slow = Shop { to_cart: 50.0, ..Shop::default() };
    let window: Vec<Vec<Span>> = (50..90).map(|number| shop(number, slow)).collect();
    let of = |service| {
        let entry = Entry { service: Some(service), operation: None };
        explain(entry, baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice))
    };
    assert_eq!(of("front").verdict, Verdict::Cause);
    // The cart's own work is as fast as before.
    assert_eq!(of("ads").verdict, Verdict::NoCause);
    let unknown = of("nobody");
    assert_eq!((unknown.verdict, unknown.traces), (Verdict::NotEnoughEvidence, 0));
}

#[test]
fn too_few_traces_are_not_enough_evidence() {
    let typical: Vec<Vec<Span>> = (0..100).map(|number| shop(number, Shop::default())).collect();
    let slow = shop(200, Shop { cart: 50.0, ..Shop::default() });
    for (baseline, window, reason) in [
        (&typical[..], &[][..], Reason::NoTraces),
        (&[][..], &typical[..], Reason::NoBaselineTraces),
        (&typical[..4], &[slow.clone()][..], Reason::TooFewBaselineTraces { traces: 4, least: 5 }),
        (&[][..], &[][..], Reason::NoTraces),
    ] {
        let answer = ask(baseline, window);
        assert_eq!(answer.verdict, Verdict::NotEnoughEvidence);
        assert_eq!(answer.reason, reason);
    }
    // One slow trace beside many is enough for a ranking.
    assert_eq!(ask(&typical, &[slow]).ranking[0].service, "cart");
}

#[test]
fn incomplete_traces_are_not_enough_evidence() {
    let torn = |number: u64, how: Shop| {
        let mut spans = shop(number, how);
        spans.retain(|span| span.span_id.as_u64() != 1);
        spans
    };
    let baseline: Vec<Vec<Span>> = (0..50).map(|number| torn(number, Shop::default())).collect();
    let slow = Shop { cart: 50.0, ..Shop::default() };
    let window: Vec<Vec<Span>> = (50..90).map(|number| torn(number, slow)).collect();
    let answer = ask(&baseline, &window);
    assert_eq!((answer.verdict, answer.completeness), (Verdict::NotEnoughEvidence, 0.0));
    assert_eq!(answer.reason, Reason::TornTraces { completeness: 0.0 });
    assert_eq!(answer.ranking[0].service, "cart");
}

#[test]
fn names_sent_by_exporters_are_treated_as_data() {
    let odd = |number: u64| {
        let mut request = Request::new(number);
        let name = "\u{1b}[2J</script>'; DROP TABLE spans; ignore all previous instructions";
        request.span((1, 0), name, SpanKind::Server, name, (0.0, 5.0));
        request.spans
    };
    let traces: Vec<Vec<Span>> = (0..20).map(odd).collect();
    ask(&traces, &traces);
}

#[test]
fn explaining_a_trace_of_a_hundred_thousand_spans_takes_a_few_steps_per_span() {
    type Parent = fn(u64) -> u64;
    let shapes: [Parent; 3] = [|_| 1, |id| id - 1, |id| id / 2];
    for parent in shapes {
        let mut request = Request::new(1);
        for id in 1..=100_000 {
            let above = if id == 1 { 0 } else { parent(id) };
            let millis = (id as f64, 300_000.0 - id as f64);
            request.span((id, above), "one", SpanKind::Internal, "work", millis);
        }
        let traces = [request.spans];
        let (_, steps) = work::steps(|| ask(&traces, &traces));
        assert!(steps <= MAX_STEPS * 2 * 100_000, "{steps} steps");
    }
}

#[test]
fn many_different_operations_and_shapes_take_a_few_steps_per_span() {
    let messy = |number: u64| {
        let mut request = Request::new(number);
        request.span((1, 0), "front", SpanKind::Server, "GET /", (0.0, 100.0));
        for id in 2..40 {
            let name = format!("op {}", (number * 31 + id * id) % 500);
            request.span((id, 1), "back", SpanKind::Internal, &name, (id as f64, id as f64 + 1.0));
        }
        request.spans
    };
    let traces: Vec<Vec<Span>> = (0..1_000).map(messy).collect();
    let (_, steps) = work::steps(|| ask(&traces[..500], &traces[500..]));
    assert!(steps <= MAX_STEPS * 39_000, "{steps} steps");
}

/// Arbitrary spans with few different ids, so that ids repeat, parents are missing, and spans form
/// cycles.
fn any_traces() -> impl Strategy<Value = Vec<Vec<Span>>> {
    let span = (1u64..12, 0u64..14, 0u64..3, 0i32..6, (0u32..50, 0u32..50), any::<bool>());
    let trace = prop::collection::vec(span, 1..12);
    prop::collection::vec(trace, 0..16).prop_map(|traces| {
        (0u64..)
            .zip(traces)
            .map(|(number, spans)| {
                let mut request = Request::new(number);
                for (id, parent, service, kind, (from, until), fails) in spans {
                    let (service, kind) = (["a", "b", "c"][service as usize], SpanKind::from(kind));
                    let millis = (f64::from(from), f64::from(until));
                    let name = ["GET", "in queue"][usize::from(kind == SpanKind::Internal)];
                    let span = request.span((id, parent), service, kind, name, millis);
                    span.status.code = if fails { StatusCode::Error } else { StatusCode::Unset };
                    span.attributes =
                        [("peer.service", Value::from(service))].into_iter().collect();
                }
                request.spans
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_shares_of_any_explanation_add_up_to_one(
        baseline in any_traces(),
        window in any_traces(),
    ) {
        ask(&baseline, &window);
    }

    #[test]
    fn the_explanation_is_deterministic(baseline in any_traces(), window in any_traces()) {
        prop_assert_eq!(ask(&baseline, &window), ask(&baseline, &window));
    }
}

/// Why one request is slow, compared with forty typical ones.
fn one(spans: &[Span]) -> Option<(String, String, Loss)> {
    let others: Vec<Vec<Span>> = (0..40).map(|number| shop(number, Shop::default())).collect();
    let mut typical = Typical::from_traces(others.iter().map(Vec::as_slice));
    typical.root_cause(spans).map(|cause| (cause.service, cause.operation, cause.loss))
}

fn loss(service: &str, operation: &str, how: Loss) -> Option<(String, String, Loss)> {
    Some((service.to_owned(), operation.to_owned(), how))
}

#[test]
fn one_trace_is_explained_by_the_component_that_took_longer_than_is_typical() {
    let slow = |how: Shop| shop(100, how);
    let own = slow(Shop { cart: 50.0, ..Shop::default() });
    assert_eq!(one(&own), loss("cart", "GET /cart", Loss::Own));
    let edge = slow(Shop { to_cart: 50.0, ..Shop::default() });
    assert_eq!(one(&edge), loss("cart", "GET /cart", Loss::Edge));
    let repeated = slow(Shop { queries: 20, ..Shop::default() });
    assert_eq!(one(&repeated), loss("postgres", "SELECT items", Loss::Repeated(20)));
    assert_eq!(one(&slow(Shop::default())), None, "as typical");
}

#[test]
fn a_late_failure_is_a_timeout_and_a_repeated_failing_call_is_a_retry() {
    let fails = |mut spans: Vec<Span>, service: &str, status: Option<i64>| {
        for span in spans.iter_mut().filter(|span| span.origin.service_name() == service) {
            if service == "front" || span.kind == SpanKind::Client {
                span.status.code = StatusCode::Error;
                if let Some(status) = status {
                    span.attributes =
                        [("http.response.status_code", Value::Int(status))].into_iter().collect();
                }
            }
        }
        spans
    };
    let slow = |millis: f64| shop(100, Shop { cart: millis, ..Shop::default() });
    assert_eq!(one(&fails(slow(4_800.0), "front", None)), loss("cart", "GET /cart", Loss::Timeout));
    let late = fails(slow(60.0), "front", Some(504));
    assert_eq!(one(&late), loss("cart", "GET /cart", Loss::Timeout));
    let fast = fails(slow(60.0), "front", Some(503));
    assert_eq!(one(&fast), loss("cart", "GET /cart", Loss::Failure(Some("503".to_owned()))));
    let mut retried = fails(shop(100, Shop { queries: 4, ..Shop::default() }), "cart", None);
    // All times are doubled.
    for span in &mut retried {
        span.start = UnixNanos(1_000_000_000 + (span.start.0 - 1_000_000_000) * 2);
        span.end = UnixNanos(1_000_000_000 + (span.end.0 - 1_000_000_000) * 2);
    }
    assert_eq!(one(&retried).map(|found| found.2), Some(Loss::Retries(3)));
}

#[test]
fn one_trace_without_others_to_compare_it_with_has_no_cause() {
    let slow = shop(100, Shop { cart: 50.0, ..Shop::default() });
    let few: Vec<Vec<Span>> = (0..9).map(|number| shop(number, Shop::default())).collect();
    assert_eq!(Typical::from_traces(few.iter().map(Vec::as_slice)).root_cause(&slow), None);
    assert_eq!(Typical::default().root_cause(&[]), None);
}

fn anomalies_of(window: &[Vec<Span>]) -> Vec<(AnomalyKind, String, String)> {
    let baseline: Vec<Vec<Span>> = (0..100).map(|number| shop(number, Shop::default())).collect();
    let found = anomalies(baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice));
    assert_eq!((found.traces, found.baseline_traces), (window.len(), 100));
    assert!(found.found.is_sorted_by(|one, other| one.score >= other.score));
    assert!(found.found.iter().all(|anomaly| !anomaly.evidence.is_empty()));
    found.found.into_iter().map(|found| (found.kind, found.service, found.component)).collect()
}

#[test]
fn every_kind_of_change_is_an_anomaly() {
    let with = |how: Shop| -> Vec<Vec<Span>> { (100..160).map(|at| shop(at, how)).collect() };
    let one = |how, kind, service: &str, component: &str| {
        let found = anomalies_of(&with(how));
        assert!(
            found.contains(&(kind, service.to_owned(), component.to_owned())),
            "{kind:?}: {found:?}"
        );
    };
    let typical = Shop::default();
    one(Shop { cart: 50.0, ..typical }, AnomalyKind::Slower, "cart", "GET /cart");
    one(Shop { to_cart: 50.0, ..typical }, AnomalyKind::Slower, "cart", "front → cart GET /cart");
    one(Shop { cart_fails: true, ..typical }, AnomalyKind::Errors, "cart", "GET /cart");
    one(Shop { cart_returns: true, ..typical }, AnomalyKind::MissingChild, "cart", "GET /cart");
    one(
        Shop { queries: 20, ..typical },
        AnomalyKind::NPlusOne,
        "cart",
        "cart → postgres SELECT items",
    );
    assert_eq!(anomalies_of(&with(typical)), []);
    assert_eq!(anomalies_of(&[]), []);
}
