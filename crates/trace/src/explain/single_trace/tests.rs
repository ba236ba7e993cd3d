use std::sync::Arc;

use super::*;
use crate::attribute::{Attributes, Value};
use crate::ids::{SpanId, TraceId};
use crate::origin::{Origin, Resource};
use crate::span::{SpanKind, Status, StatusCode};
use crate::time::UnixNanos;

/// A request to `pay` under construction: each step begins when the previous one has ended.
struct Request {
    number: u64,
    spans: Vec<Span>,
    /// Milliseconds.
    now: f64,
}

/// A step of a request.
#[derive(Clone, Copy)]
enum Step {
    /// The service's own work, in milliseconds.
    Work(f64),
    /// A database query, in milliseconds.
    Query(f64),
    /// A call with a server span of `fraud`, in milliseconds.
    Check(f64),
    /// A failing call with a server span of `fraud`, in milliseconds.
    FailedCheck(f64),
    /// A failing call without a server span, in milliseconds.
    LostCheck(f64),
}

use Step::{Check, FailedCheck, LostCheck, Query, Work};

impl Request {
    fn new(number: u64) -> Self {
        Self { number, spans: Vec::new(), now: 0.0 }
    }

    fn span(&mut self, parent: u64, service: &str, kind: SpanKind, name: &str, millis: f64) -> u64 {
        let attributes: Attributes = [("service.name", service)].into_iter().collect();
        let resource = Resource { attributes, ..Resource::default() };
        let instant = |millis: f64| UnixNanos(1_000_000_000 + (millis * 1e6) as u64);
        let id = self.spans.len() as u64 + 1;
        self.spans.push(Span {
            trace_id: TraceId::try_from(u128::from(self.number) + 1).unwrap(),
            span_id: SpanId::try_from(id).unwrap(),
            parent_span_id: SpanId::try_from(parent).ok(),
            trace_state: String::new(),
            flags: 0,
            name: name.to_owned(),
            kind,
            start: instant(self.now),
            end: instant(self.now + millis),
            attributes: Attributes::default(),
            dropped_attributes: 0,
            events: vec![],
            dropped_events: 0,
            links: vec![],
            dropped_links: 0,
            status: Status::default(),
            origin: Arc::new(Origin { resource, ..Origin::default() }),
        });
        id
    }

    fn take(&mut self, step: Step) {
        let jitter = 1.0 + (self.number * 7 % 11) as f64 / 100.0;
        let (Work(millis) | Query(millis) | Check(millis) | FailedCheck(millis)
        | LostCheck(millis)) = step;
        let millis = millis * jitter;
        match step {
            Work(_) => {}
            Query(_) => {
                self.span(1, "pay", SpanKind::Client, "SELECT cards", millis);
                self.say(&[("db.system.name", "postgresql".into())]);
            }
            Check(_) | FailedCheck(_) | LostCheck(_) => {
                let client = self.span(1, "pay", SpanKind::Client, "Check", millis);
                self.say(&[("rpc.system", "grpc".into()), ("server.address", "10.0.0.7".into())]);
                if !matches!(step, Check(_)) {
                    self.fail();
                }
                if !matches!(step, LostCheck(_)) {
                    self.span(client, "fraud", SpanKind::Server, "fraud.Check", millis);
                }
            }
        }
        self.now += millis;
    }

    /// Sets the attributes of the newest span.
    fn say(&mut self, attributes: &[(&str, Value)]) {
        let newest = self.spans.last_mut().unwrap();
        newest.attributes = attributes.iter().cloned().collect();
    }

    fn fail(&mut self) {
        self.spans.last_mut().unwrap().status.code = StatusCode::Error;
    }
}

fn request(number: u64, steps: &[Step]) -> Vec<Span> {
    let mut request = Request::new(number);
    request.span(0, "pay", SpanKind::Server, "POST /pay", 0.0);
    steps.iter().for_each(|step| request.take(*step));
    let end = UnixNanos(1_000_000_000 + (request.now * 1e6) as u64);
    request.spans[0].end = end;
    request.spans
}

/// The typical steps: a query, a check, and own work.
const TYPICAL: [Step; 4] = [Work(5.0), Query(5.0), Check(30.0), Work(5.0)];

fn typical_requests(count: u64) -> Vec<Vec<Span>> {
    (0..count).map(|number| request(number, &TYPICAL)).collect()
}

fn beside(others: &[Vec<Span>], spans: &[Span]) -> Option<(String, Loss)> {
    let mut typical = Typical::from_traces(others.iter().map(Vec::as_slice));
    typical.root_cause(spans).map(|cause| (cause.service, cause.loss))
}

