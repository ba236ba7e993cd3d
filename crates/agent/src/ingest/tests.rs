//! Exports over real sockets into a real store: the counters add up, and what is acknowledged is
//! stored.

use std::collections::BTreeSet;

use coral_store::StoreConfig;
use coral_trace::{Collector, Recogniser, Span, SpanId, TraceId};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use proptest::prelude::*;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::counters::IntakeCounters;
use crate::receive::{self, Destination, Limits};

/// One request of an exporter.
#[derive(Clone, Debug)]
struct Request {
    /// Ids of its valid spans. Ids repeat within a request and between requests.
    spans: Vec<u64>,
    /// Number of its spans whose trace id is too short.
    invalid: u64,
    outcome: Outcome,
    /// How many times the exporter yields to other tasks before it disconnects; `None` if it waits
    /// for the answer.
    patience: Option<u16>,
}

/// What happens in a commit that contains the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Stores,
    Fails,
    /// The spans are stored, and then the commit returns an error.
    FailsLate,
    Panics,
    /// The spans are stored, but the commit counts one span too few.
    Forgets,
}

impl Outcome {
    const ALL: [Self; 5] =
        [Self::Stores, Self::Fails, Self::FailsLate, Self::Panics, Self::Forgets];

    const fn span_name(self) -> &'static str {
        match self {
            Self::Stores => "stores",
            Self::Fails => "fails",
            Self::FailsLate => "fails late",
            Self::Panics => "panics",
            Self::Forgets => "forgets",
        }
    }
}

/// Stores spans as the outcomes of their requests say.
fn append(store: &Store, exports: &[SpanRows]) -> Result<Vec<ExportCounts>, StoreError> {
    let exports_of: Vec<Vec<Span>> = exports.iter().map(SpanRows::to_spans).collect();
    let holds =
        |outcome: Outcome| exports_of.iter().flatten().any(|span| span.name == outcome.span_name());
    let full = || StoreError::Log {
        path: "spans.log".into(),
        source: std::io::ErrorKind::StorageFull.into(),
    };
    assert!(!holds(Outcome::Panics), "a scripted defect");
    if holds(Outcome::Fails) {
        return Err(full());
    }
    let mut counts = append_spans(store, exports)?;
    if holds(Outcome::FailsLate) {
        return Err(full());
    }
    for (export, counts) in exports_of.iter().zip(&mut counts) {
        if export.iter().any(|span| span.name == Outcome::Forgets.span_name()) {
            counts.new = counts.new.saturating_sub(1);
        }
    }
    Ok(counts)
}

impl Request {
    fn encode(&self) -> Vec<u8> {
        let ids = self.spans.iter().map(|id| (*id, 16)).chain((0..self.invalid).map(|id| (id, 3)));
        let spans = ids.map(|(id, trace_id_bytes)| otlp::Span {
            trace_id: vec![7; trace_id_bytes],
            span_id: (id + 1).to_be_bytes().to_vec(),
            name: self.outcome.span_name().to_owned(),
            ..otlp::Span::default()
        });
        let scope_spans =
            vec![otlp::ScopeSpans { spans: spans.collect(), ..otlp::ScopeSpans::default() }];
        let resource_spans =
            vec![otlp::ResourceSpans { scope_spans, ..otlp::ResourceSpans::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    /// Sends the request. Returns the ids that were acknowledged.
    async fn send(self, client: reqwest::Client, url: String) -> Vec<u64> {
        let request = client.post(url).header("content-type", "application/x-protobuf");
        let answer = request.body(self.encode()).send();
        let patience = async {
            let Some(turns) = self.patience else { return std::future::pending().await };
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = answer => match answer {
                Ok(answer) if answer.status().as_u16() == 200 => self.spans,
                _ => Vec::new(),
            },
            () = patience => Vec::new(),
        }
    }
}

fn request() -> impl Strategy<Value = Request> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Stores),
        1 => prop::sample::select(Outcome::ALL.to_vec()),
    ];
    let patience = prop_oneof![2 => Just(None), 1 => (0..300u16).prop_map(Some)];
    (prop::collection::vec(0..40u64, 0..6), 0..2u64, outcome, patience).prop_map(
        |(spans, invalid, outcome, patience)| Request { spans, invalid, outcome, patience },
    )
}

