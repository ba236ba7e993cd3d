//! Sampling: a colony may keep only a part of all traces.

use coral_trace::TraceId;

/// Keeps a fraction of all traces, each of them whole. The decision is a hash of the trace id, so
/// all pages, agents and colonies with the same rate decide alike.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
    rate: f64,
}

impl Sampling {
    /// Keeps this fraction of traces: 1.0 keeps all, 0.1 one in ten.
    pub const fn keeping(rate: f64) -> Self {
        Self { rate }
    }

    /// The fraction of traces that is kept.
    pub const fn rate(self) -> f64 {
        self.rate
    }

    /// Whether `trace` is kept.
    pub fn keeps(self, trace: TraceId) -> bool {
        self.rate >= 1.0 || share(trace) < self.rate
    }
}

/// Maps a trace id to [0, 1), evenly even if ids are consecutive.
fn share(trace: TraceId) -> f64 {
    let id = trace.as_u128();
    let mixed = mix((id >> 64) as u64 ^ mix(id as u64));
    // An f64 holds integers of 53 bits exactly.
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// The finaliser of SplitMix64.
const fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_all_traces_is_kept_whatever_their_ids_look_like() {
        let tenth = Sampling::keeping(0.1);
        let kept = (1..=10_000u128).filter(|id| tenth.keeps(TraceId::try_from(*id).unwrap()));
        let kept = kept.count();
        assert!((900..1_100).contains(&kept), "{kept}");
    }

    #[test]
    fn a_trace_kept_at_a_low_rate_is_kept_at_every_higher_one() {
        for id in 1..500u128 {
            let trace = TraceId::try_from(id << 70).unwrap();
            let kept = [0.0, 0.2, 0.5, 0.9, 1.0].map(|rate| Sampling::keeping(rate).keeps(trace));
            assert!(kept.is_sorted(), "{kept:?}");
            assert!(!kept[0] && kept[4]);
        }
    }
}
