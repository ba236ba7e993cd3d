//! The path of spans through OTLP, agent, colony and OTLP again loses nothing but the order.

use coral_engine::{Page, PageContent, PageWriter};
use coral_store::{Checkpoint, Store, StoreConfig};
use coral_trace::{Collector, Recogniser, Span, TraceId, UnixNanos, testing};
use coral_wire::agent_rpc::proto::SpanEncoding;
use coral_wire::otlp_in::{self, Encoding};
use coral_wire::otlp_out;
use proptest::prelude::*;

use crate::serve::page_for_tests;

fn store(dir: &tempfile::TempDir, name: &str) -> Store {
    Store::open(StoreConfig { dir: dir.path().join(name), segment_rows: 1_000 }).unwrap()
}

fn decoded(otlp: &[u8], collector: Collector) -> Vec<Span> {
    let recogniser = match collector {
        Collector::Ebpf => Recogniser::everything_ebpf(),
        Collector::Sdk => Recogniser::everything_sdk(),
    };
    let decoded = otlp_in::decode(otlp, Encoding::Protobuf, &recogniser).unwrap();
    assert!(decoded.refused.is_empty(), "{}", decoded.refused.message());
    decoded.spans
}

/// All spans that `store` has of `collector`, as pages of OTLP.
fn pages(store: &Store, collector: Collector) -> Vec<Vec<u8>> {
    let (mut after, mut pages) = (0, Vec::new());
    loop {
        let page = page_for_tests(store, collector, after, SpanEncoding::Otlp);
        after = page.next_receipt;
        let more = page.has_more;
        pages.push(page.otlp);
        if !more {
            return pages;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn spans_leave_the_colony_as_otlp_equal_to_those_that_the_agent_received(
        spans in testing::distinct_spans(1..12),
        sealed in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (agent, colony) = (store(&dir, "agent"), store(&dir, "colony"));
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let of: Vec<Span> =
                spans.iter().filter(|span| span.origin.collector == collector).cloned().collect();
            let export = otlp_out::encode(&of);
            agent.append(&[decoded(&export, collector)], UnixNanos(1)).unwrap();
        }
        if sealed {
            agent.seal().unwrap();
        }
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let mut checkpoint = Checkpoint {
                agent_id: "web-1".into(), collector, store_id: agent.id().into(),
                next_receipt: 0, spans_stored: 0, spans_missed: 0,
            };
            for otlp in pages(&agent, collector) {
                let (content, received) =
                    (PageContent::Spans(decoded(&otlp, collector)), UnixNanos(2));
                let page = Page { content, received, checkpoint };
                checkpoint = colony.append_pages(vec![page]).remove(0).unwrap().checkpoint;
            }
        }
        let mut out = Vec::new();
        for collector in [Collector::Ebpf, Collector::Sdk] {
            let traces: Vec<TraceId> = spans.iter().map(|span| span.trace_id).collect();
            let stored = colony.spans_of(&traces, Some(collector), None, u32::MAX).unwrap();
            let stored: Vec<Span> = stored.into_iter().map(|stored| stored.span).collect();
            out.extend(decoded(&otlp_out::encode(&stored), collector));
        }
        let mut expected = spans;
        testing::sort(&mut expected);
        testing::sort(&mut out);
        prop_assert_eq!(out, expected);
    }
}
