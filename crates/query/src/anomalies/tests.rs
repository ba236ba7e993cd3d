//! New and vanished edges as anomalies.

use coral_trace::{Attributes, Span, SpanId, SpanKind, UnixNanos};
use expect_test::expect;

use crate::AnomaliesQuestion;
use crate::tests::shop::{NOON, ask, request, sources};

/// A request, and a call that it makes to an external host without spans.
fn calling(id: u64, host: &str, secs: u64) -> [Span; 2] {
    let request = request(id, "shop", "/list", secs, 50);
    let attributes = [("http.request.method", "GET"), ("server.address", host)];
    let call = Span {
        span_id: SpanId::try_from(1_000_000 + id).unwrap(),
        parent_span_id: Some(request.span_id),
        name: format!("GET {host}"),
        kind: SpanKind::Client,
        start: UnixNanos(request.start.0 + 1_000_000),
        end: UnixNanos(request.start.0 + 5_000_000),
        attributes: attributes.into_iter().collect::<Attributes>(),
        ..request.clone()
    };
    [request, call]
}

/// One line per anomaly: the kind, the component and the span ids of the evidence.
fn anomaly_lines(spans: Vec<Span>) -> String {
    let (_dir, sources) = sources(spans);
    let now = (NOON / 1_000) as i64;
    let hour = 3_600_000_000;
    let answer = ask(
        &sources,
        &AnomaliesQuestion {
            since_unix_us: now - hour,
            until_unix_us: now,
            baseline_us: hour,
            find_beginning: false,
        },
    );
    let mut text = String::new();
    for anomaly in answer.anomalies {
        let spans: Vec<String> =
            anomaly.evidence.iter().map(|seen| format!("{:x}", seen.span_id.as_u64())).collect();
        text += &format!("{} {}: {}\n", anomaly.kind.as_str(), anomaly.component, spans.join(" "));
    }
    text
}

/// A third of the window's requests call `rare`, but none of the newest do. Each request of the
/// baseline calls `old`.
#[test]
fn a_new_edge_is_reported_once_with_calls_over_the_edge_as_evidence() {
    let before = (1..=300).flat_map(|n| calling(n, "old", 3_600 + 10 * n));
    let plain = (301..=500).map(|n| request(n, "shop", "/list", 10 * (n - 300), 50));
    let now = (501..=600).flat_map(|n| calling(n, "rare", 1_000 + 20 * (n - 500)));
    expect![[r#"
        vanished_edge shop → old over http: f4241 f4242 f4243
        missing_child GET /list: 12d 12e 12f 130 131
        new_edge shop → rare over http: f4435 f4436 f4437
    "#]]
    .assert_eq(&anomaly_lines(before.chain(plain).chain(now).collect()));
}

#[test]
fn a_new_edge_in_few_of_many_traces_is_no_anomaly() {
    let before = (1..=2_000).map(|n| request(n, "shop", "/list", 3_600 + n, 50));
    let plain = (2_001..=4_000).map(|n| request(n, "shop", "/list", n - 2_000, 50));
    let now = (4_001..=4_010).flat_map(|n| calling(n, "rare", n - 4_000));
    expect![[""]].assert_eq(&anomaly_lines(before.chain(plain).chain(now).collect()));
}
