//! Requests that two readers could understand in two ways, and requests of web pages.

use super::super::path::reference_trace;
use super::*;

/// A word that only the colony's own data has.
const SECRET_NAME: &str = "checkout";

/// A request to a path that a smuggled request would go to.
const SMUGGLED: &str = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn no_request_hides_in_the_body_or_in_the_head_of_another() {
    let besieged = Besieged::new(&[]);
    let bearer = format!("authorization: Bearer {}\r\n", besieged.viewer);
    let length = SMUGGLED.len();
    let smuggled = SMUGGLED.replace("\r\n\r\n", &format!("\r\n{bearer}\r\n"));
    for (what, headers, body) in [
        (
            "a length and chunks",
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            format!("0\r\n\r\n{smuggled}"),
        ),
        (
            "chunks and a length",
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            format!("0\r\n\r\n{smuggled}"),
        ),
        (
            "two lengths",
            format!("content-length: 0\r\ncontent-length: {length}\r\n"),
            smuggled.clone(),
        ),
        ("two lengths in one", format!("content-length: 0, {length}\r\n"), smuggled.clone()),
        ("a length with a sign", "content-length: +0\r\n".to_owned(), smuggled.clone()),
        ("a negative length", "content-length: -1\r\n".to_owned(), smuggled.clone()),
        ("a length in hex", "content-length: 0x0\r\n".to_owned(), smuggled.clone()),
        (
            "an unknown coding",
            "transfer-encoding: xchunked\r\n".to_owned(),
            format!("0\r\n\r\n{smuggled}"),
        ),
        (
            "a coding after chunks",
            "transfer-encoding: chunked, gzip\r\n".to_owned(),
            format!("0\r\n\r\n{smuggled}"),
        ),
        ("a space before the colon", "content-length : 0\r\n".to_owned(), smuggled.clone()),
        ("a folded header", "x: y\r\n content-length: 0\r\n".to_owned(), smuggled.clone()),
        ("a bare carriage return", "x: y\rcontent-length: 0\r\n".to_owned(), smuggled.clone()),
        ("a zero byte", "x: \0\r\n".to_owned(), smuggled.clone()),
        (
            "a chunk whose length overflows",
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("10000000000000000\r\n{smuggled}"),
        ),
        (
            "a chunk whose length is no number",
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("-1\r\n{smuggled}"),
        ),
    ] {
        let head = format!("POST /api/v1/sql HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let mut stream = besieged.connect();
        stream.sock.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let answer = exchange(&mut stream, format!("{head}{body}").as_bytes());
        let answers = answer.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{what}: {answer}");
        assert!(
            !answer.contains("HTTP/1.1 200") && !answer.contains("\"paths\""),
            "{what}: {answer}"
        );
    }
    besieged.still_answers();
}

#[test]
fn no_spelling_of_a_path_gets_past_the_check_of_its_caller() {
    let besieged = Besieged::new(&[]);
    let open = ["/healthz"];
    for target in [
        "/api/v1/status",
        "//api/v1/status",
        "/api//v1/status",
        "/API/V1/STATUS",
        "/api/v1/status/",
        "/api/v1/status;x=1",
        "/api/v1/status%00",
        "/api/v1/%73tatus",
        "/api/v1/traces/..%2fstatus",
        "/healthz/../api/v1/status",
        "/healthz/..%2fapi/v1/status",
        "/healthz%2f..%2fapi%2fv1%2fstatus",
        "/healthz?/../api/v1/status",
        "/healthz#/../api/v1/status",
        "/./metrics",
        "/metrics?x=/healthz",
        "/api/v1/traces/../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "\\api\\v1\\status",
        "http://localhost/api/v1/status",
        "http://localhost@evil.example/api/v1/status",
        "*",
    ] {
        for method in [
            "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get",
            "GET\u{b}",
        ] {
            let head = format!(
                "{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                 x-original-url: /healthz\r\nx-rewrite-url: /healthz\r\nx-http-method-override: GET\r\n\
                 content-length: 0\r\n\r\n"
            );
            let answer = exchange(&mut besieged.connect(), head.as_bytes());
            let path = target.split(['?', '#']).next().unwrap();
            let is_open = open.contains(&path) && matches!(method, "GET" | "HEAD");
            assert_eq!(answer.starts_with("HTTP/1.1 2"), is_open, "{method} {target}: {answer}");
            assert!(!answer.contains("root:") && !answer.contains("counters"), "{answer}");
        }
    }
    besieged.still_answers();
}

#[test]
fn a_web_page_of_another_origin_reads_nothing_and_changes_nothing() {
    // Without tokens, on loopback: what protects is that browsers do not let the page read.
    let coral = Coral::standalone(&[]);
    let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
    assert_eq!(coral.export(&spans), 200);
    coral.until_stored(spans.len() as u64);
    let statement = format!("{{\"query\":\"select '{SECRET_NAME}'\"}}");
    let request = |method: &str, path: &str, headers: &str, body: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\norigin: https://evil.example\r\n\
             {headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(&mut super::connect(address(&coral, "colony")), head.as_bytes())
    };
    for (method, path) in [
        ("GET", "/api/v1/traces"),
        ("OPTIONS", "/api/v1/traces"),
        ("OPTIONS", "/api/v1/agents/web-1"),
        ("OPTIONS", "/api/v1/sql"),
    ] {
        for headers in [
            "",
            "access-control-request-method: DELETE\r\naccess-control-request-headers: content-type\r\n",
        ] {
            let answer = request(method, path, headers, "").to_ascii_lowercase();
            assert!(!answer.contains("access-control-allow"), "{method} {path}: {answer}");
            assert!(
                method == "GET" || !answer.starts_with("http/1.1 2"),
                "{method} {path}: {answer}"
            );
        }
    }
    // A page may not even ask: its own pages and programs may.
    for path in ["/api/v1/traces", "/api/v1/openapi.json", "/metrics"] {
        for site in ["cross-site", "same-site"] {
            let answer = request("GET", path, &format!("sec-fetch-site: {site}\r\n"), "");
            assert_eq!(status(&answer), 403, "{site} {path}: {answer}");
        }
        let own = request("GET", path, "sec-fetch-site: same-origin\r\n", "");
        assert_eq!(status(&own), 200, "{path}: {own}");
    }
    for path in ["/ui/", "/t/4bf92f35", "/auth/methods"] {
        let answer = request("GET", path, "sec-fetch-site: cross-site\r\n", "");
        assert!(status(&answer) < 400, "{path}: {answer}");
    }
    // What a form can send without asking first.
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let headers = format!("content-type: {kind}\r\n");
        let answer = request("POST", "/api/v1/sql", &headers, &statement);
        assert!(status(&answer) >= 400, "{kind}: {answer}");
        let forgotten = request("POST", "/api/v1/agents/web-1", &headers, "_method=DELETE");
        assert!(status(&forgotten) >= 400, "{kind}: {forgotten}");
    }
}
