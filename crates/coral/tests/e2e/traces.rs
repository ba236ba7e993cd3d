//! What a person on call finds out about traces, each with as few commands as the test has.

use std::sync::Arc;

use coral_trace::{Event, KeyValue, Span, SpanKind, StatusCode, TraceId, UnixNanos, Value};
use expect_test::expect;

use super::path::reference_trace;
use super::process::{Coral, coral};

/// 2026-11-25T12:00:00Z.
const NOON: u64 = 1_795_608_000_000_000_000;
const SINCE: &str = "--since 2026-11-25T11:00:00Z --until 2026-11-25T13:00:00Z";

/// Twelve checkouts, ten seconds apart. Payments runs on three hosts. Each third checkout is paid on
/// `pay-2`, where the ledger does not answer: the payment fails, and the checkout answers 200.
fn checkouts() -> Vec<Span> {
    let spans_of = |number: u64| {
        let mut spans = reference_trace(UnixNanos(NOON + number * 10_000_000_000));
        spans.truncate(3);
        for span in &mut spans {
            let id = 0x4bf9_2f35_u128 << 96 | u128::from(number) << 64 | 7;
            span.trace_id = TraceId::try_from(id).unwrap();
        }
        let [root, payment, validation] = &mut spans[..] else { panic!() };
        ran(root, "web-1", "3.0.1");
        ran(payment, &format!("pay-{}", number % 3 + 1), "2.4.0");
        validation.kind = SpanKind::Client;
        if number % 3 == 1 {
            fail(payment);
        }
        spans
    };
    (0..12).flat_map(spans_of).collect()
}

fn ran(span: &mut Span, host: &str, version: &str) {
    let pairs = [("host.name", host), ("service.version", version)];
    let resource = &mut Arc::make_mut(&mut span.origin).resource;
    resource.attributes.0.extend(pairs.into_iter().map(pair));
}

fn fail(span: &mut Span) {
    span.status.code = StatusCode::Error;
    span.status.message = "deadline exceeded calling ledger".to_owned();
    span.attributes = [("http.response.status_code", Value::Int(503))].into_iter().collect();
    span.trace_state = "coral=region:us-west-2".to_owned();
    let exception = [("exception.type", "LedgerTimeout"), ("exception.message", "5 s\u{1b}[2J")];
    span.events.push(Event {
        time: UnixNanos(span.start.0 + 12_000_000),
        name: "exception".to_owned(),
        attributes: exception.into_iter().collect(),
        dropped_attributes: 0,
    });
}

fn pair((key, value): (&str, &str)) -> KeyValue {
    KeyValue { key: key.to_owned(), value: value.into() }
}

fn standalone() -> Coral {
    let coral = Coral::standalone(&[]);
    let spans = checkouts();
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(spans.len() as u64);
    coral
}

