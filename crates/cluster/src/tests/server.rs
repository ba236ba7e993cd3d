//! Servers of the tests of this process, and clusters on them.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, OnceLock};

pub(super) use crate::testing::TestServer;
use crate::{Cluster, ClusterConfig};

/// The program of the server, from `CORAL_TEST_CLICKHOUSE_SERVER`. `None`, with words on
/// standard error, if it is not set; a panic if `CORAL_TEST_CLICKHOUSE_REQUIRED` is.
pub(super) fn program() -> Option<PathBuf> {
    if let Some(program) = crate::testing::program() {
        return Some(program);
    }
    assert!(
        std::env::var_os("CORAL_TEST_CLICKHOUSE_REQUIRED").is_none(),
        "CORAL_TEST_CLICKHOUSE_REQUIRED is set, and CORAL_TEST_CLICKHOUSE_SERVER is not: see tools/fetch-clickhouse"
    );
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        // Straight to standard error: the test harness hides what a test prints.
        let _ = std::io::stderr().write_all(
            b"tests of the engine on ClickHouse left out: no server. `tools/fetch-clickhouse DIR` unpacks one and \
              prints its path; then CORAL_TEST_CLICKHOUSE_SERVER=PATH\n",
        );
    });
    None
}

/// Servers that the tests of a process share, each test with databases of its own. They end with
/// the process: a static is not dropped, so `shared` hands out a guard.
pub(super) struct SharedServers {
    pub(super) urls: Vec<String>,
}

static SHARED: OnceLock<Mutex<Option<Vec<TestServer>>>> = OnceLock::new();
static USERS: Mutex<usize> = Mutex::new(0);
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The servers at the URLs in `CORAL_TEST_CLICKHOUSE`, separated by commas, if it is set. Otherwise two
/// servers, started by the first test that asks, and ended with the last.
pub(super) fn shared() -> Option<SharedServers> {
    let given = std::env::var("CORAL_TEST_CLICKHOUSE").ok();
    let urls = given.map(|urls| urls.split(',').map(str::to_owned).collect());
    let program = if urls.is_none() { Some(program()?) } else { None };
    let mut users = USERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    *users += 1;
    let Some(program) = program else { return Some(SharedServers { urls: urls? }) };
    let servers = SHARED.get_or_init(Mutex::default);
    let mut servers = servers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let started = servers
        .get_or_insert_with(|| [(); 2].map(|()| TestServer::start(&program).unwrap()).into());
    Some(SharedServers { urls: started.iter().map(TestServer::url).collect() })
}

impl Drop for SharedServers {
    fn drop(&mut self) {
        let mut users = USERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *users -= 1;
        if *users == 0 {
            let servers = SHARED.get_or_init(Mutex::default);
            drop(servers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take());
        }
    }
}

/// The settings of a cluster on the first `shards` of `urls`, in a database of its own.
pub(super) fn config(urls: &[String], shards: usize) -> ClusterConfig {
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    ClusterConfig {
        shards: urls[..shards].iter().map(|url| vec![url.clone()]).collect(),
        database: format!("coral_{}_{number}", std::process::id()),
        user: None,
        password: None,
    }
}

/// Removes the database of a cluster.
pub(super) fn drop_database(cluster: &Cluster) {
    for shard in cluster.shards() {
        // A server that was killed has no database to drop.
        let _ = shard.execute(&format!("DROP DATABASE IF EXISTS {}", shard.database()));
    }
}
