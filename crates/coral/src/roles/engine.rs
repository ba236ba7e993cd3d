//! Opens the engine of a colony: a directory of its host, or ClickHouse servers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coral_cluster::{Cluster, ClusterConfig, ClusterError};
use coral_config::{ClickHouseConfig, ColonyConfig};
use coral_engine::Engine;
use coral_sql::runner::SqlSource;
use coral_store::{Store, StoreConfig, StoreError};

/// The engine of a colony.
pub struct ColonyEngine {
    /// Stores and answers everything.
    pub engine: Arc<dyn Engine>,
    /// Answers SQL.
    pub sql: SqlSource,
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
                let cluster = Arc::new(cluster);
                Ok(Self { engine: cluster.clone(), sql: SqlSource::ClickHouse(cluster) })
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
        Self { engine: Arc::new(store.clone()), sql: SqlSource::Files(store) }
    }
}

fn cluster_config(servers: &ClickHouseConfig) -> Result<ClusterConfig, EngineOpenError> {
    let password = |key, file: &Option<PathBuf>| {
        let text = file.as_deref().map(|path| read(key, path)).transpose()?;
        Ok::<_, EngineOpenError>(text.map(|text| text.trim().to_owned()))
    };
    let of_reader = password("storage.clickhouse.sql.password_file", &servers.sql_password_file)?;
    let authorities =
        servers.ca_file.as_deref().map(|path| read("storage.clickhouse.tls.ca_file", path));
    Ok(ClusterConfig {
        shards: servers.shards.clone(),
        database: servers.database.clone(),
        user: servers.user.clone(),
        password: password("storage.clickhouse.password_file", &servers.password_file)?,
        reader: servers.sql_user.clone().map(|user| (user, of_reader)),
        authorities: authorities.transpose()?,
    })
}

fn read(key: &'static str, path: &Path) -> Result<String, EngineOpenError> {
    let failed = |source| EngineOpenError::File { key, path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(failed)
}
