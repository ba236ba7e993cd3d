//! A coral process that the bench starts, queries, kills and restarts.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use coral_trust::workload::Workload;
use rustls::ClientConfig;
use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use crate::authority::BenchAuthority;
use crate::process::Process;
use crate::target::Target;
use crate::web::Web;

/// A running coral process, which is killed when this value is dropped. Its data is removed with
/// the last server that uses the data.
pub struct Server {
    child: Child,
    arguments: Vec<String>,
    program: PathBuf,
    dir: Arc<TempDir>,
    faults: Option<f64>,
    addresses: Value,
    /// How the bench knows the process over TLS; none without TLS.
    config: Option<Arc<ClientConfig>>,
    web: OnceLock<Web>,
}

/// How long a process may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest number of attempts to start a process with injected faults, which may make opening
/// the store fail.
const MAX_STARTS: u32 = 200;
/// How long the value of a counter may stay the same before the counter counts as stuck.
const STALL_TIMEOUT: Duration = Duration::from_secs(20);

impl Server {
    /// Starts `program` on `dir`, and waits until it listens. With `faults`, failed starts are
    /// repeated.
    ///
    /// # Errors
    /// The process ended before it listened; the error quotes its log.
    pub async fn run(
        program: PathBuf,
        arguments: Vec<String>,
        dir: Arc<TempDir>,
        faults: Option<f64>,
    ) -> Result<Self, Failure> {
        let mut starts = 1;
        loop {
            let started =
                Self::start(&program, &arguments, &dir, faults.map(|rate| (rate, starts)));
            match started.await {
                Err(_) if faults.is_some() && starts < MAX_STARTS => starts += 1,
                outcome => return outcome,
            }
        }
    }

