//! Jaeger 1.76.0 (whose program is Jaeger 2): a colony answers as it does, and it runs on a colony's
//! data.

mod comparison;
mod exports;

use serde_json::{Value, json};

use self::comparison::{comparable, differ};
use self::exports::exports;
use super::super::process::{Coral, eventually, http};
use super::{Peer, free_address, program};

/// The trace with everything that Jaeger translates.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[test]
fn a_colony_answers_as_jaeger_1_76_does_about_the_same_spans() {
    let Some(program) = program("CORAL_TEST_JAEGER", "tools/build-jaeger") else { return };
    let jaeger = Jaeger::in_memory(&program);
    let coral = Coral::standalone(&[]);
    let start = now_us() - 120_000_000;
    let exports = exports(start);
    let spans = exports.iter().map(|(_, _, spans)| spans).sum();
    for (kind, body, _) in &exports {
        jaeger.export(kind, body);
        let url = format!("{}/v1/traces", coral.url("otlp_http"));
        assert_eq!(post(&url, kind, body), 200);
    }
    coral.until_stored(spans);
    jaeger.until_it_has(start);

    let mut differences = Vec::new();
    for path in paths(start) {
        let theirs = fetch(&format!("{}{path}", jaeger.query));
        let ours = fetch(&format!("{}{path}", coral.url("colony")));
        let (theirs, ours) = (comparable(&path, theirs), comparable(&path, ours));
        if theirs.0 != ours.0 {
            differences.push(format!("{path}: status {} of Jaeger, {} of Coral", theirs.0, ours.0));
        }
        differ(&path, &theirs.1, &ours.1, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn jaeger_1_76_runs_on_the_spans_of_a_colony() {
    let Some(program) = program("CORAL_TEST_JAEGER", "tools/build-jaeger") else { return };
    let coral = Coral::standalone(&[]);
    let start = now_us() - 120_000_000;
    let mut spans = 0;
    for (kind, body, count) in exports(start) {
        assert_eq!(post(&format!("{}/v1/traces", coral.url("otlp_http")), kind, &body), 200);
        spans += count;
    }
    coral.until_stored(spans);
    let jaeger = Jaeger::on(&program, coral.addresses["colony"].as_str().unwrap());
    let window = window(start);
    for path in [
        "/api/services".to_owned(),
        "/api/services/front/operations".to_owned(),
        "/api/operations?service=front&spanKind=server".to_owned(),
        format!("/api/traces/{TRACE}"),
        format!("/api/traces?service=front&{window}"),
        format!("/api/traces?service=front&{window}&tags=%7B%22s%22%3A%22text%22%7D"),
        format!("/api/traces?service=front&operation=none&{window}"),
        "/api/traces/deadbeef".to_owned(),
        format!("/api/dependencies?endTs={}&lookback=3600000", start / 1_000 + 600_000),
    ] {
        let theirs = comparable(&path, fetch(&format!("{}{path}", jaeger.query)));
        let ours = comparable(&path, fetch(&format!("{}{path}", coral.url("colony"))));
        let mut differences = Vec::new();
        differ(&path, &theirs.1, &ours.1, &mut differences);
        assert!(differences.is_empty(), "{}\n{}", differences.join("\n"), jaeger.peer.said());
    }
}

struct Jaeger {
    peer: Peer,
    /// The URL of its query API.
    query: String,
    /// The URL of its OTLP receiver.
    otlp: String,
}

impl Jaeger {
    /// Jaeger that keeps spans in memory.
    fn in_memory(program: &std::path::Path) -> Self {
        Self::start(program, "memory: {max_traces: 100000}")
    }

    /// Jaeger whose remote storage is the colony at `address`.
    fn on(program: &std::path::Path, address: &str) -> Self {
        Self::start(program, &format!("grpc: {{endpoint: \"{address}\", tls: {{insecure: true}}}}"))
    }

    fn start(program: &std::path::Path, storage: &str) -> Self {
        let (query, grpc, otlp) = (free_address(), free_address(), free_address());
        let yaml = format!(
            "service:\n\
             \x20 extensions: [jaeger_storage, jaeger_query]\n\
             \x20 pipelines: {{traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}}}\n\
             \x20 telemetry: {{metrics: {{level: none}}}}\n\
             extensions:\n\
             \x20 jaeger_query: {{storage: {{traces: store}}, http: {{endpoint: \"{query}\"}}, \
             grpc: {{endpoint: \"{grpc}\"}}}}\n\
             \x20 jaeger_storage: {{backends: {{store: {{{storage}}}}}}}\n\
             receivers: {{otlp: {{protocols: {{http: {{endpoint: \"{otlp}\"}}}}}}}}\n\
             exporters: {{jaeger_storage_exporter: {{trace_storage: store}}}}\n"
        );
        let peer = Peer::start(program, &yaml);
        let jaeger =
            Self { peer, query: format!("http://{query}"), otlp: format!("http://{otlp}") };
        eventually(|| match http().get(format!("{}/api/services", jaeger.query)).call() {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}: {}", jaeger.peer.said())),
        });
        jaeger
    }

    fn export(&self, kind: &str, body: &[u8]) {
        let url = format!("{}/v1/traces", self.otlp);
        eventually(|| match post(&url, kind, body) {
            200 => Ok(()),
            status => Err(format!("{status}: {}", self.peer.said())),
        });
    }

    /// Waits until the last trace that was sent is found.
    fn until_it_has(&self, start: i64) {
        let last = format!("{}/api/traces?service=last&{}", self.query, window(start));
        eventually(|| match &fetch(&last) {
            (200, Value::Object(answer)) if answer["data"] != json!([]) => Ok(()),
            answer => Err(format!("{answer:?}")),
        });
    }
}

/// The requests of both APIs that are compared.
fn paths(start: i64) -> Vec<String> {
    let window = window(start);
    let times = format!(
        "query.start_time_min={}&query.start_time_max={}&query.num_traces=20",
        rfc3339(start - 600_000_000),
        rfc3339(start + 600_000_000)
    );
    let fixed = [
        "/api/services",
        "/api/services/front/operations",
        "/api/services/none/operations",
        "/api/operations?service=front",
        "/api/operations?service=front&spanKind=server",
        "/api/operations",
        "/api/traces/1234567890abcdef",
        "/api/traces/00000000000000001234567890abcdef",
        "/api/traces/deadbeef",
        "/api/traces/zzz",
        "/api/traces/0",
        "/api/traces",
        "/api/traces?traceID=xyz",
        "/api/dependencies?endTs=abc&lookback=1",
        "/api/v3/services",
        "/api/v3/operations?service=front",
        "/api/v3/operations?service=front&span_kind=server",
        "/api/v3/traces/deadbeef",
        "/api/v3/traces",
    ];
    let of_trace = ["", "?raw=true", "?prettyPrint=true", "?start=abc"];
    let searches = [
        "",
        "&operation=GET%20%2Fx",
        "&operation=none",
        "&tags=%7B%22s%22%3A%22text%22%7D",
        "&tags=%7B%22i%22%3A%2242%22%7D",
        "&tags=%7B%22b%22%3A%22true%22%7D",
        "&tags=%7B%22d%22%3A%221.5%22%7D",
        "&tags=%7B%22error%22%3A%22true%22%7D",
        "&tags=%7B%22host.name%22%3A%22h1%22%7D",
        "&tags=%7B%22exception.message%22%3A%22bad%22%7D",
        "&tag=s:text",
        "&tag=s:none",
        "&tag=nocolon",
        "&minDuration=10ms",
        "&minDuration=60ms",
        "&maxDuration=1ms",
        "&minDuration=5ms&maxDuration=1ms",
        "&minDuration=bogus",
        "&limit=abc",
    ];
    let searches_v3 =
        ["", "&query.duration_min=60ms", "&query.duration_min=abc", "&query.operation_name=none"];
    let mut paths: Vec<String> = fixed.iter().map(|path| (*path).to_owned()).collect();
    paths.extend(of_trace.map(|rest| format!("/api/traces/{TRACE}{rest}")));
    paths.extend([format!("/api/traces/{}", TRACE.to_uppercase())]);
    paths.extend([format!("/api/traces?traceID=deadbeef&traceID={TRACE}")]);
    paths.extend(searches.map(|rest| format!("/api/traces?service=front&{window}{rest}")));
    paths.extend([format!("/api/traces?service=back&{window}")]);
    paths.extend([format!("/api/v3/traces/{TRACE}")]);
    paths.extend(
        searches_v3.map(|rest| format!("/api/v3/traces?query.service_name=front&{times}{rest}")),
    );
    paths.extend([format!("/api/dependencies?endTs={}&lookback=3600000", start / 1_000 + 600_000)]);
    paths
}

fn window(start: i64) -> String {
    format!("start={}&end={}", start - 600_000_000, start + 600_000_000)
}

fn post(url: &str, kind: &str, body: &[u8]) -> u16 {
    let answer = http().post(url).header("content-type", kind).send(body);
    answer.map_or(0, |answer| answer.status().as_u16())
}

fn fetch(url: &str) -> (u16, Value) {
    let mut answer = http().get(url).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (answer.status().as_u16(), json)
}

fn now_us() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

fn rfc3339(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us).unwrap().to_string()
}
