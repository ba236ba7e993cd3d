//! One shard: the server that has the spans of some traces.

use std::ops::ControlFlow;
use std::sync::Arc;

use clickhouse::{Row, RowOwned, RowRead, RowWrite};
use coral_engine::Budget;
use coral_trace::TraceId;

use crate::config::ClusterConfig;
use crate::dialect::Dialect;
use crate::error::ClusterError;
use crate::origins::Origins;
use crate::requests::RequestRuntime;
use crate::server::Server;

/// A shard.
pub(crate) struct Shard {
    server: Server,
    database: String,
    pub(crate) origins: Origins,
}

impl Shard {
    pub(crate) fn new(
        url: &str,
        config: &ClusterConfig,
        runtime: &Arc<RequestRuntime>,
    ) -> Result<Self, ClusterError> {
        let server = Server::new(url, config, runtime.clone())?;
        Ok(Self { server, database: config.database.clone(), origins: Origins::default() })
    }

    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    pub(crate) fn dialect(&self) -> Result<Dialect, ClusterError> {
        self.server.dialect()
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// `name` with its database.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}.{name}", self.database)
    }

    /// The server's clock, in seconds since the Unix epoch; 0 from a server that says nothing.
    pub(crate) fn now(&self) -> Result<u64, ClusterError> {
        let found = self.rows::<u64>("SELECT toUInt64(now())", &Budget::unlimited())?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// The rows of a query.
    pub(crate) fn rows<T: RowOwned + RowRead>(
        &self,
        sql: &str,
        budget: &Budget,
    ) -> Result<Vec<T>, ClusterError> {
        self.server.rows(sql, budget)
    }

    /// Calls `visit` with each row of a query until it breaks.
    pub(crate) fn visit<T: RowOwned + RowRead>(
        &self,
        sql: &str,
        budget: &Budget,
        visit: &mut dyn FnMut(T) -> Result<ControlFlow<()>, ClusterError>,
    ) -> Result<(), ClusterError> {
        self.server.visit(sql, budget, visit)
    }

    /// Runs a statement that changes something.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), ClusterError> {
        self.server.execute(sql)
    }

    /// Inserts rows into the table `name` in one block. No rows are no request.
    pub(crate) fn insert<T>(&self, name: &str, rows: &[T]) -> Result<(), ClusterError>
    where
        T: for<'b> Row<Value<'b> = T> + RowWrite,
    {
        if rows.is_empty() { Ok(()) } else { self.server.insert(&self.table(name), rows) }
    }
}

/// The index of the shard that has the spans of `trace`. It must not change: it says where stored
/// spans are.
pub(crate) fn shard_of(trace: TraceId, shards: usize) -> usize {
    let id = trace.as_u128();
    // SplitMix64 of both halves.
    let mut mixed = (id as u64 ^ (id >> 64) as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % shards as u64) as usize
}

/// The index of the shard that has the metrics of `agent`. It must not change.
pub(crate) fn shard_of_agent(agent: &str, shards: usize) -> usize {
    let hash = agent.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ((hash >> 32) % shards as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_and_agents_stay_on_their_shards_and_spread_over_all() {
        let trace = |id: u128| TraceId::try_from(id).unwrap();
        let of = [1, 2, 3, u128::MAX, 0x4bf9 << 112].map(|id| shard_of(trace(id), 7));
        assert_eq!(of, [2, 4, 2, 2, 3]);
        let mut counts = [0; 4];
        (1..=4_000).for_each(|id| counts[shard_of(trace(id), 4)] += 1);
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
        assert_eq!(["web-1", "web-2", ""].map(|agent| shard_of_agent(agent, 5)), [3, 4, 4]);
    }
}
