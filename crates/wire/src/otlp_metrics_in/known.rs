//! Series that were read before, by the bytes that they are sent as.

use std::sync::{Arc, Mutex, MutexGuard};

use coral_trace::red::{Key, Series};
use hashbrown::HashMap;

use super::fast_path::eight_byte_chunks;

/// The series of earlier requests, so that what they are is read once and held once. Shared by all requests;
/// one that would have to wait does without.
#[derive(Debug, Default)]
pub struct KnownSeries(Mutex<SeriesCache>);

#[derive(Debug, Default)]
pub(super) struct SeriesCache {
    streams: HashMap<Key, CachedStream>,
    series: usize,
}

/// Those of one instrument of one exporter.
#[derive(Debug, Default)]
struct CachedStream {
    series: HashMap<Box<[u8]>, Identity>,
    bounds: Option<CachedBounds>,
}

/// As they were sent, and in nanoseconds.
type CachedBounds = (Box<[u8]>, Arc<[u64]>);

/// What a point is about, and the key of that.
pub(super) type Identity = (Arc<Series>, Key);

/// Series that are remembered; then all are forgotten. About a kilobyte each.
const MAX_SERIES: usize = 16_384;

impl KnownSeries {
    /// `None` while another request reads them.
    pub(super) fn open(&self) -> Option<MutexGuard<'_, SeriesCache>> {
        self.0.try_lock().ok()
    }
}

impl SeriesCache {
    /// What `attributes` of `stream` are, read by `read` if that is not known.
    pub(super) fn identity(
        &mut self,
        stream: Key,
        attributes: &[u8],
        read: impl FnOnce() -> Option<Identity>,
    ) -> Option<Identity> {
        let known = self.streams.get(&stream).and_then(|known| known.series.get(attributes));
        if let Some(identity) = known {
            return Some(identity.clone());
        }
        let identity = read()?;
        if self.series >= MAX_SERIES {
            *self = Self::default();
        }
        self.series += 1;
        let stream = self.streams.entry(stream).or_default();
        stream.series.insert(attributes.into(), identity.clone());
        Some(identity)
    }

    /// The nanoseconds of `bounds`, doubles in a unit of `nanos`; `None` when they cannot be.
    pub(super) fn bounds(&mut self, stream: Key, bounds: &[u8], nanos: f64) -> Option<Arc<[u64]>> {
        let known = self.streams.get(&stream).and_then(|known| known.bounds.as_ref());
        if let Some((_, known)) = known.filter(|(bytes, _)| **bytes == *bounds) {
            return Some(known.clone());
        }
        let in_nanos = eight_byte_chunks(bounds).map(|bits| {
            let bound = f64::from_le_bytes(bits);
            (bound.is_finite() && bound >= 0.0).then(|| (bound * nanos).round() as u64)
        });
        let read: Arc<[u64]> = in_nanos.collect::<Option<_>>()?;
        // Of points that are taken: others leave nothing behind.
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.bounds = Some((bounds.into(), read.clone()));
        }
        Some(read)
    }
}
