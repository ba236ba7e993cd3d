//! Acknowledgement, disconnection and shutdown.

use reqwest::Client;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// Posts a valid export on a new connection, and returns the status.
async fn post(to: String) -> u16 {
    let request = Client::new().post(to).header("content-type", "application/x-protobuf");
    request.body(export(3, 0)).send().await.unwrap().status().as_u16()
}

fn all_stored() -> Result<ExportCounts, Refusal> {
    Ok(ExportCounts { new: 2, duplicate: 1, grown: 0 })
}

#[tokio::test]
async fn an_export_is_acknowledged_only_after_its_commit() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let mut answer = Box::pin(post(running.http_url()));
    let queued = async {
        tokio::select! { _ = &mut answer => None, it = outlet.recv() => it }
    };
    let export = in_time(queued).await.expect("the answer came before the commit");
    let early = tokio::time::timeout(Duration::from_millis(100), &mut answer).await;
    assert!(early.is_err(), "the answer came before the commit");
    assert_eq!((running.spans("received"), running.spans("stored")), (3, 0));
    export.exporter.answer(all_stored());
    assert_eq!(in_time(answer).await, 200);
    assert_eq!((running.spans("stored"), running.spans("duplicate")), (2, 1));
    running.ends().await;
}

#[tokio::test]
async fn a_full_queue_refuses_exports_and_still_stores_those_it_has() {
    let (mut running, mut outlet) = receiver(LIMITS).await;
    let url = running.http_url();
    let (first, second) = tokio::join!(post(url.clone()), async {
        let counters = running.counters.clone();
        eventually(|| counters.snapshot()["coral.agent.spans.received"] == 3).await;
        let second = in_time(post(url)).await;
        outlet.recv().await.unwrap().exporter.answer(all_stored());
        second
    });
    assert_eq!((first, second), (200, 429));
    assert_eq!((running.spans("received"), running.spans("refused.busy")), (6, 3));
    running.tasks.spawn(async move { while outlet.recv().await.is_some() {} });
    running.ends().await;
}

#[tokio::test]
async fn a_client_that_disconnects_within_its_body_does_no_harm() {
    let running = receiver_and_writer(LIMITS, Ok(())).await;
    let head = "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    for broken in [format!("{head}content-length: 100\r\n\r\n{{"), head.to_owned()] {
        let mut stream = TcpStream::connect(running.http).await.unwrap();
        stream.write_all(broken.as_bytes()).await.unwrap();
    }
    eventually(|| running.requests("http.refused.disconnected") == 1).await;
    assert_eq!(in_time(post(running.http_url())).await, 200);
    running.ends().await;
}

#[tokio::test]
async fn spans_of_a_client_that_disconnected_early_are_stored_and_counted() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let clients = [Client::builder(), Client::builder().http2_prior_knowledge()];
    for (gone, client) in (1..).zip(clients) {
        let request = client.build().unwrap().post(running.http_url());
        let request = request.header("content-type", "application/x-protobuf").body(export(3, 0));
        let queued = async {
            tokio::select! { _ = request.send() => None, it = outlet.recv() => it }
        };
        let export = in_time(queued).await.unwrap();
        eventually(|| running.requests("http.refused.disconnected") == gone).await;
        export.exporter.answer(all_stored());
    }
    eventually(|| running.spans("stored") + running.spans("duplicate") == 6).await;
    assert_eq!(running.spans("received"), 6);
    running.ends().await;
}

#[tokio::test]
async fn spans_that_the_writer_does_not_account_for_count_as_dropped() {
    let (running, mut outlet) = receiver(LIMITS).await;
    tokio::join!(post(running.http_url()), async {
        outlet.recv().await.unwrap().exporter.answer(Ok(ExportCounts {
            new: 1,
            duplicate: 0,
            grown: 0,
        }));
    });
    assert_eq!((running.spans("stored"), running.spans("dropped")), (1, 2));
    running.ends().await;
}

#[tokio::test]
async fn every_span_is_counted_exactly_once_however_its_request_ends() {
    let (mut running, mut outlet) = receiver(LIMITS).await;
    let (queued, mut arrived) = mpsc::channel(1);
    running.tasks.spawn(async move {
        let outcomes = [all_stored(), Err(busy()), Err(disk_full()), Ok(ExportCounts::default())];
        for outcome in outcomes.into_iter().cycle() {
            let Some(export) = outlet.recv().await else { return };
            // A client that is to disconnect does so while its export waits.
            let _ = queued.send(()).await;
            export.exporter.answer(outcome);
        }
    });
    for (n, invalid) in (0..60).zip([0, 2].into_iter().cycle()) {
        let request = Client::new().post(running.http_url()).body(export(3, invalid));
        let answer = request.header("content-type", "application/x-protobuf").send();
        if n % 3 == 0 {
            tokio::select! { _ = arrived.recv() => {}, _ = answer => {} }
        } else {
            let _ = tokio::join!(answer, arrived.recv());
        }
    }
    let counters = running.counters.clone();
    running.ends().await;
    let counts = counters.snapshot();
    let sum = |prefix: &str| -> u64 {
        let all = counts.iter().filter(|(name, _)| name.starts_with(prefix));
        all.map(|(_, count)| *count).sum()
    };
    let received = counts["coral.agent.spans.received"];
    assert_eq!(sum("coral.agent.spans."), 2 * received, "{counts:?}");
    assert_eq!(sum("coral.agent.requests."), 60, "{counts:?}");
    assert!(received > 0 && counts["coral.agent.spans.dropped"] > 0);
}

#[tokio::test]
async fn a_shutdown_answers_requests_in_flight_and_does_not_wait_for_idle_connections() {
    let (running, mut outlet) = receiver(LIMITS).await;
    let silent = TcpStream::connect(running.http).await.unwrap();
    let mut idle = TcpStream::connect(running.grpc).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(idle.read(&mut [0; 1000]).await.unwrap() > 0);
    let (url, http) = (running.http_url(), running.http);
    let (status, ()) = tokio::join!(post(url), async {
        let export = in_time(outlet.recv()).await.unwrap();
        running.stop.cancel();
        in_time(async { while TcpStream::connect(http).await.is_ok() {} }).await;
        export.exporter.answer(all_stored());
        running.ends().await;
        assert!(outlet.recv().await.is_none(), "the receiver kept its inlet");
    });
    assert_eq!(status, 200);
    drop((silent, idle));
}