    async fn start(
        program: &PathBuf,
        arguments: &[String],
        dir: &Arc<TempDir>,
        faults: Option<(f64, u32)>,
    ) -> Result<Self, Failure> {
        let log =
            std::fs::File::options().create(true).append(true).open(dir.path().join("log"))?;
        let mut command = Command::new(program);
        if let Some((rate, start)) = faults {
            let seed =
                std::process::id().wrapping_add(crate::clock::now() as u32).wrapping_mul(start);
            command.env("CORAL_FAULTS", format!("rate={rate},seed={seed}"));
        }
        for name in ["CORAL_SET", "CORAL_COLONY", "CORAL_LOG", "CORAL_DATA_DIR"] {
            command.env_remove(name);
        }
        let child = command
            .args(arguments)
            .arg("--data-dir")
            .arg(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", program.display()))?;
        let addresses = Value::Null;
        let mut server = Self {
            child,
            arguments: arguments.to_vec(),
            program: program.clone(),
            dir: dir.clone(),
            faults: faults.map(|(rate, _)| rate),
            addresses,
            config: None,
            web: OnceLock::new(),
        };
        server.until_listening().await?;
        Ok(server)
    }

    /// Waits for the file in which the process writes its addresses. The file of a killed process
    /// has another process id.
    async fn until_listening(&mut self) -> Result<(), Failure> {
        let (begin, file) = (Instant::now(), self.dir.path().join("run/addresses.json"));
        while begin.elapsed() < START_TIMEOUT {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("coral ended with {status}: {}", self.log_end()).into());
            }
            let addresses: Value = std::fs::read(&file)
                .ok()
                .and_then(|json| serde_json::from_slice(&json).ok())
                .unwrap_or_default();
            if addresses["pid"] == self.child.id() {
                self.addresses = addresses;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(format!("coral does not listen: {}", self.log_end()).into())
    }

    /// Restarts the process on the same data with further settings; a running process is killed
    /// first.
    ///
    /// # Errors
    /// The process does not start.
    pub async fn restart(mut self, settings: &[&str]) -> Result<Self, Failure> {
        let settings = settings.iter().flat_map(|pair| ["--set".to_owned(), (*pair).to_owned()]);
        self.arguments.extend(settings);
        self.start_again().await?;
        Ok(self)
    }

    /// Kills the process if it is running, and starts it again with the same settings.
    ///
    /// # Errors
    /// The process does not start.
    pub async fn start_again(&mut self) -> Result<(), Failure> {
        self.kill()?;
        let (program, arguments) = (self.program.clone(), self.arguments.clone());
        let config = self.config.take();
        *self = Self::run(program, arguments, self.dir.clone(), self.faults).await?;
        self.config = config;
        Ok(())
    }

    /// Sends SIGKILL, and returns when the process has ended.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// A command of the same program on the same data, as a person runs one. It is ended when it is
    /// dropped.
    pub fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(arguments).arg("--data-dir").arg(self.dir.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// The process, for its CPU time and memory.
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// The total size of the segments in the store of `role`, in bytes. Only segments grow with the
    /// number of stored spans.
    ///
    /// # Errors
    /// The directory of segments cannot be read.
    pub fn segment_bytes(&self, role: &str) -> std::io::Result<u64> {
        let segments = std::fs::read_dir(self.dir.path().join(role).join("segments"))?;
        segments.map(|file| Ok(file?.metadata()?.len())).sum()
    }

    /// The same server, which has a certificate of `authority` for `workload`.
    ///
    /// # Errors
    /// There is no TLS client.
    pub fn certified(
        mut self,
        authority: &BenchAuthority,
        workload: Workload,
    ) -> Result<Self, Failure> {
        self.config = Some(authority.client(None, workload)?);
        Ok(self)
    }

    /// The directory with the data of the process.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// The URL of `socket`, such as `otlp_grpc`: `http://`, or `https://` if it has TLS, and its
    /// address.
    ///
    /// # Errors
    /// The process has no such socket.
    pub fn url(&self, socket: &str) -> Result<String, Failure> {
        let address = self.addresses[socket].as_str();
        let address = address.ok_or_else(|| format!("coral has no socket `{socket}`"))?;
        let tls = match socket {
            "agent_rpc" => "agent_tls",
            "otlp_grpc" | "otlp_http" => "otlp_tls",
            other => &format!("{other}_tls"),
        };
        let scheme = if self.addresses[tls] == true { "https" } else { "http" };
        Ok(format!("{scheme}://{address}"))
    }

    /// `socket`, as a client connects to it that shows no certificate.
    ///
    /// # Errors
    /// The process has no such socket.
    pub fn target(&self, socket: &str) -> Result<Target, Failure> {
        let url = self.url(socket)?;
        match (&self.config, url.starts_with("https://")) {
            (_, false) => Ok(Target::from(url.as_str())),
            (Some(config), true) => Ok(Target::encrypted(url, config.clone())),
            (None, true) => Err(format!("the bench does not know the certificate of {url}").into()),
        }
    }

    /// A client of the JSON routes of `socket`. Over TLS, it shows the key that only processes of
    /// this user can read.
    ///
    /// # Errors
    /// The process has no such socket.
    pub fn web(&self, socket: &str) -> Result<Web, Failure> {
        let key = if socket == "colony" { "run/colony.key" } else { "run/control.key" };
        Web::new(&self.target(socket)?, self.dir.path().join(key))
    }

    /// The JSON answer to GET `path_and_query`, from the colony if this process is one, else from
    /// the agent.
    ///
    /// # Errors
    /// There is no answer, or the answer is an error.
    pub async fn get(&self, path_and_query: &str) -> Result<Value, Failure> {
        if let Some(web) = self.web.get() {
            return json(web, path_and_query).await;
        }
        let socket = if self.addresses["colony"].is_string() { "colony" } else { "agent_rpc" };
        let web = self.web(socket)?;
        json(self.web.get_or_init(|| web), path_and_query).await
    }

    /// The JSON answer of `socket` to GET `path_and_query`.
    ///
    /// # Errors
    /// There is no answer, or the answer is an error.
    pub async fn get_from(&self, socket: &str, path_and_query: &str) -> Result<Value, Failure> {
        json(&self.web(socket)?, path_and_query).await
    }

    /// The value of the counter `name`, such as `coral.agent.store.spans`.
    ///
    /// # Errors
    /// There is no answer, or no such counter.
    pub async fn counter(&self, name: &str) -> Result<u64, Failure> {
        let status = self.get("/api/v1/status").await?;
        let count = status["counters"][name].as_u64();
        count.ok_or_else(|| format!("there is no counter `{name}`").into())
    }

    /// Waits until `enough` accepts the value of a counter, and returns the value.
    ///
    /// # Errors
    /// The counter stays the same for [`STALL_TIMEOUT`]; the error quotes the last warning of the
    /// log.
    pub async fn until_counter(
        &self,
        name: &str,
        enough: impl Fn(u64) -> bool,
    ) -> Result<u64, Failure> {
        self.until_counter_every(Duration::from_millis(10), name, enough).await
    }

    /// As [`until_counter`](Self::until_counter), with a pause between two looks.
    ///
    /// # Errors
    /// Those of [`until_counter`](Self::until_counter).
    pub async fn until_counter_every(
        &self,
        pause: Duration,
        name: &str,
        enough: impl Fn(u64) -> bool,
    ) -> Result<u64, Failure> {
        let (mut moved, mut last) = (Instant::now(), None);
        loop {
            let count = self.counter(name).await?;
            if enough(count) {
                return Ok(count);
            }
            if last.replace(count) != Some(count) {
                moved = Instant::now();
            }
            if moved.elapsed() > STALL_TIMEOUT {
                let why = self.log_lines("WARN").pop().unwrap_or_default();
                return Err(format!("`{name}` stands still at {count}: {why}").into());
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// The lines that contain `word`, in the logs of all runs of the process.
    pub fn log_lines(&self, word: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        log.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }
}

async fn json(web: &Web, path_and_query: &str) -> Result<Value, Failure> {
    let (status, body) = web.get(path_and_query).await?;
    if !status.is_success() {
        let body = String::from_utf8_lossy(&body);
        return Err(format!("{path_and_query}: {status}: {body}").into());
    }
    Ok(serde_json::from_slice(&body)?)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
