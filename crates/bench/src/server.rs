//! A coral process of the bench's own: started, asked, killed and started again.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use crate::process::Process;

/// A running coral; killed when it is dropped, and its data removed with the last of its kind.
pub struct Server {
    child: Child,
    arguments: Vec<String>,
    program: PathBuf,
    dir: Arc<TempDir>,
    faults: Option<f64>,
    addresses: Value,
    http: reqwest::Client,
}

/// How long a coral may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// With faults, a coral may fail to open its store so often before it is no fault any more.
const MAX_STARTS: u32 = 200;
/// A count that should grow and does not for so long never will.
const STALLS_AFTER: Duration = Duration::from_secs(20);

impl Server {
    /// Starts `program` on `dir`, and waits until it listens. With `faults`, as often as it takes.
    ///
    /// # Errors
    /// When it ends before that; its log says why.
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
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build()?;
        let addresses = Value::Null;
        let mut server = Self {
            child,
            arguments: arguments.to_vec(),
            program: program.clone(),
            dir: dir.clone(),
            faults: faults.map(|(rate, _)| rate),
            addresses,
            http,
        };
        server.until_listening().await?;
        Ok(server)
    }

    /// Its own file says where it listens; that of a killed one has another process id.
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

    /// The same server again, with more settings, on the same data; the old one is killed if need be.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(mut self, settings: &[&str]) -> Result<Self, Failure> {
        let settings = settings.iter().flat_map(|pair| ["--set".to_owned(), (*pair).to_owned()]);
        self.arguments.extend(settings);
        self.start_again().await?;
        Ok(self)
    }

    /// Kills it if need be, and runs it again as it was.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self) -> Result<(), Failure> {
        self.kill()?;
        let (program, arguments) = (self.program.clone(), self.arguments.clone());
        *self = Self::run(program, arguments, self.dir.clone(), self.faults).await?;
        Ok(())
    }

    /// `kill -9`; returns when it is gone.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// What the kernel knows of it.
    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Bytes of the segments of `role`'s store, which alone grow with what is stored.
    ///
    /// # Errors
    /// When there are none.
    pub fn segment_bytes(&self, role: &str) -> std::io::Result<u64> {
        let segments = std::fs::read_dir(self.dir.path().join(role).join("segments"))?;
        segments.map(|file| Ok(file?.metadata()?.len())).sum()
    }

    /// `http://` and the address of `socket`, such as `otlp_grpc`.
    ///
    /// # Errors
    /// When it has no such socket.
    pub fn url(&self, socket: &str) -> Result<String, Failure> {
        let address = self.addresses[socket].as_str();
        Ok(format!("http://{}", address.ok_or_else(|| format!("coral has no socket `{socket}`"))?))
    }

    /// What it answers to GET `path_and_query`, which `coral query` asks too.
    ///
    /// # Errors
    /// When it does not answer, or with an error.
    pub async fn get(&self, path_and_query: &str) -> Result<Value, Failure> {
        let socket = if self.addresses["colony"].is_string() { "colony" } else { "agent_rpc" };
        let url = format!("{}{path_and_query}", self.url(socket)?);
        let response = self.http.get(&url).send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            return Err(format!("{url}: {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// One of its counters, such as `coral.agent.store.spans`. What `coral agent status` prints.
    ///
    /// # Errors
    /// When it does not answer, or has no such counter.
    pub async fn counter(&self, name: &str) -> Result<u64, Failure> {
        let status = self.get("/api/v1/status").await?;
        let count = status["counters"][name].as_u64();
        count.ok_or_else(|| format!("there is no counter `{name}`").into())
    }

    /// Waits until a counter has a value that `enough` accepts, and returns it.
    ///
    /// # Errors
    /// When it stands still for [`STALLS_AFTER`] before that; with the last warning of the log.
    pub async fn until_counter(
        &self,
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
            if moved.elapsed() > STALLS_AFTER {
                let why = self.log_lines("WARN").pop().unwrap_or_default();
                return Err(format!("`{name}` stands still at {count}: {why}").into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lines of its log with this word, of all its runs.
    pub fn log_lines(&self, word: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        log.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
