//! Hostile clients against the real program: its memory stays bounded, and other clients are
//! served.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use coral_trace::{Span, SpanId, TraceId, UnixNanos};
use coral_wire::agent_rpc::proto::QueryBeylaMetricsRequest;
use prost::Message as _;

use super::path::reference_trace;
use super::process::{Coral, eventually};

/// Memory that hostile clients may add at most, in MiB: the budgets of both receivers (64 each) and
/// of both ports for questions (32 each, in buffers that may be twice as long), and what eight
/// concurrent questions and DuckDB take.
const MAX_GROWTH: u64 = 400;
/// Longest time that any other client may wait for an answer.
const SERVED_TIMEOUT: Duration = Duration::from_secs(20);

pub fn address(coral: &Coral, socket: &str) -> SocketAddr {
    coral.addresses[socket].as_str().unwrap().parse().unwrap()
}

pub fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&to, SERVED_TIMEOUT).unwrap();
    stream.set_read_timeout(Some(SERVED_TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(SERVED_TIMEOUT)).unwrap();
    stream
}

fn proc(coral: &Coral, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{file}", coral.addresses["pid"])).unwrap()
}

/// The peak memory of the process, in MiB.
pub fn peak_memory(coral: &Coral) -> u64 {
    let status = proc(coral, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

/// The files that the process has open. To who is not root, the system shows the size of the table
/// alone, which is at most twice as much.
pub fn open_files(coral: &Coral) -> usize {
    let listed = std::fs::read_dir(format!("/proc/{}/fd", coral.addresses["pid"]));
    let size = || {
        let status = proc(coral, "status");
        let line = status.lines().find_map(|line| line.strip_prefix("FDSize:")).unwrap();
        line.trim().parse().unwrap()
    };
    listed.map_or_else(|_| size(), Iterator::count)
}

/// The CPU time that the process has used on all cores, in clock ticks of 10 ms.
fn cpu_ticks(coral: &Coral) -> u64 {
    let stat = proc(coral, "stat");
    let after_name = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Checks that requests of another client to each of `sockets` are answered in time.
pub fn serves_others(coral: &Coral, sockets: &[&str]) {
    for socket in sockets {
        let begin = Instant::now();
        match *socket {
            "agent_rpc" | "colony" => drop(coral.get(socket, "/api/v1/status")),
            otlp => {
                let spans = reference_trace(UnixNanos(1_795_608_000_000_000_000));
                assert_eq!(coral.post(otlp, &coral_wire::otlp_out::encode(&spans)), 200);
            }
        }
        assert!(begin.elapsed() < SERVED_TIMEOUT, "{socket} answered after {:?}", begin.elapsed());
    }
}

pub const EVERY_SOCKET: [&str; 6] =
    ["otlp_grpc", "otlp_http", "beyla_grpc", "beyla_http", "agent_rpc", "colony"];

/// The number of connections of a crowd: 10,000, or half of the files that this process may open.
pub fn crowd() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = line.split_whitespace().next().unwrap().parse().unwrap_or(20_000);
    10_000.min(soft / 2)
}

#[test]
fn ten_thousand_idle_connections_to_any_port_keep_nobody_out() {
    let coral = Coral::standalone(&[]);
    serves_others(&coral, &EVERY_SOCKET);
    let before = peak_memory(&coral);
    for socket in EVERY_SOCKET {
        let idle: Vec<TcpStream> = (0..crowd()).map(|_| connect(address(&coral, socket))).collect();
        serves_others(&coral, &EVERY_SOCKET);
        assert!(open_files(&coral) < 1_200, "{socket} has {} open", open_files(&coral));
        drop(idle);
    }
    let grown = peak_memory(&coral) - before;
    println!("{} idle connections to each port: {before} MiB and {grown} more", crowd());
    assert!(grown < 100, "{grown} MiB for idle connections");
}

#[test]
fn a_port_whose_file_handles_run_out_neither_dies_nor_spins() {
    let coral = Coral::agent("web-1", &[]);
    serves_others(&coral, &EVERY_SOCKET[..5]);
    let few = format!("--nofile={}:", open_files(&coral) + 10);
    let pid = coral.addresses["pid"].to_string();
    let limited = std::process::Command::new("prlimit").args(["--pid", &pid, &few]).status();
    assert!(limited.unwrap().success());
    for socket in &EVERY_SOCKET[..5] {
        let idle: Vec<TcpStream> = (0..200).map(|_| connect(address(&coral, socket))).collect();
        serves_others(&coral, &[socket]);
        let before = cpu_ticks(&coral);
        std::thread::park_timeout(Duration::from_millis(500));
        let used = cpu_ticks(&coral) - before;
        assert!(used < 25, "{socket}: {used} of 50 ticks went into nothing");
        drop(idle);
        serves_others(&coral, &EVERY_SOCKET[..5]);
    }
}

/// Writes `head` and then `body` until `body` ends or a write fails. Returns the response.
pub fn send(to: SocketAddr, head: &str, body: impl Iterator<Item = Vec<u8>>) -> String {
    let mut stream = connect(to);
    stream.write_all(head.as_bytes()).unwrap();
    for piece in body {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

pub fn head(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n")
}

const GIB: usize = 1 << 30;
const MIB: usize = 1 << 20;

pub fn gibibyte() -> impl Iterator<Item = Vec<u8>> {
    (0..GIB / MIB).map(|_| vec![0; MIB])
}

pub fn chunked(pieces: impl Iterator<Item = Vec<u8>>) -> impl Iterator<Item = Vec<u8>> {
    pieces.map(|piece| {
        let length = format!("{:x}\r\n", piece.len()).into_bytes();
        [length, piece, b"\r\n".to_vec()].concat()
    })
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let level = flate2::Compression::default();
    flate2::read::GzEncoder::new(bytes, level).read_to_end(&mut compressed).unwrap();
    compressed
}

fn zstd(bytes: &[u8], window_log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(window_log).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A request with far too large a body, and a text that its response must contain.
struct Bomb {
    name: &'static str,
    head: String,
    body: Box<dyn Iterator<Item = Vec<u8>> + Send>,
    answer: &'static str,
}

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";

/// A request for OTLP/HTTP whose body is compressed with `encoding`.
fn coded(name: &'static str, encoding: &str, body: Vec<u8>, answer: &'static str) -> Bomb {
    let (kind, length) = ("content-type: application/x-protobuf\r\n", body.len());
    let headers = format!("{kind}content-encoding: {encoding}\r\ncontent-length: {length}\r\n");
    Bomb { name, head: head("/v1/traces", &headers), body: Box::new([body].into_iter()), answer }
}

fn coded_bombs() -> Vec<Bomb> {
    let zeros = vec![0; MIB];
    let (members, frames) = (gzip(&zeros).repeat(1_024), zstd(&zeros, 20).repeat(1_024));
    let wide = zstd(&vec![0; 64 * MIB], 27);
    let too_large = "HTTP/1.1 413 ";
    vec![
        coded("gzip of one member", "gzip", gzip(&vec![0; 256 * MIB]), too_large),
        coded("gzip of many members", "gzip", members, too_large),
        coded("zstd of one frame", "zstd", zstd(&vec![0; 256 * MIB], 20), too_large),
        coded("zstd of many frames", "zstd", frames, too_large),
        coded("zstd with a window of 128 MiB", "zstd", wide, "HTTP/1.1 400 "),
        coded("zstd in zstd", "zstd", zstd(&zstd(&zeros, 20), 20), "HTTP/1.1 400 "),
        coded("gzip in gzip", "gzip", gzip(&gzip(&zeros)), "HTTP/1.1 400 "),
    ]
}

fn long_bombs() -> Vec<Bomb> {
    let kind = "content-type: application/x-protobuf\r\n";
    let grpc = "content-type: application/grpc\r\n";
    let framed = |length: u32, body: Box<dyn Iterator<Item = Vec<u8>> + Send>| {
        let frame = [&[0][..], &length.to_be_bytes()].concat();
        Box::new(chunked([frame].into_iter().chain(body)))
    };
    let announced = format!("{kind}content-length: {GIB}\r\n");
    let short = || Box::new([vec![0; 10], vec![]].into_iter());
    vec![
        Bomb {
            name: "a gibibyte, announced",
            head: head("/v1/traces", &announced),
            body: Box::new(gibibyte()),
            answer: "HTTP/1.1 413 ",
        },
        Bomb {
            name: "a gibibyte in chunks",
            head: head("/v1/traces", &format!("{kind}{CHUNKED}")),
            body: Box::new(chunked(gibibyte())),
            answer: "HTTP/1.1 413 ",
        },
        Bomb {
            name: "a gibibyte over gRPC, announced as five bytes",
            head: head(EXPORT, &format!("{grpc}{CHUNKED}")),
            body: framed(5, Box::new(gibibyte())),
            answer: "grpc-status: 8",
        },
        Bomb {
            name: "ten bytes over gRPC, announced as four gibibytes",
            head: head(EXPORT, &format!("{grpc}{CHUNKED}")),
            body: framed(u32::MAX, short()),
            answer: "grpc-status: 13",
        },
    ]
}

#[test]
fn bombs_and_endless_bodies_are_refused_with_the_right_code_and_others_are_served() {
    let coral = Coral::agent("web-1", &[]);
    serves_others(&coral, &EVERY_SOCKET[..5]);
    let before = peak_memory(&coral);
    let to = address(&coral, "otlp_http");
    for bomb in coded_bombs().into_iter().chain(long_bombs()) {
        let (name, expected) = (bomb.name, bomb.answer);
        let answer = throw(to, bomb);
        assert!(answer.contains(expected), "{name}: {answer:?}");
    }
    let one_by_one = peak_memory(&coral) - before;
    std::thread::scope(|scope| {
        for bomb in [coded_bombs(), long_bombs(), coded_bombs(), long_bombs()].into_iter().flatten()
        {
            // Some requests find no room, and their clients must retry.
            scope.spawn(move || {
                assert!(!throw(to, bomb).contains("200 OK\r\ncontent-type: application/x"))
            });
        }
        serves_others(&coral, &["beyla_http", "beyla_grpc", "agent_rpc"]);
    });
    serves_others(&coral, &["otlp_http", "otlp_grpc"]);
    let grown = peak_memory(&coral) - before;
    println!("bombs: {before} MiB, {one_by_one} more one by one, {grown} more all at once");
    assert!(grown < MAX_GROWTH, "{grown} MiB");
}

/// Sends a bomb, and checks that the response arrives in time.
fn throw(to: SocketAddr, bomb: Bomb) -> String {
    let begin = Instant::now();
    let answer = send(to, &bomb.head, bomb.body);
    assert!(begin.elapsed() < SERVED_TIMEOUT, "{} took {:?}", bomb.name, begin.elapsed());
    answer
}

#[test]
fn endless_questions_are_refused_by_the_ports_that_answer_questions() {
    let coral = Coral::standalone(&[]);
    serves_others(&coral, &EVERY_SOCKET);
    let before = peak_memory(&coral);
    let grpc = "content-type: application/grpc\r\n";
    for (socket, path) in [
        ("agent_rpc", "/coral.agent.v1.AgentService/QueryBeylaMetrics"),
        ("colony", "/coral.colony.v1.ColonyService/RegisterAgent"),
    ] {
        let frame = [&[0][..], &(GIB as u32).to_be_bytes()].concat();
        let body = chunked([frame].into_iter().chain(gibibyte()));
        let headers = format!("{grpc}te: trailers\r\n{CHUNKED}");
        let begin = Instant::now();
        let answer = send(address(&coral, socket), &head(path, &headers), body);
        assert!(!answer.contains("grpc-status: 0"), "{socket}: {answer}");
        assert!(begin.elapsed() < SERVED_TIMEOUT, "{socket} took {:?}", begin.elapsed());
        serves_others(&coral, &[socket]);
    }
    let grown = peak_memory(&coral) - before;
    assert!(grown < 100, "{grown} MiB");
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Number of spans of the trace that many clients request.
const TRACE_SPANS: u64 = 3_000;
/// One trace of more bytes than a page holds. Few long spans cost less CPU than many short ones.
fn long_trace() -> Vec<Span> {
    let template = reference_trace(UnixNanos(1_795_608_000_000_000_000)).remove(0);
    let span = |id: u64| Span {
        trace_id: TRACE.parse::<TraceId>().unwrap(),
        span_id: SpanId::try_from(id).unwrap(),
        name: "n".repeat(2_000),
        ..template.clone()
    };
    (1..=TRACE_SPANS).map(span).collect()
}

/// An HTTP/2 connection with a flow-control window of 0, on which `calls` pages are requested.
fn without_window(to: SocketAddr, calls: u8) -> TcpStream {
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS: an initial window of 0.
    frames.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    let page = QueryBeylaMetricsRequest {
        include_traces: true,
        after_receipt: Some(0),
        span_encoding: 1,
        ..QueryBeylaMetricsRequest::default()
    };
    let message = page.encode_to_vec();
    let body = [&[0][..], &(message.len() as u32).to_be_bytes(), &message].concat();
    for stream in (0..calls).map(|call| 2 * call + 1) {
        frames.extend(frame(1, 4, stream, &call_head()));
        frames.extend(frame(0, 1, stream, &body));
    }
    let mut connection = connect(to);
    connection.write_all(&frames).unwrap();
    connection
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// HPACK: POST http, and the rest as literals.
fn call_head() -> Vec<u8> {
    let mut head = vec![0x83, 0x86];
    let mut literal = |name: &[u8], value: &str| {
        head.extend_from_slice(name);
        head.push(value.len() as u8);
        head.extend_from_slice(value.as_bytes());
    };
    literal(&[0x04], "/coral.agent.v1.AgentService/QueryBeylaMetrics");
    literal(&[0x01], "a");
    literal(&[0x0f, 0x10], "application/grpc");
    literal(b"\x00\x02te", "trailers");
    head
}

#[test]
fn clients_that_ask_for_much_and_read_nothing_cost_little_and_keep_nobody_out() {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.export(&long_trace()), 200);
    coral.until_stored(TRACE_SPANS);
    let question = format!("GET /api/v1/traces/{TRACE} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    // The memory for one answer does not count, so one is requested before the measurement.
    assert_eq!(coral.get("colony", &format!("/api/v1/traces/{TRACE}"))["span_count"], TRACE_SPANS);
    let before = peak_memory(&coral);
    let (colony, agent) = (address(&coral, "colony"), address(&coral, "agent_rpc"));
    let mut deaf: Vec<TcpStream> = (0..12).map(|_| without_window(agent, 30)).collect();
    for _ in 0..50 {
        let mut pipelined = connect(colony);
        pipelined.write_all(question.repeat(100).as_bytes()).unwrap();
        deaf.push(pipelined);
    }
    let begin = Instant::now();
    // This question waits for its turn among those of the crowd. On a busy host the turn may come
    // too late: the response then is a 503, and the question is asked again.
    eventually(|| match coral.fetch("colony", "/api/v1/traces?limit=1") {
        (503, body) => Err(body),
        (status, body) => {
            assert_eq!(status, 200, "{body}");
            let list: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(list["traces"][0]["span_count"], TRACE_SPANS);
            Ok(())
        }
    });
    serves_others(&coral, &EVERY_SOCKET);
    let waited = begin.elapsed();
    let grown = peak_memory(&coral) - before;
    println!("deaf clients: {before} MiB and {grown} more; others waited {waited:?}");
    assert!(grown < MAX_GROWTH, "{grown} MiB for answers that nobody reads");
    drop(deaf);
}
