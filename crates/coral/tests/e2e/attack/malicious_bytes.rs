//! An agent with a valid certificate that sends bytes which are no answer, without end.

use std::sync::atomic::Ordering;

use super::super::hostile::peak_memory;
use super::super::process::eventually;
use super::flood::frame;
use super::malicious_agent::still_polls;
use super::server::Server;
use super::*;

/// Memory that such an agent may add at most, in MiB.
const MAX_GROWTH: u64 = 100;

/// The bytes that are sent at first, and those that are sent again and again.
type Script = (&'static str, Vec<u8>, Vec<u8>);

/// HPACK: status 200 and the content type of gRPC.
fn head() -> Vec<u8> {
    [&[0x88, 0x0f, 0x10, 16][..], b"application/grpc"].concat()
}

fn scripts() -> Vec<Script> {
    let settings = frame(4, 0, 0, &[]);
    let begun = [settings.clone(), frame(1, 4, 1, &head())].concat();
    let message = |length: u32| frame(0, 0, 1, &[&[0][..], &length.to_be_bytes()].concat());
    let after = |more: Vec<u8>| [begun.clone(), more].concat();
    vec![
        ("a message of 4 GiB", after(message(u32::MAX)), vec![]),
        ("a message that never goes on", after(message(1_000_000)), vec![]),
        ("a message in bytes", after(message(7_000_000)), frame(0, 0, 1, &[0])),
        ("more than was allowed", after(message(7_000_000)), frame(0, 0, 1, &[0; 16_000])),
        ("empty frames", after(message(7_000_000)), frame(0, 0, 1, &[])),
        ("pings", settings.clone(), frame(6, 0, 0, &[7; 8])),
        ("settings", settings.clone(), frame(4, 0, 0, &[0, 3, 0, 0, 0, 9])),
        (
            "a head without an end",
            [settings.clone(), frame(1, 0, 1, &head())].concat(),
            frame(9, 0, 1, &[0x40, 1, b'x', 1, b'y']),
        ),
        ("early hints", settings.clone(), frame(1, 4, 1, &[0x08, 3, b'1', b'0', b'3'])),
        ("resets", settings.clone(), frame(3, 0, 1, &[0, 0, 0, 11])),
        ("a farewell", [settings, frame(7, 0, 0, &[0; 8])].concat(), vec![]),
        ("HTTP/1.1", b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"x: y\r\n".to_vec()),
        ("nothing", vec![], vec![]),
        ("noise", vec![], vec![0xa5; 4_096]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_sends_no_answer_but_bytes_without_end_delays_nobody() {
    let besieged = Besieged::new(&["colony.poll_timeout=500ms"]);
    let honest = besieged.joined_agent("web-1");
    still_polls(&besieged, &honest, "nothing");
    let before = peak_memory(&besieged.colony);
    let mut servers = Vec::new();
    for (number, (what, first, again)) in scripts().into_iter().enumerate() {
        let name = format!("evil-{number}");
        let own = besieged.world.agent(&name, now());
        let (server, connections) = Server::raw(own, first, again).await;
        let mut client = besieged.rpc(Some(besieged.world.agent(&name, now()))).await;
        client.register_agent(server.registration(&name)).await.unwrap();
        // The colony gives the first connection up, and tries another.
        eventually(|| match connections.load(Ordering::Relaxed) {
            0..=1 => Err(format!("{what}: the first connection is open still")),
            _ => Ok(()),
        });
        still_polls(&besieged, &honest, what);
        servers.push(server);
    }
    let grown = peak_memory(&besieged.colony).saturating_sub(before);
    println!("{} agents that send bytes: {before} MiB and {grown} more", servers.len());
    assert!(grown < MAX_GROWTH, "{grown} MiB");
    assert!(!besieged.colony.said().contains("panicked"));
}
