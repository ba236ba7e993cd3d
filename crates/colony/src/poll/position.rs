//! Checkpoints: where a stream begins, and how a page advances it.

use coral_engine::{Checkpoint, Engine, EngineError, MetricCheckpoint};
use coral_trace::Collector;
use coral_wire::agent_rpc::proto::SpanPage;

use super::error::PollError;

/// The longest accepted `store_id`, which is stored with every checkpoint. Coral's have 36
/// characters.
pub(crate) const MAX_STORE_ID_BYTES: usize = 128;

/// How many pages of one poll may leave the checkpoint unchanged. A repeated answer or a replaced
/// store cause one each; beyond the limit the agent waits for the next poll.
pub(super) const MAX_STANDSTILLS: u32 = 3;

/// How far all streams of one agent are stored.
pub(super) struct Positions {
    /// eBPF spans, SDK spans.
    pub(super) spans: [Checkpoint; 2],
    pub(super) metrics: MetricCheckpoint,
}

impl Positions {
    /// The positions that `engine` has stored. Blocks.
    pub(super) fn stored(engine: &dyn Engine, agent_id: &str) -> Result<Self, EngineError> {
        let known = engine.checkpoints()?;
        let spans = [Collector::Ebpf, Collector::Sdk].map(|collector| {
            let checkpoint = known.iter().find(|checkpoint| {
                checkpoint.agent_id == agent_id && checkpoint.collector == collector
            });
            checkpoint.cloned().unwrap_or_else(|| beginning(agent_id, collector))
        });
        let known = engine.metric_checkpoints()?;
        let metrics = known.into_iter().find(|checkpoint| checkpoint.agent_id == agent_id);
        let beginning = || MetricCheckpoint { agent_id: agent_id.to_owned(), ..Default::default() };
        Ok(Self { spans, metrics: metrics.unwrap_or_else(beginning) })
    }
}

/// The checkpoint of a stream of which nothing is stored.
pub(super) fn beginning(agent_id: &str, collector: Collector) -> Checkpoint {
    Checkpoint {
        agent_id: agent_id.to_owned(),
        collector,
        store_id: String::new(),
        next_receipt: 0,
        spans_stored: 0,
        spans_missed: 0,
    }
}

/// Refuses a store id that is too long.
pub(super) fn check_store_id(store_id: &str) -> Result<(), PollError> {
    match store_id.len() {
        0..=MAX_STORE_ID_BYTES => Ok(()),
        long => Err(PollError::nonsense(&format!(
            "its store_id has {long} bytes, at most {MAX_STORE_ID_BYTES} are taken"
        ))),
    }
}

/// Whether the page is from another store than the checkpoint: the agent's store was wiped, or
/// replaced by an older copy.
pub(super) fn is_another_store(checkpoint: &Checkpoint, page: &SpanPage) -> bool {
    let known = !checkpoint.store_id.is_empty();
    known && (page.store_id != checkpoint.store_id || page.last_receipt < checkpoint.next_receipt)
}

/// The checkpoint after `page`, in which the spans of the page are not counted yet. Its receipt
/// never decreases.
pub(super) fn checkpoint_after(checkpoint: &Checkpoint, page: &SpanPage) -> Checkpoint {
    Checkpoint {
        store_id: page.store_id.clone(),
        next_receipt: page.next_receipt.max(checkpoint.next_receipt),
        spans_missed: checkpoint.spans_missed.saturating_add(missed(checkpoint, page)),
        ..checkpoint.clone()
    }
}

/// Whether spans expired on the agent before the page with which `checkpoint` became `after`. At the
/// first contact with an agent, these are all spans before `first_receipt`, its oldest.
pub(super) fn loses_spans(checkpoint: &Checkpoint, after: &Checkpoint, first_receipt: u64) -> bool {
    let is_first_contact = checkpoint.store_id.is_empty();
    after.spans_missed > checkpoint.spans_missed || is_first_contact && first_receipt > 1
}

/// Receipts between the checkpoint and the oldest that the agent still has: they expired before
/// they were polled. Receipts that expired before the first poll do not count as missed.
fn missed(checkpoint: &Checkpoint, page: &SpanPage) -> u64 {
    let first_contact = checkpoint.store_id.is_empty();
    if first_contact {
        0
    } else {
        page.first_receipt.saturating_sub(checkpoint.next_receipt.saturating_add(1))
    }
}
