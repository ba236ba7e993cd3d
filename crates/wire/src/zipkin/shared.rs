//! Ids of spans that share theirs with another span.

use coral_trace::{SpanId, TraceId};
use sha2::{Digest as _, Sha256};

/// The id of the server half of a call whose client half has the id `shared`: the first 8 bytes of
/// SHA-256(trace id, span id, `server`). The same half has the same id whenever it is sent.
pub(crate) fn server_half(trace: TraceId, shared: SpanId) -> SpanId {
    let mut hash = Sha256::new();
    hash.update(trace.bytes());
    hash.update(shared.bytes());
    hash.update(b"server");
    let digest: [u8; 32] = hash.finalize().into();
    let (first, _) = digest.split_at(8);
    // Eight bytes of zero, which no span id may be, have a probability of 1 in 2^64.
    SpanId::try_from(first).unwrap_or(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `sha256sum`.
    #[test]
    fn the_id_of_a_server_half_is_the_beginning_of_a_digest() {
        let trace: TraceId = "5af7183fb1d4cf5f5af7183fb1d4cf5f".parse().unwrap();
        let shared: SpanId = "6b221d5bc9e6496c".parse().unwrap();
        assert_eq!(server_half(trace, shared).to_string(), "b331e6f1100eaf34");
    }
}