/// The root cause, compared with sixty typical requests. The cause must be the same compared with
/// sixty requests of which 30% have the same problem.
#[track_caller]
fn cause(steps: &[Step]) -> Option<(String, Loss)> {
    let found = beside(&typical_requests(60), &request(100, steps));
    let mut others = typical_requests(42);
    others.extend((42..60).map(|number| request(number, steps)));
    assert_eq!(beside(&others, &request(100, steps)), found, "30% of the others have it too");
    found
}

fn loss(service: &str, how: Loss) -> Option<(String, Loss)> {
    Some((service.to_owned(), how))
}

#[test]
fn a_call_that_is_made_twenty_times_is_an_n_plus_one_pattern() {
    let mut steps = vec![Work(5.0)];
    steps.extend([Query(5.0); 20]);
    steps.push(Check(30.0));
    assert_eq!(cause(&steps), loss("postgresql", Loss::Repeated(20)));
    // The work between the calls is blamed on the calls too.
    let between: Vec<Step> = [Query(5.0), Work(5.0)].into_iter().cycle().take(40).collect();
    assert_eq!(cause(&between), loss("postgresql", Loss::Repeated(20)));
    // Each call takes much longer than is typical, which is not caused by their number.
    assert_eq!(cause(&[Query(100.0); 4]), loss("postgresql", Loss::Leaf));
    assert_eq!(cause(&[Work(5.0), Query(500.0), Check(30.0)]), loss("postgresql", Loss::Leaf));
    // There are many calls, but another component takes the time.
    let mut steps = [Query(1.0); 8].to_vec();
    steps.push(Check(300.0));
    assert_eq!(cause(&steps), loss("fraud", Loss::Own));
}

#[test]
fn a_number_of_calls_that_is_typical_is_no_cause() {
    let often = |number: u64, times: usize, millis: f64| {
        let steps = [Work(5.0)].into_iter().chain(std::iter::repeat_n(Query(millis), times));
        request(number, &steps.collect::<Vec<Step>>())
    };
    let others: Vec<Vec<Span>> =
        (0..60).map(|number| often(number, 5 + number as usize % 4, 5.0)).collect();
    assert_eq!(beside(&others, &often(100, 8, 50.0)), loss("postgresql", Loss::Leaf));
    assert_eq!(beside(&others, &often(100, 40, 5.0)), loss("postgresql", Loss::Repeated(40)));
}

#[test]
fn a_call_that_is_repeated_after_a_failure_is_a_retry_storm() {
    let storm = loss("fraud", Loss::Retries(3));
    let failed = FailedCheck(30.0);
    assert_eq!(cause(&[Work(10.0), failed, failed, failed, Check(30.0)]), storm);
    // The call that succeeds is the slowest.
    assert_eq!(cause(&[Work(10.0), failed, failed, failed, Check(60.0)]), storm);
    assert_eq!(cause(&[Work(10.0), failed, failed, failed, failed]), storm);
    // The failing calls have no server spans.
    let lost = LostCheck(30.0);
    assert_eq!(cause(&[Work(10.0), lost, lost, lost, Check(30.0)]), storm);
    // The time is lost between the calls.
    let quick = [FailedCheck(2.0), Work(100.0)];
    let steps: Vec<Step> = quick.into_iter().cycle().take(6).chain([Check(30.0)]).collect();
    assert_eq!(cause(&steps), storm);
    // Each failing call takes ten times as long, but the retries are still the cause.
    let slow = FailedCheck(300.0);
    assert_eq!(cause(&[slow, slow, slow, Check(300.0)]), storm);
}

#[test]
fn a_few_quick_failures_before_a_slow_answer_are_no_retry_storm() {
    let failed = FailedCheck(2.0);
    assert_eq!(cause(&[failed, failed, failed, Check(500.0)]), loss("fraud", Loss::Own));
    assert_eq!(
        cause(&[Work(10.0), FailedCheck(300.0), Check(30.0)]),
        loss("fraud", Loss::Failure(None)),
        "one retry is no storm",
    );
}

