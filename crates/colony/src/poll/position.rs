//! Where a stream is, and where a page takes it.

use coral_engine::Checkpoint;
use coral_trace::Collector;
use coral_wire::agent_rpc::proto::SpanPage;

use super::error::PollError;

/// The longest `store_id`; ours have 36 characters. It is kept with every checkpoint.
pub(crate) const MAX_STORE_ID_BYTES: usize = 128;

/// An answer may come twice and a store be exchanged; an agent that does so more often in one poll is not asked
/// again at once.
pub(super) const MAX_STANDSTILLS: u32 = 3;

/// Nothing is stored yet.
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

/// Refuses an id that would cost more than a page.
pub(super) fn check_store_id(store_id: &str) -> Result<(), PollError> {
    match store_id.len() {
        0..=MAX_STORE_ID_BYTES => Ok(()),
        long => Err(PollError::nonsense(&format!(
            "its store_id has {long} bytes, at most {MAX_STORE_ID_BYTES} are taken"
        ))),
    }
}

/// Whether the page is of another store than the place is in: the agent was wiped, or an older copy of
/// its store was put back.
pub(super) fn is_another_store(checkpoint: &Checkpoint, page: &SpanPage) -> bool {
    let known = !checkpoint.store_id.is_empty();
    known && (page.store_id != checkpoint.store_id || page.last_receipt < checkpoint.next_receipt)
}

/// The place in a stream after `page`; its spans are still to be counted. It never goes back.
pub(super) fn checkpoint_after(checkpoint: &Checkpoint, page: &SpanPage) -> Checkpoint {
    Checkpoint {
        store_id: page.store_id.clone(),
        next_receipt: page.next_receipt.max(checkpoint.next_receipt),
        spans_missed: checkpoint.spans_missed.saturating_add(missed(checkpoint, page)),
        ..checkpoint.clone()
    }
}

/// Receipts between the place and the oldest that the agent still has: expired unpolled. What expired
/// before this colony first asked was never its to miss.
fn missed(checkpoint: &Checkpoint, page: &SpanPage) -> u64 {
    let first_contact = checkpoint.store_id.is_empty();
    if first_contact {
        0
    } else {
        page.first_receipt.saturating_sub(checkpoint.next_receipt.saturating_add(1))
    }
}
