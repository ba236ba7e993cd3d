//! The ports for questions: the `Host` check, unknown paths, compression.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use coral_trace::UnixNanos;
use coral_wire::colony_rpc::proto::RegisterAgentRequest;
use coral_wire::colony_rpc::proto::colony_service_client::ColonyServiceClient;
use flate2::read::GzDecoder;
use serde_json::Value;
use tonic::transport::Endpoint;

use super::path::reference_trace;
use super::process::Coral;

/// Status, head and body of the response to a `GET` with these headers.
fn get(coral: &Coral, socket: &str, path: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let address: SocketAddr = coral.addresses[socket].as_str().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n{headers}\r\n\r\n").unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let end = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(response[..end].to_vec()).unwrap();
    (head[9..12].parse().unwrap(), head, response[end + 4..].to_vec())
}

const EVERY_PATH: [(&str, &str); 7] = [
    ("colony", "/api/v1/traces"),
    ("colony", "/api/v1/status"),
    ("colony", "/metrics"),
    ("colony", "/nowhere"),
    ("agent_rpc", "/api/v1/status"),
    ("agent_rpc", "/metrics"),
    ("agent_rpc", "/healthz"),
];

#[test]
fn a_page_whose_name_was_rebound_to_loopback_reads_nothing_until_its_name_is_allowed() {
    let coral = Coral::standalone(&[]);
    assert_eq!(coral.export(&reference_trace(UnixNanos(1_795_608_000_000_000_000))), 200);
    for (socket, path) in EVERY_PATH {
        let (status, head, body) = get(&coral, socket, path, "Host: evil.example");
        assert_eq!(status, 421, "{socket}{path}: {head}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "`evil.example` is not a name of this server");
        let key =
            if socket == "colony" { "`colony.allowed_hosts`" } else { "`agent.allowed_hosts`" };
        assert!(body["hint"].as_str().unwrap().contains(key), "{body}");
        assert_ne!(get(&coral, socket, path, "Host: localhost:9").0, 421);
    }
    let allowed = ["colony.allowed_hosts=[Evil.example]", "agent.allowed_hosts=[evil.example]"];
    let coral = Coral::standalone(&allowed);
    for (socket, path) in EVERY_PATH {
        assert_ne!(get(&coral, socket, path, "Host: evil.example:80").0, 421, "{socket}{path}");
    }
}

#[tokio::test]
async fn an_agent_registers_at_a_colony_under_whatever_name_it_finds_it_by() {
    let (colony, agent) = (Coral::colony(&[]), Coral::agent("web-1", &[]));
    let endpoint = Endpoint::from_shared(colony.url("colony")).unwrap();
    let endpoint = endpoint.origin("http://colony:9000".parse().unwrap());
    let mut client = ColonyServiceClient::new(endpoint.connect().await.unwrap());
    let request = RegisterAgentRequest {
        agent_id: "web-1".into(),
        address: agent.url("agent_rpc"),
        version: "1.2.3".into(),
        store_id: String::new(),
    };
    client.register_agent(request).await.unwrap();
    let status = colony.get("colony", "/api/v1/status");
    assert_eq!(status["agents"][0]["agent_id"], "web-1", "{status}");
}

#[test]
fn answers_are_compressed_for_those_who_ask_for_it() {
    let coral = Coral::standalone(&[]);
    for (socket, path) in
        [("colony", "/metrics"), ("agent_rpc", "/metrics"), ("colony", "/api/v1/status")]
    {
        let (_, head, plain) = get(&coral, socket, path, "Accept: */*");
        assert!(!head.contains("content-encoding"), "{head}");
        let (_, head, packed) = get(&coral, socket, path, "Accept-Encoding: gzip");
        assert!(head.contains("content-encoding: gzip"), "{head}");
        let mut text = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        let first_line = |text: &str| text.lines().next().unwrap()[..20].to_owned();
        assert_eq!(first_line(&text), first_line(&String::from_utf8(plain).unwrap()));
        assert!(packed.len() < text.len() / 2, "{} of {}", packed.len(), text.len());
    }
    let (_, head, _) = get(&coral, "colony", "/healthz", "Accept-Encoding: gzip");
    assert!(!head.contains("content-encoding"), "{head}");
}

#[test]
fn an_unknown_path_says_where_the_known_ones_are_listed() {
    let coral = Coral::standalone(&[]);
    for socket in ["colony", "agent_rpc"] {
        let (status, head, body) = get(&coral, socket, "/api/v9/traces", "Accept: */*");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, &body["error"]),
            (404, &"no such path: `/api/v9/traces`".into()),
            "{head}"
        );
        assert!(body["hint"].as_str().unwrap().contains("/api/v1/openapi.json"), "{body}");
    }
}
