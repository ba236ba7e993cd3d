//! The two engines that are compared.

use std::path::Path;
use std::sync::Arc;

use coral_cluster::testing::TestServer;
use coral_cluster::{Cluster, ClusterConfig};
use coral_engine::Engine;
use coral_query::SharedSources;
use coral_store::{Store, StoreConfig};
use tempfile::TempDir;

use crate::Failure;
use crate::process::Process;
use crate::traceql::NoAgents;

/// An embedded store, and a cluster with the same data.
pub struct Both {
    pub embedded: Arc<Store>,
    pub cluster: Arc<Cluster>,
    /// The processes of the cluster's servers.
    pub servers: Vec<Process>,
    _dir: TempDir,
}

/// Servers that run.
pub struct Servers {
    urls: Vec<String>,
    processes: Vec<Process>,
}

/// Which engine answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    Embedded,
    Cluster,
}

/// Starts servers without data.
///
/// # Errors
/// A server does not start.
pub fn start(program: &Path, shards: u64) -> Result<Vec<TestServer>, Failure> {
    (0..shards).map(|_| Ok(TestServer::start(program)?)).collect()
}

impl Servers {
    /// These servers.
    pub fn of(servers: &[TestServer]) -> Self {
        Self {
            urls: servers.iter().map(TestServer::url).collect(),
            processes: servers.iter().filter_map(TestServer::process_id).map(Process).collect(),
        }
    }
}

impl Both {
    /// Empty engines: a store in a directory of its own, and a cluster in `database` on all
    /// `servers`.
    ///
    /// # Errors
    /// An engine cannot be opened.
    pub fn open(servers: &Servers, database: &str) -> Result<Self, Failure> {
        let dir = tempfile::tempdir()?;
        let store = StoreConfig { dir: dir.path().to_owned(), segment_rows: 262_144 };
        let config = ClusterConfig {
            shards: servers.urls.iter().map(|url| vec![url.clone()]).collect(),
            database: database.to_owned(),
            user: None,
            password: None,
            reader: None,
            authorities: None,
        };
        Ok(Self {
            embedded: Arc::new(Store::open(store)?),
            cluster: Arc::new(Cluster::open(&config)?),
            servers: servers.processes.clone(),
            _dir: dir,
        })
    }

    /// Calls `act` with each engine.
    ///
    /// # Errors
    /// The first error of `act`.
    pub fn each(
        &self,
        mut act: impl FnMut(&dyn Engine, Which) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        act(&*self.embedded, Which::Embedded)?;
        act(&*self.cluster, Which::Cluster)
    }

    /// What questions about an engine are asked of.
    pub fn sources(&self, which: Which) -> SharedSources {
        match which {
            Which::Embedded => NoAgents::beside(self.embedded.clone()),
            Which::Cluster => NoAgents::beside(self.cluster.clone()),
        }
    }

    /// CPU seconds of all servers so far.
    pub fn server_seconds(&self) -> f64 {
        self.servers.iter().map(|server| server.cpu_seconds()).sum()
    }
}
