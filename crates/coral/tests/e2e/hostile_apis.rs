//! Hostile requests to the APIs of other projects, over sockets, against the real program.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use super::hostile::{
    EVERY_SOCKET, address, chunked, connect, gibibyte, gzip, head, peak_memory, send, serves_others,
};
use super::process::Coral;

const MIB: usize = 1 << 20;
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "content-type: application/json\r\n";
const MCP_FORM: &str = "content-type: application/x-www-form-urlencoded\r\n\
    accept: application/json, text/event-stream\r\n";
const MCP: &str =
    "content-type: application/json\r\naccept: application/json, text/event-stream\r\n";

/// The response to a GET of `path`.
fn get(to: SocketAddr, path: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    send(to, &head, std::iter::empty())
}

/// The response to a POST of `body`.
fn post(to: SocketAddr, path: &str, headers: &str, body: Vec<u8>) -> String {
    let headers = format!("{headers}content-length: {}\r\n", body.len());
    send(to, &head(path, &headers), [body].into_iter())
}

/// What was asked, the response, its right status, and a part of its right text.
type Row = (String, String, u16, &'static str);

/// Checks the status of each response, and that it is an error in the form of its API.
fn check(rows: Vec<Row>) {
    let is_wrong = |(_, response, status, part): &&Row| {
        !response.starts_with(&format!("HTTP/1.1 {status} ")) || !response.contains(part)
    };
    let wrong: Vec<String> = rows
        .iter()
        .filter(is_wrong)
        .map(|(name, response, status, part)| format!("{name}: {status} {part}: {response:.600}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hostile_questions_to_each_api_are_refused_with_the_right_code_and_others_are_served() {
    let coral = Coral::standalone(&[]);
    serves_others(&coral, &EVERY_SOCKET);
    let (before, to) = (peak_memory(&coral), address(&coral, "colony"));
    check(questions(to));
    check(bodies(to));
    check(streams(to));
    check(bombs(address(&coral, "otlp_http")));
    serves_others(&coral, &EVERY_SOCKET);
    let grown = peak_memory(&coral) - before;
    println!("hostile questions: {before} MiB and {grown} more");
    assert!(grown < 200, "{grown} MiB");
}

/// Questions that are deep, long, repeated or endless.
fn questions(to: SocketAddr) -> Vec<Row> {
    let mut rows = Vec::new();
    let long = "f".repeat(30_000);
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(5_000), close.repeat(5_000))
    };
    let nested = deep("(", "1", ")");
    for (path, status, part) in [
        // Deep nesting.
        (
            format!("/tempo/api/search?q=%7B{}%7D", deep("(", "true", ")")),
            400,
            "invalid TraceQL query",
        ),
        (
            format!("/tempo/api/search?q=%7B{}true%7D", "!".repeat(20_000)),
            400,
            "invalid TraceQL query",
        ),
        (format!("/prometheus/api/v1/query?query={nested}"), 400, r#""errorType":"bad_data""#),
        (format!("/prometheus/api/v1/query?query={}1", "-".repeat(20_000)), 400, "bad_data"),
        (format!("/jaeger/api/traces?service=a&tags={}", deep("%5B", "", "%5D")), 400, "errors"),
        (format!("/zipkin/api/v2/traces?annotationQuery={}", deep("%28", "", "%29")), 200, "[]"),
        // Long ids and names.
        (format!("/jaeger/api/traces/{long}"), 400, "TraceID cannot be longer"),
        (format!("/tempo/api/traces/{long}"), 400, "trace"),
        (format!("/tempo/api/v2/traces/{long}"), 400, "trace"),
        (format!("/zipkin/api/v2/trace/{long}"), 400, "id"),
        (format!("/zipkin/api/v2/traceMany?traceIds={}", "1,".repeat(20_000)), 400, "traceIds"),
        (format!("/jaeger/api/traces?service=a&{}", "traceID=1&".repeat(5_000)), 400, "errors"),
        (format!("/prometheus/api/v1/query?query={}", "a".repeat(60_000)), 200, "success"),
        // Repeated parameters.
        ("/prometheus/api/v1/query?query=1&query=2".to_owned(), 400, "several different values"),
        ("/tempo/api/search?q=%7B%7D&q=%7Btrue%7D".to_owned(), 400, "q"),
        ("/zipkin/api/v2/traces?limit=1&limit=2".to_owned(), 400, "limit"),
        // Questions without an end.
        (
            "/prometheus/api/v1/query_range?query=1&start=0&end=1795608000&step=1".to_owned(),
            400,
            "exceeded maximum resolution",
        ),
        (
            "/tempo/api/metrics/query_range?q=%7B%7D%7Crate()&start=0&end=1795608000&step=1ms"
                .to_owned(),
            400,
            "",
        ),
        ("/zipkin/api/v2/traces?limit=99999999999999999999".to_owned(), 400, "limit"),
        ("/jaeger/api/traces?service=a&limit=99999999999999999999".to_owned(), 400, "errors"),
    ] {
        let response = get(to, &path);
        rows.push((format!("{path:.80}"), response, status, part));
    }
    rows
}

/// JSON that is nested very deep.
fn json(open: &str) -> Vec<u8> {
    open.repeat(400_000).into_bytes()
}

/// Bodies of a wrong form, or too large.
fn bodies(to: SocketAddr) -> Vec<Row> {
    let mut rows = Vec::new();
    let form = |text: String| format!("query={text}").into_bytes();
    for (path, headers, body, status, part) in [
        ("/prometheus/api/v1/query", FORM, form("(".repeat(900_000)), 400, "bad_data"),
        ("/api/v1/query", FORM, form("1".repeat(2 * MIB)), 413, r#""status":"error""#),
        ("/api/v1/query_range", JSON, b"{\"query\":\"1\"}".to_vec(), 400, "content-type"),
        ("/api/v1/series", FORM, "match[]=%7B%7D&".repeat(60_000).into_bytes(), 400, "bad_data"),
        ("/api/transform", JSON, json("["), 400, r#""errors":[{"#),
        ("/api/transform", JSON, json("{\"a\":"), 413, r#""errors":[{"#),
        ("/jaeger/api/transform", JSON, vec![b' '; 2 * MIB], 413, "more than 1048576 bytes"),
        ("/mcp", MCP, json("["), 400, "-32700"),
        ("/mcp", MCP, vec![b' '; 2 * MIB], 413, "-32600"),
        ("/mcp", JSON, br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_vec(), 406, ""),
        ("/mcp", MCP_FORM, br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_vec(), 415, ""),
        (
            "/mcp",
            MCP,
            br#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#.to_vec(),
            200,
            "-32601",
        ),
        ("/zipkin/api/v2/spans", JSON, b"[]".to_vec(), 405, "4318"),
    ] {
        rows.push((
            format!("POST {path} {body:.40?}"),
            post(to, path, headers, body),
            status,
            part,
        ));
    }
    rows
}

/// Bodies without an end.
fn streams(to: SocketAddr) -> Vec<Row> {
    let mut rows = Vec::new();
    let kinds = [("/mcp", MCP), ("/api/transform", JSON), ("/prometheus/api/v1/query", FORM)];
    for (path, kind) in kinds {
        let head = head(path, &format!("{kind}transfer-encoding: chunked\r\n"));
        let response = send(to, &head, chunked(gibibyte()));
        rows.push((
            format!("an endless stream to {path}"),
            response,
            413,
            "more than 1048576 bytes",
        ));
    }
    rows
}

/// Bodies that decompress to very many bytes, or that are nested.
fn bombs(agent: SocketAddr) -> Vec<Row> {
    let mut rows = Vec::new();
    let coded = format!("{JSON}content-encoding: gzip\r\n");
    let bomb = gzip(&vec![b' '; 64 * MIB]);
    let spans = "/api/v2/spans";
    rows.push((
        "a bomb of one member".to_owned(),
        post(agent, spans, &coded, bomb),
        413,
        "smaller",
    ));
    let members = gzip(&vec![b' '; MIB]).repeat(512);
    rows.push((
        "a bomb of members".to_owned(),
        post(agent, spans, &coded, members),
        413,
        "smaller",
    ));
    let twice = gzip(&gzip(b"[]"));
    rows.push(("gzip in gzip".to_owned(), post(agent, spans, &coded, twice), 400, "Zipkin"));
    let deep = post(agent, spans, JSON, json("["));
    rows.push(("deep spans".to_owned(), deep, 400, "Zipkin"));
    rows
}

#[test]
fn streams_that_never_end_take_a_bounded_part_of_the_memory_and_keep_no_question_out() {
    let coral = Coral::standalone(&[]);
    serves_others(&coral, &EVERY_SOCKET);
    coral.until_stored(8);
    let (before, to) = (peak_memory(&coral), address(&coral, "colony"));
    let mut streams: Vec<TcpStream> = Vec::new();
    for (path, kind) in
        [("/mcp", MCP), ("/api/transform", JSON), ("/prometheus/api/v1/query", FORM)].repeat(30)
    {
        let head = head(path, &format!("{kind}content-length: {MIB}\r\n"));
        let mut stream = connect(to);
        stream.write_all(head.as_bytes()).unwrap();
        // A stream that is refused may be closed already.
        let _ = stream.write_all(&vec![b'1'; MIB - 1]);
        streams.push(stream);
    }
    let small = [
        (get(to, "/prometheus/api/v1/query?query=1"), "success"),
        (get(to, "/jaeger/api/services"), "\"data\""),
        (get(to, "/zipkin/api/v2/services"), "payments-api"),
        (get(to, "/tempo/api/echo"), "echo"),
        (post(to, "/mcp", MCP, br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_vec()), "result"),
        (post(to, "/api/v1/query", FORM, b"query=1".to_vec()), "success"),
    ];
    for (response, part) in small {
        assert!(response.starts_with("HTTP/1.1 200 ") && response.contains(part), "{response}");
    }
    serves_others(&coral, &EVERY_SOCKET);
    let grown = peak_memory(&coral) - before;
    println!("{} streams: {before} MiB and {grown} more", streams.len());
    assert!(grown < 100, "{grown} MiB");
}
