//! A cache of decoded series, by the bytes of their attributes.

use std::sync::{Arc, Mutex, MutexGuard};

use coral_trace::red::{Key, Series};
use hashbrown::HashMap;

use super::fast_path::eight_byte_chunks;

/// A cache of the series of earlier requests, so that each series is decoded and held in memory
/// once. All requests share the cache. A request that finds the cache locked does not wait, and
/// decodes without it.
#[derive(Debug, Default)]
pub struct KnownSeries(Mutex<SeriesCache>);

#[derive(Debug, Default)]
pub(super) struct SeriesCache {
    streams: HashMap<Key, CachedStream>,
    series: usize,
}

/// The cached series of one stream: one instrument of one exporter.
#[derive(Debug, Default)]
struct CachedStream {
    series: HashMap<Box<[u8]>, Identity>,
    bounds: Option<CachedBounds>,
}

/// Bucket bounds as sent, and in nanoseconds.
type CachedBounds = (Box<[u8]>, Arc<[u64]>);

/// The series of a point, and its key.
pub(super) type Identity = (Arc<Series>, Key);

/// The largest number of cached series, of about a kilobyte each. At the limit the cache is
/// emptied.
const MAX_SERIES: usize = 16_384;

impl KnownSeries {
    /// Locks the cache; `None` while another request uses it.
    pub(super) fn open(&self) -> Option<MutexGuard<'_, SeriesCache>> {
        self.0.try_lock().ok()
    }
}

impl SeriesCache {
    /// The series of `stream` whose encoded attributes are `attributes`. If the series is not
    /// cached, `read` decodes it.
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

    /// Converts `bounds`, little-endian doubles in a unit of `nanos` nanoseconds, to nanoseconds.
    /// `None` if a bound is negative or not finite.
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
        // Cached only for streams that have a cached series, so that other streams use no memory.
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.bounds = Some((bounds.into(), read.clone()));
        }
        Some(read)
    }
}
