//! Queries Beyla's health check, which exists since version 3.16.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of bytes that are read of an answer: enough for the status line.
const MAX_BYTES: u64 = 64;

/// A free port on loopback. Each start of Beyla uses another port, because the last one may stay in
/// use for minutes while the kernel detaches the probes of an ended Beyla.
pub fn free_port() -> Option<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    Some(listener.local_addr().ok()?.port())
}

/// Whether the health check on `port` answers with status 200 within two seconds.
pub async fn answers(port: u16) -> bool {
    let asked = tokio::time::timeout(ANSWER_TIMEOUT, ask((Ipv4Addr::LOCALHOST, port).into())).await;
    asked.is_ok_and(|status| status.is_ok_and(|line| line.contains(" 200 ")))
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut line = Vec::new();
    stream.take(MAX_BYTES).read_to_end(&mut line).await?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_success_counts_as_healthy() {
        for (answer, well) in [
            ("HTTP/1.1 200 OK\r\n\r\n{\"schema_version\":1}", true),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", false),
            ("hello", false),
            ("", false),
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            };
            let (found, ()) = tokio::join!(answers(port), serve);
            assert_eq!(found, well, "{answer}");
        }
        assert!(!answers(free_port().unwrap()).await, "nobody listens");
    }
}
