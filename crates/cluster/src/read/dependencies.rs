//! The service map: calls are joined here, trace by trace, by the code that defines them, or were
//! joined before; see [`crate::calls`].

mod part;

use coral_engine::Budget;
use coral_trace::dependency::Dependencies;
use coral_trace::{Collector, TimeRange};

use self::part::Part;
use crate::bucket::first_bucket;
use crate::cluster::Cluster;
use crate::error::ClusterError;

/// The traces of the map: those that started in `[since, until)`, in microseconds since the Unix
/// epoch. All their spans count that `collector` observed (that any collector observed if `None`).
#[derive(Clone, Copy)]
struct Window {
    since: i64,
    until: i64,
    collector: Option<Collector>,
    /// The first bucket that may have such traces.
    first: u32,
}

/// See [`TraceReader::dependencies`](coral_engine::TraceReader::dependencies).
pub(crate) fn dependencies(
    cluster: &Cluster,
    started: TimeRange,
    collector: Option<Collector>,
    budget: &Budget,
) -> Result<Dependencies, ClusterError> {
    budget.check()?;
    let window = Window {
        since: started.start.as_micros(),
        until: started.end.as_micros(),
        collector,
        first: first_bucket(started.start),
    };
    // The spans of a trace are on one shard, so that no call is between shards.
    let maps = cluster.each_shard(|_, shard| Part::of(shard, window, budget)?.map())?;
    let mut map = Dependencies::default();
    for other in maps {
        map.absorb(other, || budget.check())?;
    }
    Ok(map)
}

impl Window {
    /// Whether a trace that starts at `micros` is in the map.
    fn holds(self, micros: i64) -> bool {
        (self.since..self.until).contains(&micros)
    }

    fn counts(self, collector: Collector) -> bool {
        self.collector.is_none_or(|by| by == collector)
    }
}