/// The root cause of a request with a slow failing step that has these attributes and this message.
fn failing(step: Step, attributes: &[(&str, &str)], message: &str) -> Option<(String, Loss)> {
    let mut spans = request(100, &[Work(5.0), step]);
    let failed = spans.iter_mut().find(|span| span.kind == SpanKind::Client).unwrap();
    failed.status = Status { code: StatusCode::Error, message: message.to_owned() };
    let attributes = attributes.iter().map(|(key, value)| (*key, Value::from(*value)));
    let known = failed.attributes.iter().map(|pair| (pair.key.clone(), pair.value.clone()));
    let all: Vec<(String, Value)> =
        known.chain(attributes.map(|(key, value)| (key.to_owned(), value))).collect();
    failed.attributes = all.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    beside(&typical_requests(60), &spans).map(|(_, how)| (String::new(), how))
}

#[test]
fn a_call_timed_out_if_a_span_says_so_or_it_has_no_response() {
    let code = |code: &str| loss("", Loss::Failure(Some(code.to_owned())));
    let timeout = loss("", Loss::Timeout);
    let (slow, slow_query) = (Check(1_300.0), Query(1_300.0));
    let deadlock = [("db.response.status_code", "1213"), ("error.type", "deadlock")];
    for (step, attributes, message, expected) in [
        (slow_query, &deadlock[..], "", code("1213")),
        (slow_query, &[("error.type", "deadlock")][..], "", code("deadlock")),
        (slow_query, &[], "", loss("", Loss::Failure(None))),
        (slow_query, &[("error.type", "_OTHER")], "", loss("", Loss::Failure(None))),
        (slow_query, &[], "Lock wait timeout exceeded", timeout.clone()),
        (slow, &[], "", timeout.clone()),
        (LostCheck(1_300.0), &[], "", timeout.clone()),
        (Check(300.0), &[], "", loss("", Loss::Failure(None))),
        (Check(300.0), &[("http.response.status_code", "504")], "", timeout.clone()),
        (Check(300.0), &[("rpc.response.status_code", "DEADLINE_EXCEEDED")], "", timeout.clone()),
        (Check(300.0), &[("error.type", "java.net.SocketTimeoutException")], "", timeout.clone()),
        (Check(300.0), &[], "context deadline exceeded", timeout.clone()),
        (slow, &[("error.type", "ECONNRESET")], "", code("ECONNRESET")),
        (slow, &[("rpc.response.status_code", "UNAVAILABLE")], "", code("14")),
    ] {
        assert_eq!(failing(step, attributes, message), expected, "{attributes:?} {message}");
    }
}

#[test]
fn a_trace_whose_root_is_a_client_span_is_explained() {
    let run = |number: u64, millis: f64| {
        let mut request = Request::new(number);
        let millis = millis + (number % 7) as f64;
        let client = request.span(0, "cron", SpanKind::Client, "POST", millis + 2.0);
        request.now = 1.0;
        request.span(client, "billing", SpanKind::Server, "POST /run", millis);
        request.spans
    };
    let others: Vec<Vec<Span>> = (0..30).map(|number| run(number, 50.0)).collect();
    assert_eq!(beside(&others, &run(100, 400.0)), loss("billing", Loss::Own));
}

#[test]
fn little_evidence_gives_no_cause() {
    let slow = request(100, &[Work(5.0), Query(500.0), Check(30.0)]);
    assert_eq!(beside(&typical_requests(9), &slow), None, "nine others");
    assert_eq!(beside(&typical_requests(10), &slow), loss("postgresql", Loss::Leaf));
    assert_eq!(cause(&TYPICAL), None, "as typical");
    let mut other = Request::new(100);
    other.span(0, "pay", SpanKind::Server, "POST /pay", 300.0);
    for (at, service) in ["a", "b", "c"].into_iter().enumerate() {
        other.now = at as f64 * 100.0;
        other.span(1, service, SpanKind::Internal, "work", 100.0);
    }
    assert_eq!(beside(&typical_requests(60), &other.spans), None, "a third each");
}

#[test]
fn the_order_of_explanations_does_not_matter() {
    let others = typical_requests(60);
    let mut typical = Typical::from_traces(others.iter().map(Vec::as_slice));
    let storm = [Work(10.0), FailedCheck(30.0), FailedCheck(30.0), FailedCheck(30.0), Check(30.0)];
    let traces = [
        request(100, &storm),
        request(101, &[Query(5.0); 20]),
        request(102, &[Work(300.0), Query(5.0)]),
    ];
    let forth: Vec<_> = traces.iter().map(|spans| typical.root_cause(spans)).collect();
    let mut back: Vec<_> = traces.iter().rev().map(|spans| typical.root_cause(spans)).collect();
    back.reverse();
    assert_eq!(forth, back);
    assert!(forth.iter().all(Option::is_some), "{forth:?}");
}
