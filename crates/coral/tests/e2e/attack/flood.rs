//! Peers that begin much and finish nothing.

use super::super::hostile::{crowd, open_files, peak_memory};
use super::*;

/// Memory that a flood may add at most, in MiB.
const MAX_GROWTH: u64 = 150;

#[test]
fn ten_thousand_handshakes_half_done_keep_nobody_out() {
    let besieged = Besieged::new(&[]);
    besieged.still_answers();
    let before = peak_memory(&besieged.colony);
    let mut hello = Vec::new();
    let config = Arc::new(besieged.world.client(None, Workload::Colony));
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(config, name).unwrap().write_tls(&mut hello).unwrap();
    for sent in [1, hello.len() / 2, hello.len()] {
        let half: Vec<TcpStream> = (0..crowd())
            .map(|_| {
                let mut socket = super::connect(besieged.address());
                // The colony may have closed this connection already, for another.
                let _ = socket.write_all(&hello[..sent]);
                socket
            })
            .collect();
        besieged.still_answers();
        let open = open_files(&besieged.colony);
        assert!(open < 600, "{open} files are open after {sent} bytes each");
        drop(half);
    }
    let grown = peak_memory(&besieged.colony) - before;
    println!("{} handshakes half done, three times: {before} MiB and {grown} more", crowd());
    assert!(grown < MAX_GROWTH, "{grown} MiB");
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame of HTTP/2.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HPACK: `GET https localhost /api/v1/traces`.
fn get_head() -> Vec<u8> {
    let literal = |name: u8, value: &str| [&[name, value.len() as u8], value.as_bytes()].concat();
    [vec![0x82, 0x87], literal(0x01, "localhost"), literal(0x04, "/api/v1/traces")].concat()
}

/// Sends `frames` in a connection over HTTP/2 until the colony ends it. Returns how many it took.
fn flood(besieged: &Besieged, frames: impl Iterator<Item = Vec<u8>>) -> usize {
    let mut config = besieged.world.client(None, Workload::Colony);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut stream = tls_over(super::connect(besieged.address()), config);
    stream.write_all(PREFACE).unwrap();
    stream.flush().unwrap();
    let mut sent = 0;
    for piece in frames {
        if stream.write_all(&piece).is_err() {
            break;
        }
        sent += 1;
    }
    sent
}

#[test]
fn floods_of_http2_end_their_own_connection_and_nobody_elses() {
    const FRAMES: u32 = 100_000;
    let besieged = Besieged::new(&[]);
    besieged.still_answers();
    let before = peak_memory(&besieged.colony);
    let streams = || (0..FRAMES).map(|number| 2 * number + 1);
    // CVE-2023-44487: streams that are reset as soon as they are open.
    let resets = streams().map(|stream| {
        [frame(1, 5, stream, &get_head()), frame(3, 0, stream, &8u32.to_be_bytes())].concat()
    });
    let resets = flood(&besieged, resets);
    assert!(resets < FRAMES as usize, "all {resets} resets were taken");
    besieged.still_answers();
    // CVE-2024-27316: a head without an end.
    let endless = std::iter::once(frame(1, 0, 1, &get_head()));
    let endless = endless.chain((0..FRAMES).map(|_| frame(9, 0, 1, &[0x40, 1, b'x', 1, b'y'])));
    let endless = flood(&besieged, endless);
    assert!(endless < FRAMES as usize, "all {endless} continuations were taken");
    besieged.still_answers();
    // CVE-2019-9512 and CVE-2019-9515: pings and settings, whose answers nobody reads.
    for (what, kind, payload) in [("pings", 6, &[7; 8][..]), ("settings", 4, &[][..])] {
        let taken = flood(&besieged, (0..FRAMES).map(|_| frame(kind, 0, 0, payload)));
        println!("{taken} {what}");
        besieged.still_answers();
    }
    let grown = peak_memory(&besieged.colony) - before;
    println!("{resets} resets, {endless} continuations: {before} MiB and {grown} more");
    assert!(grown < MAX_GROWTH, "{grown} MiB");
}

#[test]
fn a_head_that_is_too_long_or_has_too_many_lines_is_refused() {
    let besieged = Besieged::new(&[]);
    let long = format!("x: {}\r\n", "y".repeat(1 << 20));
    let many = "x: y\r\n".repeat(10_000);
    let path = format!("/{}", "a".repeat(1 << 20));
    for (what, target, headers) in [
        ("a long line", "/healthz", long.as_str()),
        ("many lines", "/healthz", &many),
        ("a long path", &path, ""),
    ] {
        let (status, answer) = besieged.get(target, headers);
        assert!(matches!(status, 0 | 400 | 414 | 431), "{what}: {answer}");
        assert!(answer.len() < 4_096, "{what}: {} bytes", answer.len());
    }
    besieged.still_answers();
}
