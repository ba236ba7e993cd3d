//! Trace digests: 32 bytes per trace and collector, which decide whether a trace can match a
//! search.

use coral_trace::Collector;

use crate::hot::part::TracePart;

/// The values of one trace that a search tests, from the spans that one collector observed. Times
/// are microseconds since the Unix epoch.
#[derive(Clone, Copy)]
pub(crate) struct TraceDigest {
    pub(crate) first_start: i64,
    pub(crate) last_end: i64,
    /// One bit for each service of the trace; several services may share a bit. In memory the bits
    /// are those of [`crate::hot::part::service_bit`], in a segment those of
    /// [`SegmentServices`](crate::segment::SegmentServices).
    pub(crate) service_bits: u64,
    /// Number of failed spans, at most [`MAX_ERRORS`].
    pub(crate) errors: u32,
    pub(crate) collector: Collector,
    /// Whether the trace has two rows in a traces file: one of the SDK, and after it one of eBPF.
    pub(crate) is_pair: bool,
}

/// Size of an encoded digest.
pub(crate) const DIGEST_BYTES: usize = 32;
const EBPF_BIT: u32 = 1 << 31;
const PAIR_BIT: u32 = 1 << 30;
/// The largest number of failed spans that a digest has.
const MAX_ERRORS: u32 = PAIR_BIT - 1;

impl TraceDigest {
    /// The digest of no spans. Adding it to another digest changes nothing.
    pub(crate) const NOTHING: Self = Self {
        first_start: i64::MAX,
        last_end: i64::MIN,
        service_bits: 0,
        errors: 0,
        collector: Collector::Ebpf,
        is_pair: false,
    };

    /// The digest of `part`. Its `collector` is a placeholder, because a part does not know its
    /// collector.
    pub(crate) fn of_part(part: &TracePart) -> Self {
        Self {
            first_start: part.first_start,
            last_end: part.last_end,
            service_bits: part.service_bits(),
            errors: part.errors.try_into().unwrap_or(u32::MAX).min(MAX_ERRORS),
            collector: Collector::Ebpf,
            is_pair: false,
        }
    }

    /// Adds the digest of another part of the same trace.
    pub(crate) fn add(&mut self, other: &Self) {
        self.first_start = self.first_start.min(other.first_start);
        self.last_end = self.last_end.max(other.last_end);
        self.service_bits |= other.service_bits;
        self.errors = (self.errors + other.errors).min(MAX_ERRORS);
    }

    pub(crate) fn to_bytes(self) -> [u8; DIGEST_BYTES] {
        let ebpf = if self.collector == Collector::Ebpf { EBPF_BIT } else { 0 };
        let mut bytes = [0; DIGEST_BYTES];
        bytes[..8].copy_from_slice(&self.first_start.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last_end.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.service_bits.to_le_bytes());
        let pair = if self.is_pair { PAIR_BIT } else { 0 };
        bytes[24..28].copy_from_slice(&(self.errors | ebpf | pair).to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; DIGEST_BYTES]) -> Self {
        let word =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let flags = word(24) as u32;
        Self {
            first_start: word(0) as i64,
            last_end: word(8) as i64,
            service_bits: word(16),
            errors: flags & MAX_ERRORS,
            collector: if flags & EBPF_BIT != 0 { Collector::Ebpf } else { Collector::Sdk },
            is_pair: flags & PAIR_BIT != 0,
        }
    }
}
