//! An agent with a valid certificate that answers polls with whatever harms the colony.

use std::sync::Mutex;

use coral_trace::{Span, SpanId};
use coral_wire::agent_rpc::proto::agent_service_server::{AgentService, AgentServiceServer};
use coral_wire::agent_rpc::proto::{
    BeylaHttpMetric, MetricPage, QueryBeylaMetricsRequest, QueryBeylaMetricsResponse,
    QueryTelemetryRequest, QueryTelemetryResponse, SpanPage, UntracedService,
};
use coral_wire::otlp_out;
use tonic::{Request, Response, Status};

use super::super::hostile::peak_memory;
use super::super::path::reference_trace;
use super::super::process::eventually;
use super::server::Server;
use super::*;

/// Memory that a malicious agent may add at most, in MiB: pages of at most 8 MiB, decoded.
const MAX_GROWTH: u64 = 250;

/// Makes the page of an answer from the receipt after which it is asked for.
type Script = Box<dyn Fn(u64) -> QueryBeylaMetricsResponse + Send + Sync>;

/// Answers with a script, and counts the requests.
struct Malicious {
    script: Script,
    asked: Arc<Mutex<u64>>,
}

#[tonic::async_trait]
impl AgentService for Malicious {
    async fn query_beyla_metrics(
        &self,
        request: Request<QueryBeylaMetricsRequest>,
    ) -> Result<Response<QueryBeylaMetricsResponse>, Status> {
        *self.asked.lock().unwrap() += 1;
        let request = request.into_inner();
        let after = request.after_receipt.or(request.after_metric_receipt).unwrap_or_default();
        Ok(Response::new((self.script)(after)))
    }

    async fn query_telemetry(
        &self,
        request: Request<QueryTelemetryRequest>,
    ) -> Result<Response<QueryTelemetryResponse>, Status> {
        let page = (self.script)(request.into_inner().after_receipt.unwrap_or_default()).page;
        Ok(Response::new(QueryTelemetryResponse { page, ..Default::default() }))
    }
}

fn answer(page: SpanPage) -> QueryBeylaMetricsResponse {
    let metric_page = Some(MetricPage { store_id: page.store_id.clone(), ..MetricPage::default() });
    QueryBeylaMetricsResponse { page: Some(page), metric_page, ..Default::default() }
}

fn page(after: u64, spans: &[Span]) -> SpanPage {
    SpanPage {
        store_id: "a store".to_owned(),
        next_receipt: after.saturating_add(1),
        last_receipt: after.saturating_add(1),
        first_receipt: 1,
        otlp: otlp_out::encode(spans),
        spans: spans.len() as u32,
        ..SpanPage::default()
    }
}

fn spans(services: &str) -> Vec<Span> {
    let mut spans = reference_trace(now());
    for span in &mut spans {
        span.name = services.to_owned();
    }
    spans
}

fn scripts() -> Vec<(&'static str, Script)> {
    vec![
        (
            "a page of 9 MiB",
            Box::new(|after| answer(SpanPage { otlp: vec![10; 9 << 20], ..page(after, &[]) })),
        ),
        (
            "a page of no OTLP",
            Box::new(|after| {
                answer(SpanPage { otlp: vec![0xff; 4_096], spans: 7, ..page(after, &[]) })
            }),
        ),
        (
            "a name of 5 MB",
            Box::new(|after| answer(page(after, &spans(&"n".repeat(5_000_000))[..1]))),
        ),
        (
            "another store each time",
            Box::new(|after| {
                let store_id = format!("store {after} {:?}", std::time::Instant::now());
                answer(SpanPage { store_id, has_more: true, ..page(after, &spans("s")) })
            }),
        ),
        (
            "a store id of 1 MB",
            Box::new(|after| {
                answer(SpanPage { store_id: "s".repeat(1 << 20), ..page(after, &[]) })
            }),
        ),
        (
            "an empty store id",
            Box::new(|after| {
                answer(SpanPage { store_id: String::new(), ..page(after, &spans("s")) })
            }),
        ),
        (
            "the last receipt of all",
            Box::new(|_| {
                answer(SpanPage {
                    next_receipt: u64::MAX,
                    last_receipt: u64::MAX,
                    first_receipt: u64::MAX,
                    spans: u32::MAX,
                    ..page(0, &spans("s"))
                })
            }),
        ),
        (
            "everything was missed, twice",
            Box::new(|after| {
                let next_receipt = if after == 0 { 1 } else { u64::MAX };
                answer(SpanPage {
                    next_receipt,
                    last_receipt: u64::MAX,
                    first_receipt: u64::MAX,
                    ..page(after, &[])
                })
            }),
        ),
        (
            "receipts that go back",
            Box::new(|after| {
                answer(SpanPage {
                    next_receipt: after.saturating_sub(5),
                    last_receipt: 0,
                    has_more: true,
                    ..page(after, &spans("s"))
                })
            }),
        ),
        (
            "numbers that are none",
            Box::new(|after| {
                let mut said = answer(SpanPage {
                    beyla_sampling_rate: f64::NAN,
                    started_unix_us: i64::MIN,
                    spans: u32::MAX,
                    beyla: "\u{1b}[2J\n".repeat(100_000),
                    ..page(after, &spans("s"))
                });
                (said.total_metrics, said.total_traces) = (i32::MIN, -1);
                said.http_metrics = vec![BeylaHttpMetric::default(); 100];
                said
            }),
        ),
        (
            "a hundred thousand services",
            Box::new(|after| {
                let service =
                    |port| UntracedService { name: "n".repeat(50), port, ..Default::default() };
                let untraced = (0..100_000).map(service).collect();
                let metric_page = MetricPage {
                    store_id: "a store".into(),
                    untraced,
                    has_more: true,
                    ..MetricPage::default()
                };
                QueryBeylaMetricsResponse {
                    metric_page: Some(metric_page),
                    ..answer(page(after, &[]))
                }
            }),
        ),
        ("no page", Box::new(|_| QueryBeylaMetricsResponse::default())),
        (
            "pages without end",
            Box::new(|after| {
                answer(SpanPage { has_more: true, last_receipt: u64::MAX, ..page(after, &[]) })
            }),
        ),
        (
            "spans without end",
            Box::new(|after| {
                let mut endless = spans("endless");
                for span in &mut endless {
                    span.span_id = SpanId::try_from(after + 1).unwrap();
                }
                answer(SpanPage {
                    has_more: true,
                    last_receipt: u64::MAX,
                    ..page(after, &endless[..1])
                })
            }),
        ),
    ]
}

