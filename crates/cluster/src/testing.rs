//! Real ClickHouse servers, for tests and measurements: each in a directory of its own, on loopback.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server that ends, with its data, when the value is dropped.
pub struct TestServer {
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

/// How long a server may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a server that starts is asked whether it answers.
const START_INTERVAL: Duration = Duration::from_millis(20);

/// The program of the server, from `CORAL_TEST_CLICKHOUSE_SERVER`, if that is set.
/// `tools/fetch-clickhouse` unpacks one.
pub fn program() -> Option<PathBuf> {
    std::env::var_os("CORAL_TEST_CLICKHOUSE_SERVER").map(PathBuf::from)
}

impl TestServer {
    /// A server without data.
    ///
    /// # Errors
    /// The directory cannot be made, or the errors of [`run`](Self::run).
    pub fn start(program: &Path) -> io::Result<Self> {
        let dir = TempDir::new()?;
        let port = free_port()?;
        write_settings(dir.path(), port)?;
        let mut server = Self { dir, port, child: None };
        server.run(program)?;
        Ok(server)
    }

    /// The URL of the server.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The id of the process; `None` after [`kill`](Self::kill).
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills the process, as `kill -9` does. The data stays.
    ///
    /// # Errors
    /// The process cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts the process on the data of an earlier one, and waits until it answers.
    ///
    /// # Errors
    /// The process does not start, or does not answer within a minute. The error has its log.
    pub fn run(&mut self, program: &Path) -> io::Result<()> {
        let log = std::fs::File::create(self.dir.path().join("log"))?;
        let child = Command::new(program)
            .arg(format!("--config-file={}/config.xml", self.dir.path().display()))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if begun.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the server does not start: {log}")));
            }
            std::thread::sleep(START_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // A process that cannot be killed has ended.
        let _ = self.kill();
    }
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// One port, no logs in tables, little memory, and a time zone in which no day begins at an hour of
/// UTC.
fn write_settings(dir: &Path, port: u16) -> io::Result<()> {
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
    std::fs::write(dir.join("config.xml"), config)?;
    std::fs::write(dir.join("users.xml"), users)
}
