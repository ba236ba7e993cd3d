//! Stores spans in both engines, in pages as a colony polls them.

use std::time::{Duration, Instant};

use coral_engine::{Checkpoint, Engine, Page, PageContent, SpanRetention};
use coral_trace::{Collector, Recogniser, Span};
use coral_wire::otlp_in::{self, Encoding};
use tokio::runtime::Handle;

use super::both::{Both, Which};
use crate::Failure;
use crate::figures::Figures;
use crate::process::Process;
use crate::traffic::Traffic;
use crate::traffic::encode::Encoder;

/// Nothing expires.
const KEEP: SpanRetention =
    SpanRetention { age: Duration::from_secs(365 * 24 * 3_600), bytes: u64::MAX };
/// How long servers may merge parts after the last page.
const MERGE_TIMEOUT: Duration = Duration::from_secs(120);
/// A colony stores a page about so long after the last span of it has ended.
const POLL_DELAY: Duration = Duration::from_secs(3);

/// Stores `traffic` in both engines, and adds what that costs.
///
/// # Errors
/// An error of an engine, or a span that is not there.
pub fn measure(
    both: &Both,
    traffic: &Traffic,
    page: u64,
    runtime: &Handle,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let spans = traffic.total_spans() as f64;
    let each = |seconds: f64| seconds * 1e6 / spans;
    let seconds = fill(&*both.embedded, traffic, page)?;
    both.embedded.seal()?;
    both.embedded.merge_all_segments(KEEP)?;
    let (before, begin) = (both.server_seconds(), Instant::now());
    let own = fill(&*both.cluster, traffic, page)?;
    let elapsed = begin.elapsed().as_secs_f64();
    let stored = both.server_seconds() - before;
    for server in &both.servers {
        runtime.block_on(server.until_idle(MERGE_TIMEOUT));
    }
    let merged = both.server_seconds() - before - stored;
    figures.add("ingest, CPU of Coral", each(own), "µs/span");
    figures.add("ingest, CPU of the servers", each(stored), "µs/span");
    figures.add("merges after the last page, CPU of the servers", each(merged), "µs/span");
    figures.add("ingest, embedded, CPU", each(seconds), "µs/span");
    figures.add("ingest of everything", elapsed, "s");
    both.each(|engine, which| {
        let extent = engine.extent()?;
        if extent.spans != traffic.total_spans() {
            return Err(format!("{which:?} holds {} of {spans} spans", extent.spans).into());
        }
        let bytes = extent.bytes as f64 / spans;
        match which {
            Which::Cluster => figures.add("on disk", bytes, "B/span"),
            Which::Embedded => figures.add("on disk, embedded", bytes, "B/span"),
        }
        Ok(())
    })
}

/// Stores `traffic` in both engines.
///
/// # Errors
/// An error of an engine.
pub fn both(both: &Both, traffic: &Traffic, page: u64) -> Result<(), Failure> {
    both.each(|engine, _| fill(engine, traffic, page).map(drop))?;
    both.embedded.seal()?;
    Ok(())
}

/// Stores `traffic` in pages of at least `page` spans. Returns the CPU seconds of this process,
/// without those that making the spans takes.
fn fill(engine: &dyn Engine, traffic: &Traffic, page: u64) -> Result<f64, Failure> {
    let (mut encoder, recogniser) = (Encoder::new(traffic), Recogniser::default());
    let known = engine.checkpoints()?.pop();
    let mut checkpoint = known.unwrap_or(Checkpoint {
        agent_id: "web-1".to_owned(),
        collector: Collector::Ebpf,
        store_id: "store".to_owned(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    });
    let (process, mut seconds) = (Process::this(), 0.0);
    let mut spans: Vec<Span> = Vec::new();
    for number in 0..traffic.exports() {
        let bytes = encoder.export(number).0;
        spans.extend(otlp_in::decode(&bytes, Encoding::Protobuf, &recogniser)?.spans);
        if (spans.len() as u64) < page && number + 1 < traffic.exports() {
            continue;
        }
        let ended = spans.iter().map(|span| span.end).max().unwrap_or_default();
        let received = ended.later(POLL_DELAY);
        checkpoint.next_receipt += spans.len() as u64;
        let content = PageContent::Spans(std::mem::take(&mut spans));
        let before = process.cpu_seconds();
        let page = Page { content, received, checkpoint };
        let stored = engine.append_pages(vec![page]).pop().ok_or("no answer to a page")?;
        checkpoint = stored?.checkpoint;
        engine.maintain(KEEP, received)?;
        seconds += process.cpu_seconds() - before;
    }
    Ok(seconds)
}
