//! Requests that are difficult to explain: new calls, parallel calls, clocks that disagree, and
//! services without spans.

use SpanKind::{Client, Server};

use super::*;

/// Compares a hundred requests made by `now` with a hundred typical ones.
fn compare(typical: impl Fn(&mut Request), now: impl Fn(&mut Request)) -> Explanation {
    compare_of(Entry::default(), 100, typical, now)
}

fn compare_of(
    entry: Entry<'_>,
    of: u64,
    typical: impl Fn(&mut Request),
    now: impl Fn(&mut Request),
) -> Explanation {
    let requests = |range: std::ops::Range<u64>, how: &dyn Fn(&mut Request)| {
        let request = |number| {
            let mut request = Request::new(number);
            how(&mut request);
            request.spans
        };
        range.map(request).collect::<Vec<Vec<Span>>>()
    };
    let (baseline, window) = (requests(0..of, &typical), requests(of..2 * of, &now));
    let (before, after) = (baseline.iter().map(Vec::as_slice), window.iter().map(Vec::as_slice));
    let answer = explain(entry, before, after);
    check(&answer);
    answer
}

#[track_caller]
fn cause_of(answer: &Explanation) -> (&str, &str, &'static str) {
    assert_eq!(answer.verdict, Verdict::Cause, "{:?}: {:?}", answer.reason, answer.ranking);
    let first = &answer.ranking[0];
    (&first.service, &first.component, first.kind.as_str())
}

/// The P95 of the window, and the counterfactual P95, in milliseconds.
fn p95s(answer: &Explanation) -> (f64, f64) {
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    (millis(answer.p95), millis(answer.counterfactual_p95))
}

/// A request shop → mysql of `query` ms, and shop → fraud of `check` ms unless `check` is zero.
fn order(request: &mut Request, query: f64, check: f64) {
    let query = 5.0 + query + request.jitter(1);
    let select = request.span((2, 1), "shop", Client, "SELECT items", (5.0, query));
    select.attributes = [("db.system.name", "mysql")].into_iter().collect();
    let end = query + 1.0 + check + request.jitter(2);
    if check > 0.0 {
        request.span((3, 1), "shop", Client, "POST /check", (query + 1.0, end));
        request.span((4, 3), "fraud", Server, "POST /check", (query + 1.5, end - 0.5));
    }
    request.span((1, 0), "shop", Server, "POST /order", (0.0, end + 2.0));
}

#[test]
fn a_new_call_is_the_cause_with_all_of_its_time() {
    let answer = compare(|r| order(r, 10.0, 0.0), |r| order(r, 10.0, 500.0));
    assert_eq!(cause_of(&answer), ("shop", "shop → fraud POST /check", "new"));
    assert!(answer.ranking[0].share > 0.95, "{:?}", answer.ranking);
    let (now, without) = p95s(&answer);
    assert!(now > 500.0 && without < 30.0, "{now} → {without}");
}

#[test]
fn a_slower_query_beside_a_new_call_gets_only_its_own_share() {
    let answer = compare(|r| order(r, 20.0, 0.0), |r| order(r, 60.0, 500.0));
    assert_eq!(cause_of(&answer).2, "new");
    let mysql = answer.ranking.iter().find(|suspect| suspect.service == "mysql").unwrap();
    assert!((0.05..0.12).contains(&mysql.share), "{:?}", answer.ranking);
}

#[test]
fn time_that_no_suspect_added_stays_unattributed() {
    // Every request calls a different operation, so none of them has a baseline.
    let unknown = |request: &mut Request, extra: f64| {
        let name = format!("GET /report/{}", request.number);
        request.span((2, 1), "shop", SpanKind::Internal, &name, (5.0, 10.0 + extra));
        let select = (10.0 + extra, 30.0 + extra + if extra > 0.0 { 30.0 } else { 0.0 });
        let span = request.span((3, 1), "shop", Client, "SELECT items", select);
        span.attributes = [("db.system.name", "mysql")].into_iter().collect();
        request.span((1, 0), "shop", Server, "GET /report", (0.0, select.1 + 1.0));
    };
    let answer = compare(|r| unknown(r, 0.0), |r| unknown(r, 300.0));
    let mysql = answer.ranking.iter().find(|suspect| suspect.service == "mysql").unwrap();
    assert!((0.05..0.15).contains(&mysql.share), "{:?}", answer.ranking);
    assert!(answer.unattributed > 0.8, "{}", answer.unattributed);
}

#[test]
fn queries_in_a_loop_are_blamed_for_the_time_that_they_add() {
    let queries = |queries| {
        move |r: &mut Request| {
            r.spans = shop(r.number, Shop { queries, ..Shop::default() });
        }
    };
    let answer = compare(queries(1), queries(20));
    assert_eq!(cause_of(&answer).2, "repeated");
    assert!(answer.ranking[0].share > 0.9, "{:?}", answer.ranking);
    let (now, without) = p95s(&answer);
    let (typical, _) = p95s(&compare(queries(1), queries(1)));
    assert!(
        now > 70.0 && (without - typical).abs() < 3.0,
        "{now} → {without}, typically {typical}"
    );
}

#[test]
fn a_caller_with_only_client_spans_can_be_an_entry() {
    let job = |millis: f64| {
        move |request: &mut Request| {
            let end = millis + request.jitter(1);
            request.span((1, 0), "cron", Client, "POST /bill", (0.0, end + 2.0));
            request.span((2, 1), "billing", Server, "POST /bill", (1.0, end + 1.0));
        }
    };
    let cron = Entry { service: Some("cron"), operation: None };
    let answer = compare_of(cron, 100, job(20.0), job(80.0));
    assert_eq!(answer.traces, 100);
    assert_eq!(cause_of(&answer), ("billing", "POST /bill", "own"));
}

