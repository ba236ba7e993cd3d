//! What the slow or failing spans of a cause have in common.

use super::*;

/// Requests to two instances of the cart, of which the instance `bad` is slow.
pub(super) fn with_instances(numbers: std::ops::Range<u64>, bad: Option<u64>) -> Vec<Vec<Span>> {
    let request = |number: u64| {
        let instance = number % 2;
        let cart = if bad == Some(instance) { 50.0 } else { 0.0 };
        let mut spans = shop(number, Shop { cart, ..Shop::default() });
        for span in spans.iter_mut().filter(|span| span.origin.service_name() == "cart") {
            let mut origin = Origin::clone(&span.origin);
            let name = format!("cart-{instance}");
            let attributes =
                [("service.name", "cart"), ("host.name", &name), ("cloud.region", "eu")];
            origin.resource.attributes = attributes.into_iter().collect();
            span.origin = Arc::new(origin);
        }
        spans
    };
    numbers.map(request).collect()
}

#[test]
fn attribute_values_that_only_slow_spans_have_stand_out() {
    let baseline = with_instances(0..100, None);
    let window = with_instances(100..160, Some(1));
    let answer = ask(&baseline, &window);
    assert_eq!(answer.ranking[0].service, "cart");
    let standouts: Vec<_> =
        answer.standouts.iter().map(|found| (&*found.key, &*found.value)).collect();
    assert_eq!(standouts, [("host.name", "cart-1")]);
    let found = &answer.standouts[0];
    assert_eq!(found.affected, Rate { count: 30, of: 30 });
    assert!(found.explains);
    let times = found.times.as_ref().unwrap();
    assert!(times.with > 5 * times.without, "{times:?}");
    assert_eq!(times.other_value.as_deref(), Some("cart-0"));
    // All spans of the window are slow, so no attribute distinguishes the slow ones.
    let slow = |number| shop(number, Shop { cart: 50.0, ..Shop::default() });
    let all: Vec<Vec<Span>> = (100..160).map(slow).collect();
    assert_eq!(ask(&baseline, &all).standouts, []);
}

#[test]
fn values_of_different_spans_that_are_equally_frequent_are_not_joined() {
    // Every second slow span has the tenant `red`, the others have the flag `new-cart`.
    let tag = |traces: Vec<Vec<Span>>, is_window: bool| -> Vec<Vec<Span>> {
        let tagged = |(number, mut spans): (usize, Vec<Span>)| {
            for span in spans.iter_mut().filter(|span| span.origin.service_name() == "cart") {
                let tag = match (is_window, number / 2 % 2) {
                    (false, _) => ("tenant", "blue"),
                    (true, 0) => ("tenant", "red"),
                    (true, _) => ("flag", "new-cart"),
                };
                span.attributes = [tag].into_iter().collect();
            }
            spans
        };
        traces.into_iter().enumerate().map(tagged).collect()
    };
    let baseline = tag(with_instances(0..100, None), false);
    let window = tag(with_instances(100..160, Some(1)), true);
    let standouts = ask(&baseline, &window).standouts;
    let all: Vec<_> = standouts.iter().map(|found| (&*found.key, found.also.len())).collect();
    assert!(all.contains(&("tenant", 0)) && all.contains(&("flag", 0)), "{all:?}");
}

/// Like [`with_instances`], but requests to the instance `bad` fail instead.
fn failing_instances(numbers: std::ops::Range<u64>, bad: Option<u64>) -> Vec<Vec<Span>> {
    let mut traces = with_instances(numbers, None);
    for spans in &mut traces {
        let host = format!("cart-{}", bad.unwrap_or(u64::MAX));
        let is_bad = |span: &Span| span.origin.resource.attributes.text("host.name") == Some(&host);
        if !spans.iter().any(is_bad) {
            continue;
        }
        for span in spans.iter_mut().filter(|span| [1, 2, 3].contains(&span.span_id.as_u64())) {
            span.status.code = StatusCode::Error;
            span.attributes = [("http.response.status_code", "503")].into_iter().collect();
        }
    }
    traces
}

#[test]
fn an_error_on_one_host_is_explained_by_the_host_and_not_by_its_status() {
    let answer = ask(&failing_instances(0..100, None), &failing_instances(100..160, Some(1)));
    let first = &answer.ranking[0];
    assert_eq!(
        (answer.verdict, &*first.service, first.kind),
        (Verdict::Cause, "cart", CauseKind::Error)
    );
    let rates =
        Difference::Rate { before: Rate { count: 0, of: 100 }, now: Rate { count: 30, of: 60 } };
    assert_eq!(first.difference, rates);
    let found: Vec<_> =
        answer.standouts.iter().map(|found| (&*found.key, &*found.value, found.explains)).collect();
    assert_eq!(found, [("host.name", "cart-1", true), ("http.response.status_code", "503", false)]);
}
