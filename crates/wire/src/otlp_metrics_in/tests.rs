use std::fs;

use coral_trace::Recogniser;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{DecodedMetrics, KnownSeries};
use crate::otlp::{DecodeError, Encoding};

const CAPTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/beyla/3.31.0/metrics-003.otlp.pb");

fn decode(body: &[u8], known: &KnownSeries) -> Result<DecodedMetrics, DecodeError> {
    super::decode(body, Encoding::Protobuf, &Recogniser::default(), known)
}

/// Decodes with prost only, because the fast path is not used while the cache is locked.
fn decode_by_prost(body: &[u8]) -> Result<DecodedMetrics, DecodeError> {
    let known = KnownSeries::default();
    let _held = known.open();
    decode(body, &known)
}

#[test]
fn cached_series_are_held_once() {
    let (body, known) = (fs::read(CAPTURE).unwrap(), KnownSeries::default());
    let (first, again) = (decode(&body, &known).unwrap(), decode(&body, &known).unwrap());
    assert!(!first.points.is_empty());
    assert_eq!(first, decode_by_prost(&body).unwrap());
    for (first, again) in first.points.iter().zip(&again.points) {
        assert!(std::sync::Arc::ptr_eq(&first.series, &again.series));
    }
}

proptest! {
    /// Whatever the cache holds and whatever bytes are damaged, the result is the one of prost.
    #[test]
    fn the_cache_does_not_change_the_result(
        at in any::<Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let (body, known) = (fs::read(CAPTURE).unwrap(), KnownSeries::default());
        decode(&body, &known).unwrap();
        let mut damaged = body.clone();
        let at = at.index(damaged.len());
        let end = (at + bytes.len()).min(damaged.len());
        damaged[at..end].copy_from_slice(&bytes[..end - at]);
        prop_assert_eq!(decode(&damaged, &known), decode_by_prost(&damaged));
    }
}