#[test]
fn what_failed_where_and_with_which_message_takes_two_commands() {
    let coral = standalone();
    let list = coral.answer(&format!("query beyla traces {SINCE} --status error --limit 2"));
    expect![[r#"
        Recent Traces (since 2026-11-25T11:00:00Z, until 2026-11-25T13:00:00Z):

        Started  | Trace ID         | Duration | Spans | Status | Root Operation         | Service      | Host  | Fails In
        ---------|------------------|----------|-------|--------|------------------------|--------------|-------|-----------------------------------------------------------------------------------
        12:01:40 | 4bf92f350000000a | 1.2s     | 3     | 200    | POST /checkout (ERROR) | frontend-api | web-1 | payments-api on pay-2: POST /api/v1/payments 503: deadline exceeded calling ledger
        12:01:10 | 4bf92f3500000007 | 1.2s     | 3     | 200    | POST /checkout (ERROR) | frontend-api | web-1 | payments-api on pay-2: POST /api/v1/payments 503: deadline exceeded calling ledger
        Started on 2026-11-25 (UTC).
        … more traces match: raise --limit (now 2), or add conditions.
    "#]].assert_eq(&list);
    let tree = coral.answer("query beyla traces --trace-id 4bf92f350000000a");
    expect![[r#"
        Trace ID: 4bf92f350000000a0000000000000007
        Started: 2026-11-25 12:01:40.000 UTC
        Duration: 1.2s
        Spans: 3
        Services: frontend-api, payments-api, card-validator-svc
          frontend-api: host web-1, version 3.0.1
          payments-api: host pay-2, version 2.4.0
        Errors: 1

        Span Tree:
        frontend-api (1.2s, POST /checkout)
        └─ payments-api (450ms, POST /api/v1/payments) ERROR 503: deadline exceeded calling ledger (exception LedgerTimeout: 5 s\u{1b}[2J)
           └─ card-validator-svc (380ms, POST /validate)
    "#]].assert_eq(&tree);
    assert!(!tree.contains('\u{1b}'), "{tree}");
}

#[test]
fn all_failing_requests_of_one_host_take_one_command() {
    let coral = standalone();
    let of = |host: &str| {
        let line = format!("query beyla traces {SINCE} --limit 20 host.name={host} status:error");
        coral.json(&line)["traces"].as_array().unwrap().clone()
    };
    let failing = of("pay-2");
    assert_eq!(failing.len(), 4);
    for trace in &failing {
        assert_eq!(trace["root_host"], "web-1");
        assert_eq!(trace["root_version"], "3.0.1");
        assert_eq!(trace["failure"]["host"], "pay-2");
        assert_eq!(trace["failure"]["message"], "deadline exceeded calling ledger");
        assert_eq!(trace["failure"]["exception_type"], "LedgerTimeout");
    }
    assert!(of("pay-1").is_empty());
    let groups = format!("query beyla traces {SINCE} service:payments-api --by host.name");
    expect![[r#"
        Spans by host.name (since 2026-11-25T11:00:00Z, until 2026-11-25T13:00:00Z, service:payments-api):

        host.name | Spans | Errors     | Traces | P50   | P95
        ----------|-------|------------|--------|-------|------
        pay-2     | 4     | 4 (100.0%) | 4      | 450ms | 450ms
        pay-1     | 4     | 0          | 4      | 450ms | 450ms
        pay-3     | 4     | 0          | 4      | 450ms | 450ms
    "#]].assert_eq(&coral.answer(&groups));
    let cut = coral.answer(&format!("{groups} --limit 1"));
    assert!(cut.ends_with("… 2 more values: raise --limit (now 1), or add conditions.\n"), "{cut}");
}

#[test]
fn a_trace_is_found_by_the_beginning_of_its_id_and_a_span_by_that_of_its_own() {
    let coral = standalone();
    let span =
        coral.answer("query beyla traces --trace-id 4bf92f350000000A --span 0000000000000002");
    expect![[r#"
        Trace ID: 4bf92f350000000a0000000000000007
        Started: 2026-11-25 12:01:40.000 UTC
        Duration: 1.2s
        Spans: 3

        Span ID: 0000000000000002
          Parent span ID: 0000000000000001
          Service: payments-api
          Name: POST /api/v1/payments
          Kind: server
          Start: +50ms, 2026-11-25 12:01:40.050 UTC
          Duration: 450ms
          Status: error: deadline exceeded calling ledger
          Source: ebpf, received by agent web-1
          Attributes:
            http.response.status_code = 503 (int)
          Resource:
            host.name = "pay-2" (string)
            service.name = "payments-api" (string)
            service.version = "2.4.0" (string)
            telemetry.sdk.name = "beyla" (string)
          Events:
            +12ms exception
              exception.message = "5 s\u{1b}[2J" (string)
              exception.type = "LedgerTimeout" (string)
          Trace state: coral=region:us-west-2
          Flags: 0x0
    "#]]
    .assert_eq(&span);
    let all = coral.answer("query beyla traces --trace-id 4bf92f350000000a --format spans");
    assert_eq!(all.matches("\nSpan ID: ").count(), 3, "{all}");
    let json = coral.json("query beyla traces --trace-id 4bf92f350000000a --span 0000000000000002");
    assert_eq!(json["spans"].as_array().unwrap().len(), 1);
    assert_eq!(json["spans"][0]["typed_attributes"]["http.response.status_code"], 503);
    assert_eq!(json["instances"].as_array().unwrap().len(), 1);
    assert_eq!(json["instances"][0]["host"], "pay-2");
    assert_eq!(json["instances"][0]["spans"], 1);
    let error = |more: &str| {
        let line = format!("query beyla traces --trace-id 4bf92f350000000a {more}");
        let output = coral.ask(&line);
        assert_eq!(output.status.code(), Some(1), "{more}");
        String::from_utf8(output.stderr).unwrap()
    };
    expect![[r#"
        Error: `00` is the beginning of 3 spans: 0000000000000001 (frontend-api: POST /checkout), 0000000000000002 (payments-api: POST /api/v1/payments), 0000000000000003 (card-validator-svc: POST /validate)
        Hint: add digits
    "#]].assert_eq(&error("--span 00"));
    expect![[r#"
        Error: no span of this trace has an id that begins with `000000000000000f`
        Hint: the most similar are 0000000000000001 (frontend-api: POST /checkout), 0000000000000002 (payments-api: POST /api/v1/payments), 0000000000000003 (card-validator-svc: POST /validate); --format table lists all
    "#]].assert_eq(&error("--span 000000000000000f"));
    expect![[r#"
        Error: this format shows a whole trace
        Hint: with --span, --format is spans, table, json or csv
    "#]]
    .assert_eq(&error("--span 0000000000000002 --format tree"));
}

#[test]
fn start_times_are_in_the_zone_of_the_command() {
    let coral = standalone();
    let line = format!("query beyla traces {SINCE} --limit 1 --tz Asia/Tokyo");
    let page = coral.answer(&line);
    assert!(page.contains("\n21:01:50 | 4bf92f350000000b"), "{page}");
    assert!(page.contains("\nStarted on 2026-11-25 (Asia/Tokyo).\n"), "{page}");
    let tree = coral.answer("query beyla traces --trace-id 4bf92f350000000b --tz Asia/Tokyo");
    assert!(tree.contains("\nStarted: 2026-11-25 21:01:50.000 +09:00 (Asia/Tokyo)\n"), "{tree}");
}

/// `text` with one time in place of each start time of a trace or span, which differ in each run.
pub fn with_one_start(text: &str) -> String {
    let dated = with("dddd-dd-dd dd:dd:dd.ddd UTC", "2026-11-25 02:41:07.000 UTC", text);
    let dated = with("Started on dddd-dd-dd (", "Started on 2026-11-25 (", &dated);
    with("\ndd:dd:dd | ", "\n02:41:07 | ", &dated)
}

/// `text` with `time` in place of each part that has the form of `pattern`, in which `d` is a digit.
fn with(pattern: &str, time: &str, text: &str) -> String {
    let is_like = |part: &str| {
        let mut pairs = part.bytes().zip(pattern.bytes());
        part.len() == pattern.len()
            && pairs.all(|(sign, form)| sign == form || (form == b'd' && sign.is_ascii_digit()))
    };
    let (mut changed, mut left) = (String::new(), text);
    while let Some(first) = left.chars().next() {
        match left.get(..pattern.len()).filter(|part| is_like(part)) {
            Some(part) => {
                changed.push_str(time);
                left = &left[part.len()..];
            }
            None => {
                changed.push(first);
                left = &left[first.len_utf8()..];
            }
        }
    }
    changed
}

#[test]
fn a_list_in_a_pipe_has_no_colours_unless_they_are_asked_for_and_they_add_no_meaning() {
    let colony = standalone();
    let line = format!("query beyla traces {SINCE} --status error");
    let plain = colony.answer(&line);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let printed = |more: &[&str], no_color: bool| {
        let mut command = coral();
        command.args(line.split_whitespace()).args(["--colony", &colony.url("colony")]).args(more);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert_eq!(printed(&[], true), plain);
    let coloured = printed(&["--color", "always"], false);
    assert!(coloured.contains('\u{1b}'), "{coloured}");
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    // A pipe has no width: nothing is cut or left out.
    assert!(plain.lines().any(|line| line.chars().count() > 132), "{plain}");
}

#[test]
fn groups_have_an_order_of_their_own_and_a_span_belongs_to_a_trace() {
    for (line, expected) in [
        ("query beyla traces --by host.name --sort slowest", "cannot be used with"),
        ("query beyla traces --span 00f0", "--trace-id <ID>"),
        ("query beyla traces --trace-id 4bf9 --span 0x1", "1 to 16 hex digits"),
    ] {
        let output = coral().args(line.split_whitespace()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}
