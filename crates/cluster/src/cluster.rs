//! An open cluster.

use std::sync::{Arc, Mutex, RwLock};

use crate::calls::make;
use crate::config::ClusterConfig;
use crate::error::ClusterError;
use crate::requests::RequestRuntime;
use crate::schema;
use crate::sequence::Sequence;
use crate::server::Server;
use crate::shard::Shard;
use crate::write::retain::Schedule;

/// A store in ClickHouse, on one or more shards. Its calls block, and must not be made on a thread
/// of an async runtime.
pub struct Cluster {
    id: String,
    shards: Vec<Shard>,
    /// The only shard, as a user who only reads.
    reader: Option<Server>,
    pub(crate) sequence: Sequence,
    /// Held for reading by everything that inserts rows, and for writing while a partition is
    /// dropped that may still get rows.
    pub(crate) dropping: RwLock<()>,
    pub(crate) spans_due: Mutex<Schedule>,
    pub(crate) metrics_due: Mutex<Schedule>,
    pub(crate) sums_due: Mutex<make::Schedule>,
    /// Whether every row of a page has the mark. A test shows that this loses spans.
    #[cfg(test)]
    pub(crate) marks_every_row: bool,
}

impl Cluster {
    /// Connects to all shards, and makes their tables if they have none.
    ///
    /// # Errors
    /// [`ClusterError`]: a setting is wrong, a shard does not answer, a later version of Coral made
    /// its tables, or the shard is another one.
    pub fn open(config: &ClusterConfig) -> Result<Self, ClusterError> {
        config.check()?;
        let runtime = Arc::new(RequestRuntime::start()?);
        let urls = config.shards.iter().flatten();
        let shards =
            urls.map(|url| Shard::new(url, config, &runtime)).collect::<Result<Vec<_>, _>>()?;
        let reader = match (&config.reader, &config.shards[..]) {
            (Some((user, password)), [shard]) => {
                let (user, password) = (Some(user.clone()), password.clone());
                let config = ClusterConfig { user, password, ..config.clone() };
                Some(Server::new(&shard[0], &config, runtime.clone())?)
            }
            _ => None,
        };
        let new_id = random_id()?;
        let (mut stored, mut now) = (0, 0);
        let mut id = None;
        for (index, shard) in shards.iter().enumerate() {
            id = Some(schema::open(shard, index, shards.len(), id.as_deref(), &new_id)?);
            stored = schema::last_version(shard)?.max(stored);
            now = shard.now()?.max(now);
        }
        Ok(Self {
            id: id.unwrap_or_default(),
            shards,
            reader,
            sequence: Sequence::after(stored, now),
            dropping: RwLock::new(()),
            spans_due: Mutex::default(),
            metrics_due: Mutex::default(),
            sums_due: Mutex::default(),
            #[cfg(test)]
            marks_every_row: false,
        })
    }

    /// The id of the data, which all colonies of the cluster share.
    pub(crate) fn store_id(&self) -> &str {
        &self.id
    }

    /// The only shard, as the user who only reads.
    pub(crate) fn reader(&self) -> Result<&Server, ClusterError> {
        if self.shards.len() > 1 {
            return Err(ClusterError::SeveralShards);
        }
        self.reader.as_ref().ok_or(ClusterError::NoReader)
    }

    pub(crate) fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The shard with what is not divided among shards: agents, and the coverage timeline.
    pub(crate) fn first_shard(&self) -> &Shard {
        &self.shards[0]
    }

    /// What `ask` returns for each shard, in their order. All are asked at once.
    pub(crate) fn each_shard<T: Send>(
        &self,
        ask: impl Fn(usize, &Shard) -> Result<T, ClusterError> + Sync,
    ) -> Result<Vec<T>, ClusterError> {
        if let [only] = &self.shards[..] {
            return Ok(vec![ask(0, only)?]);
        }
        std::thread::scope(|scope| {
            let ask = &ask;
            let asked: Vec<_> = (self.shards.iter().enumerate())
                .map(|(index, shard)| scope.spawn(move || ask(index, shard)))
                .collect();
            let answers = asked.into_iter().map(|thread| match thread.join() {
                Ok(answer) => answer,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            // Every thread is joined before the first error is returned.
            answers.collect::<Vec<_>>().into_iter().collect()
        })
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let urls: Vec<&str> = self.shards.iter().map(Shard::url).collect();
        f.debug_struct("Cluster")
            .field("id", &self.id)
            .field("shards", &urls)
            .finish_non_exhaustive()
    }
}

/// A random id: 32 hex digits.
fn random_id() -> Result<String, ClusterError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| ClusterError::NoRandom { reason: error.to_string() })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
