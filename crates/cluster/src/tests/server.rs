//! A real ClickHouse server of a test, in a directory of its own, on loopback.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Cluster, ClusterConfig};

/// A server that ends with its value.
pub(super) struct TestServer {
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

/// How long a server may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The program of the server, from `CORAL_TEST_CLICKHOUSE_SERVER`. `None`, with words on
/// standard error, if it is not set; a panic if `CORAL_TEST_CLICKHOUSE_REQUIRED` is.
pub(super) fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CORAL_TEST_CLICKHOUSE_SERVER") {
        return Some(PathBuf::from(path));
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

impl TestServer {
    /// A server without data.
    pub(super) fn start(program: &Path) -> Self {
        let dir = TempDir::new().unwrap();
        let port = free_port();
        write_settings(dir.path(), port);
        let mut server = Self { dir, port, child: None };
        server.run(program);
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills the process, as `kill -9` does. The data stays.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts the process on the data of an earlier one, and waits until it answers.
    pub(super) fn run(&mut self, program: &Path) {
        let log = std::fs::File::create(self.dir.path().join("log")).unwrap();
        let child = Command::new(program)
            .arg(format!("--config-file={}/config.xml", self.dir.path().display()))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < START_TIMEOUT, "the server does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// One port, no logs in tables, little memory.
fn write_settings(dir: &Path, port: u16) {
    let path = dir.display();
    let config = format!(
        "<yandex>
            <logger><level>error</level><console>1</console></logger>
            <http_port>{port}</http_port>
            <listen_host>127.0.0.1</listen_host>
            <path>{path}/data/</path>
            <tmp_path>{path}/data/tmp/</tmp_path>
            <user_files_path>{path}/data/user_files/</user_files_path>
            <format_schema_path>{path}/data/format_schemas/</format_schema_path>
            <users_config>{path}/users.xml</users_config>
            <default_profile>default</default_profile>
            <default_database>default</default_database>
            <mark_cache_size>67108864</mark_cache_size>
            <timezone>Asia/Kathmandu</timezone>
        </yandex>"
    );
    let users = "<yandex>
            <profiles><default/></profiles>
            <quotas><default/></quotas>
            <users><default>
                <password></password>
                <networks><ip>127.0.0.1</ip></networks>
                <profile>default</profile>
                <quota>default</quota>
            </default></users>
        </yandex>";
    std::fs::write(dir.join("config.xml"), config).unwrap();
    std::fs::write(dir.join("users.xml"), users).unwrap();
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
        .get_or_insert_with(|| vec![TestServer::start(&program), TestServer::start(&program)]);
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