const LIMITS: Limits = Limits {
    body_bytes: 1 << 20,
    in_flight_bytes: 4 << 20,
    connections: 64,
    streams: 16,
    body_timeout: Duration::from_secs(30),
    headers_timeout: Duration::from_secs(30),
};

/// Sends all requests at once, into a queue of `room` exports, and checks that the counters add up.
/// The writer is aborted after `writer_answers` answers, if that is set.
async fn check(
    requests: Vec<Request>,
    room: usize,
    writer_answers: Option<usize>,
) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: 1_000 });
    let store = store.unwrap();
    let (inlet, queue) = inlet::queue(room, 1 << 20);
    let (metrics, _) = inlet::queue(1, 1);
    let counters = Arc::new(IntakeCounters::default());
    let destination = Destination {
        inlet,
        metrics,
        recogniser: Arc::new(Recogniser::everything_ebpf()),
        privacy: Arc::new(crate::privacy::tests::default_privacy()),
        series: Arc::default(),
        arrivals: None,
        counters: counters.clone(),
    };
    let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listeners = receive::Listeners { grpc: bind().await, http: bind().await };
    let url = format!("http://{}/v1/traces", listeners.http.local_addr().unwrap());
    let stop = CancellationToken::new();
    let (mut tasks, mut exports) = (JoinSet::new(), JoinSet::new());
    tasks.spawn(receive::run(
        listeners,
        destination,
        LIMITS,
        receive::Access::default(),
        stop.clone(),
    ));
    let committed = watch::Sender::new(());
    let writer = tasks.spawn(Ingest { queue, store: store.clone(), append, committed }.run());

    let client = reqwest::Client::new();
    for request in requests {
        exports.spawn(request.send(client.clone(), url.clone()));
    }
    let (mut acknowledged, mut answers) = (BTreeSet::new(), 0);
    while let Some(ids) = exports.join_next().await {
        acknowledged.extend(ids.unwrap());
        answers += 1;
        if writer_answers == Some(answers) {
            writer.abort();
        }
    }
    stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        prop_assert!(ended.is_ok() || writer_answers.is_some(), "{:?}", ended);
    }

    let counts = counters.snapshot();
    let count = |name: &str| counts[&format!("coral.agent.spans.{name}")];
    let refused = ["invalid", "busy", "cannot_store", "shutting_down"];
    let refused: u64 = refused.iter().map(|reason| count(&format!("refused.{reason}"))).sum();
    let outcomes = count("stored") + refused + count("dropped") + count("duplicate");
    prop_assert_eq!(count("received"), outcomes, "{:?}", counts);
    let page = store.spans_after(Collector::Ebpf, 0, u32::MAX).unwrap();
    let stored: BTreeSet<_> =
        page.spans.iter().map(|stored| (stored.span.trace_id, stored.span.span_id)).collect();
    prop_assert_eq!(stored.len(), page.spans.len());
    for id in acknowledged {
        let key = (TraceId::try_from(&[7; 16][..]).unwrap(), SpanId::try_from(id + 1).unwrap());
        prop_assert!(stored.contains(&key), "span {} was acknowledged and is not stored", id + 1);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn received_spans_are_stored_refused_dropped_or_duplicate_and_acknowledged_ones_are_stored(
        requests in prop::collection::vec(request(), 1..24),
        room in 1..6usize,
        writer_answers in prop_oneof![3 => Just(None), 1 => (1..12usize).prop_map(Some)],
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(check(requests, room, writer_answers))?;
    }
}
