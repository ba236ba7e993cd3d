//! Opens the engine of a colony: a directory of its host, or ClickHouse servers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_cluster::{Cluster, ClusterConfig, ClusterError};
use coral_config::{ClickHouseConfig, ColonyConfig};
use coral_engine::Engine;
use coral_store::{Store, StoreConfig, StoreError};

/// The engine of a colony.
pub struct ColonyEngine {
    /// Stores and answers everything.
    pub engine: Arc<dyn Engine>,
    /// The store that DuckDB reads; `None` if the engine is on ClickHouse.
    pub store: Option<Store>,
}

/// Why the engine of a colony cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum EngineOpenError {
    /// The store in the data directory cannot be opened.
    #[error("cannot use the colony's store")]
    Store(#[from] StoreError),
    /// The ClickHouse servers cannot be used.
    #[error("cannot use the colony's store on ClickHouse")]
    Cluster(#[from] ClusterError),
    /// A file that a setting names cannot be used.
    #[error("cannot read `{path}`, which `{key}` names")]
    File {
        /// The setting.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
}

impl ColonyEngine {
    /// Opens the engine of `config`. Blocks.
    ///
    /// # Errors
    /// [`EngineOpenError`]: another process has opened the store, or a server does not answer.
    pub fn open(config: &ColonyConfig) -> Result<Self, EngineOpenError> {
        match &config.clickhouse {
            Some(servers) => {
                let cluster = Cluster::open(&cluster_config(servers)?)?;
                let shards = servers.shards.len();
                tracing::info!(shards, database = servers.database, "storing on ClickHouse");
                Ok(Self { engine: Arc::new(cluster), store: None })
            }
            None => {
                let segment_rows = config.storage.segment_rows;
                let dir = config.data_dir.join("colony");
                Ok(Store::open(StoreConfig { dir, segment_rows })?.into())
            }
        }
    }
}

/// The engine in a directory.
impl From<Store> for ColonyEngine {
    fn from(store: Store) -> Self {
        Self { engine: Arc::new(store.clone()), store: Some(store) }
    }
}

fn cluster_config(servers: &ClickHouseConfig) -> Result<ClusterConfig, EngineOpenError> {
    let password =
        servers.password_file.as_deref().map(|path| read("storage.clickhouse.password_file", path));
    let authorities =
        servers.ca_file.as_deref().map(|path| read("storage.clickhouse.tls.ca_file", path));
    Ok(ClusterConfig {
        shards: servers.shards.clone(),
        database: servers.database.clone(),
        user: servers.user.clone(),
        password: password.transpose()?.map(|text| text.trim().to_owned()),
        authorities: authorities.transpose()?,
    })
}

fn read(key: &'static str, path: &Path) -> Result<String, EngineOpenError> {
    let failed = |source| EngineOpenError::File { key, path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(failed)
}