#[test]
fn a_server_whose_clock_is_ahead_does_not_look_slow_to_reach() {
    let ahead = 5_000.0;
    let query = |millis: f64| {
        move |request: &mut Request| {
            let end = 10.0 + millis + request.jitter(1);
            let span = request.span((3, 2), "kb", Client, "SELECT", (ahead + 8.0, ahead + end));
            span.attributes = [("db.system.name", "postgresql")].into_iter().collect();
            request.span((2, 1), "kb", Server, "GET /b", (ahead + 5.0, ahead + end + 2.0));
            request.span((1, 0), "ka", Client, "GET /b", (4.0, end + 3.0));
        }
    };
    let answer = compare(query(10.0), query(300.0));
    assert_eq!(cause_of(&answer), ("postgresql", "kb → postgresql SELECT", "leaf"));
    assert_eq!(answer.adjusted, 200);
}

/// A request with parallel calls to a and b.
fn at_once(a: f64, b: f64) -> impl Fn(&mut Request) {
    move |request: &mut Request| {
        let (a, b) = (a + request.jitter(1), b + request.jitter(2));
        for (id, service, millis) in [(2, "a", a), (4, "b", b)] {
            request.span((id, 1), "front", Client, "GET", (5.0, 5.0 + millis + 1.0));
            request.span((id + 1, id), service, Server, "GET", (5.5, 5.5 + millis));
        }
        request.span((1, 0), "front", Server, "GET /", (0.0, a.max(b) + 10.0));
    }
}

#[test]
fn a_call_that_becomes_longer_than_a_parallel_one_is_the_cause() {
    let answer = compare(at_once(100.0, 50.0), at_once(100.0, 140.0));
    assert_eq!(cause_of(&answer), ("b", "GET", "own"));
    let (now, without) = p95s(&answer);
    assert!((35.0..45.0).contains(&(now - without)), "no faster than the other: {now} → {without}");
}

#[test]
fn making_one_of_two_slow_parallel_calls_faster_saves_little() {
    let answer = compare(at_once(105.0, 100.0), at_once(1000.0, 980.0));
    let (now, without) = p95s(&answer);
    assert!(now - without < 25.0, "{:?}: {now} → {without}", cause_of(&answer));
}

#[test]
fn calls_that_overlap_slightly_count_as_sequential() {
    let overlap = |micros: f64| {
        move |request: &mut Request| {
            let first = 50.0 + request.jitter(1);
            request.span((2, 1), "ov", Client, "GET /x", (1.0, first + micros / 1e3));
            request.span((3, 2), "x", Server, "GET /x", (1.1, first - 0.1));
            request.span((4, 1), "ov", Client, "GET /y", (first, 2.0 * first));
            request.span((5, 4), "y", Server, "GET /y", (first + 0.1, 2.0 * first - 0.1));
            request.span((1, 0), "ov", Server, "GET /", (0.0, 2.0 * first + 1.0));
        }
    };
    let answer = compare(overlap(0.0), overlap(0.3));
    assert_eq!(answer.verdict, Verdict::NoCause, "{:?}", answer.ranking);
}

#[test]
fn a_doubled_time_has_a_cause_and_a_time_longer_by_a_quarter_has_none() {
    let work = |millis: f64| {
        move |request: &mut Request| {
            let end = millis * (1.0 + request.jitter(1) / 20.0);
            request.span((1, 0), "dbl", Server, "GET /", (0.0, end));
        }
    };
    assert_eq!(cause_of(&compare(work(200.0), work(400.0))), ("dbl", "GET /", "own"));
    assert_eq!(compare(work(200.0), work(250.0)).verdict, Verdict::NoCause);
}

#[test]
fn a_window_that_is_faster_than_the_baseline_has_no_cause() {
    // The query no longer happens, but the service's own work takes longer.
    let now = |request: &mut Request| {
        let end = 20.0 + request.jitter(2);
        request.span((1, 0), "shop", Server, "POST /order", (0.0, end));
    };
    let answer = compare(|r| order(r, 100.0, 0.0), now);
    let failure = answer.ranking[0].kind.is_failure();
    assert!(failure || answer.verdict != Verdict::Cause, "{:?}", answer.ranking);
    assert!(answer.slowdown_nanos < 0);
}

#[test]
fn a_proxy_without_spans_does_not_make_traces_incomplete() {
    let behind = |cart| {
        move |r: &mut Request| {
            r.spans = shop(r.number, Shop { cart, ..Shop::default() });
            let root = r.spans.iter_mut().find(|span| span.parent_span_id.is_none()).unwrap();
            root.parent_span_id = SpanId::try_from(99).ok();
        }
    };
    let answer = compare(behind(0.0), behind(50.0));
    assert_eq!((cause_of(&answer).0, answer.completeness), ("cart", 1.0));
}

#[test]
fn twenty_thousand_services_take_a_few_steps_per_span_and_twenty_are_ranked() {
    let wide = |millis: f64| {
        move |request: &mut Request| {
            for service in 0..20_000 {
                let at = f64::from(service) * 2.0 * millis;
                let (id, name) = (2 + service as u64, format!("s{service}"));
                request.span((id, 1), &name, SpanKind::Internal, "work", (at, at + millis));
            }
            request.span((1, 0), "front", Server, "GET /", (0.0, 40_000.0 * millis));
        }
    };
    let (answer, steps) = work::steps(|| compare_of(Entry::default(), 5, wide(1.0), wide(3.0)));
    assert_eq!(answer.ranking.len(), 20);
    assert!(steps <= MAX_STEPS * 10 * 20_001, "{steps} steps");
}