/// Waits until the honest agent `web-1` has sent `spans` spans more.
pub(super) fn still_polls(besieged: &Besieged, honest: &Coral, what: &str) {
    let bearer = format!("authorization: Bearer {}\r\n", besieged.viewer);
    let status = || -> serde_json::Value {
        let (status, answer) = besieged.get("/api/v1/status", &bearer);
        assert_eq!(status, 200, "{what}: {answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{what}: {body}"))
    };
    let stored = || {
        let status = status();
        let agents = status["agents"].as_array().unwrap().clone();
        let web = agents.into_iter().find(|agent| agent["agent_id"] == "web-1");
        web.map_or(0, |agent| agent["spans_stored"].as_u64().unwrap())
    };
    let before = stored();
    let mut trace = reference_trace(now());
    let id = now().0;
    for span in &mut trace {
        span.trace_id = u128::from(id).try_into().unwrap();
    }
    assert_eq!(honest.export(&trace), 200);
    eventually(|| match stored() {
        stored if stored >= before + trace.len() as u64 => Ok(()),
        stored => Err(format!("{what}: {stored} of the honest agent are stored")),
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malicious_agent_harms_no_other_agent_and_takes_little_memory() {
    let besieged = Besieged::new(&[]);
    let honest = besieged.joined_agent("web-1");
    still_polls(&besieged, &honest, "nothing");
    let before = peak_memory(&besieged.colony);
    for (number, (what, script)) in scripts().into_iter().enumerate() {
        let name = format!("evil-{number}");
        let asked = Arc::default();
        let service = Malicious { script, asked: Arc::clone(&asked) };
        let own = besieged.world.agent(&name, now());
        let service = AgentServiceServer::new(service).max_encoding_message_size(64 << 20);
        let server = Server::start(own, service).await;
        let mut client = besieged.rpc(Some(besieged.world.agent(&name, now()))).await;
        client.register_agent(server.registration(&name)).await.unwrap();
        eventually(|| match *asked.lock().unwrap() {
            0..=2 => Err(format!("{what}: the colony does not poll")),
            _ => Ok(()),
        });
        still_polls(&besieged, &honest, what);
    }
    let grown = peak_memory(&besieged.colony).saturating_sub(before);
    let said = besieged.colony.said();
    println!(
        "{} malicious agents: {before} MiB and {grown} more; {} bytes of log",
        scripts().len(),
        said.len()
    );
    assert!(grown < MAX_GROWTH, "{grown} MiB");
    assert!(!said.contains('\u{1b}') && !said.contains("panicked"), "{said}");
    assert!(said.lines().all(|line| line.len() < 2_000), "a line of an agent is that long");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_speaks_for_no_other_agent() {
    let besieged = Besieged::new(&[]);
    let honest = besieged.joined_agent("web-1");
    still_polls(&besieged, &honest, "nothing");
    // An agent at the address of another: the colony does not take its certificate for the other's.
    let service = Malicious {
        script: Box::new(|after| answer(page(after, &spans("forged")))),
        asked: Arc::default(),
    };
    let own = besieged.world.agent("web-2", now());
    let server = Server::start(own, AgentServiceServer::new(service)).await;
    let mut web_3 = besieged.rpc(Some(besieged.world.agent("web-3", now()))).await;
    web_3.register_agent(server.registration("web-3")).await.unwrap();
    let bearer = format!("authorization: Bearer {}\r\n", besieged.viewer);
    eventually(|| {
        let (_, status) = besieged.get("/api/v1/status", &bearer);
        match status.contains("that of agent web-2, and not of agent web-3") {
            true => Ok(()),
            false => Err(status),
        }
    });
    let (_, traces) = besieged.get("/api/v1/traces", &bearer);
    assert!(!traces.contains("forged"), "{traces}");
    still_polls(&besieged, &honest, "a forged address");
}
