//! A running `coral`, and what tests do with it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use coral_trace::Span;
use coral_wire::otlp_out;
use serde_json::Value;
use tempfile::TempDir;

/// A server with a data directory of its own. The process is killed on drop.
pub struct Coral {
    child: Child,
    role: Vec<String>,
    env: Vec<(String, String)>,
    pub dir: std::sync::Arc<TempDir>,
    pub addresses: Value,
    log: std::sync::Arc<std::sync::Mutex<String>>,
}

/// Longest time that a test waits for anything: test hosts may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings of an agent with every socket on a free port.
const FREE_PORTS: &str = "otlp.grpc=127.0.0.1:0,otlp.http=127.0.0.1:0,beyla.otlp.grpc=127.0.0.1:0,\
                          beyla.otlp.http=127.0.0.1:0,agent.listen=127.0.0.1:0";
/// The setting that turns off the supervision of Beyla, which the host may have.
const NO_BEYLA: &str = "beyla.enabled=false";

impl Coral {
    pub fn agent(id: &str, more: &[&str]) -> Self {
        let id = format!("agent.id={id}");
        Self::start(&["agent", "start"], &[&[FREE_PORTS, NO_BEYLA, &id], more].concat())
    }

    pub fn colony(more: &[&str]) -> Self {
        let settings = ["colony.listen=127.0.0.1:0,colony.poll_interval=50ms"];
        Self::start(&["colony", "start"], &[&settings, more].concat())
    }

    pub fn standalone(more: &[&str]) -> Self {
        let colony = "colony.listen=127.0.0.1:0,colony.poll_interval=50ms,agent.id=web-1";
        Self::start(&["standalone"], &[&[FREE_PORTS, NO_BEYLA, colony], more].concat())
    }

    /// A standalone with `settings`, which may contain commas.
    pub fn standalone_with(settings: &[&str]) -> Self {
        let usual = ["colony.listen=127.0.0.1:0", "colony.poll_interval=50ms", "agent.id=web-1"];
        Self::whole(&["standalone"], &[&usual, settings].concat(), &[])
    }

    /// An agent with `settings`, which may contain commas, and with environment variables.
    pub fn agent_with(settings: &[&str], env: &[(&str, &str)]) -> Self {
        Self::whole(&["agent", "start"], &[&["agent.id=web-1"], settings].concat(), env)
    }

    /// An agent whose only settings are `file` and free ports.
    pub fn agent_of_file(file: &std::path::Path, env: &[(&str, &str)]) -> Self {
        Self::whole(&["agent", "start", "-c", &file.display().to_string()], &[], env)
    }

    pub fn colony_with(settings: &[&str]) -> Self {
        let usual = ["colony.listen=127.0.0.1:0", "colony.poll_interval=50ms"];
        let role = words(&["colony", "start"], &[&usual, settings].concat());
        Self::run(role, vec![], std::sync::Arc::new(tempfile::tempdir().unwrap()))
    }

    /// A colony or agent whose data directory has something in it already.
    pub fn in_dir(role: &str, dir: TempDir, settings: &[&str]) -> Self {
        let ports: Vec<&str> = match role {
            "colony" => vec!["colony.listen=127.0.0.1:0", "colony.poll_interval=50ms"],
            _ => FREE_PORTS.split(',').map(str::trim).chain([NO_BEYLA]).collect(),
        };
        let role = words(&[role, "start"], &[&ports, settings].concat());
        Self::run(role, vec![], std::sync::Arc::new(dir))
    }

    fn whole(role: &[&str], settings: &[&str], env: &[(&str, &str)]) -> Self {
        let ports: Vec<&str> = FREE_PORTS.split(',').map(str::trim).collect();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
        Self::run(words(role, &[&ports, settings].concat()), env.collect(), dir)
    }

    fn start(role: &[&str], settings: &[&str]) -> Self {
        let settings: Vec<&str> =
            settings.iter().flat_map(|all| all.split(',')).map(str::trim).collect();
        let dir = std::sync::Arc::new(tempfile::tempdir().unwrap());
        Self::run(words(role, &settings), vec![], dir)
    }

    /// A server that finds its configuration in a data directory that was prepared.
    pub fn of_dir(role: &[&str], settings: &[&str], dir: &std::sync::Arc<TempDir>) -> Self {
        Self::run(words(role, settings), vec![], dir.clone())
    }

    fn run(role: Vec<String>, env: Vec<(String, String)>, dir: std::sync::Arc<TempDir>) -> Self {
        let mut child = coral()
            .args(&role)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .arg("--data-dir")
            .arg(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The server is ready when its log says that it listens.
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening") {
            let read = log.read_line(&mut said).unwrap();
            assert!(read > 0, "coral ended before it listened: {said}");
        }
        let kept = std::sync::Arc::new(std::sync::Mutex::new(said));
        let keeper = kept.clone();
        #[expect(clippy::disallowed_methods, reason = "ends with the process that it reads from")]
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let mut kept = keeper.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let file = dir.path().join("run/addresses.json");
        let addresses = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        Self { child, role, env, dir, addresses, log: kept }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The log of the server so far.
    pub fn said(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Kills the server, and starts it again on the same data directory.
    pub fn restart(mut self) -> Self {
        let (role, env) = (std::mem::take(&mut self.role), std::mem::take(&mut self.env));
        let dir = self.dir.clone();
        drop(self);
        Self::run(role, env, dir)
    }

    /// Kills the server with SIGKILL, so that everything in memory is lost.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM, and waits for the end. Returns the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.begin_to_stop();
        self.exit_code()
    }

    /// Sends SIGTERM, and does not wait for the end.
    pub fn begin_to_stop(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until the process has ended. Returns the exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub fn url(&self, socket: &str) -> String {
        format!("http://{}", self.addresses[socket].as_str().unwrap())
    }

    /// Exports spans over OTLP/HTTP; returns the status.
    pub fn export(&self, spans: &[Span]) -> u16 {
        self.post("otlp_http", &otlp_out::encode(spans))
    }

    pub fn post(&self, socket: &str, body: &[u8]) -> u16 {
        self.post_to(socket, "/v1/traces", body)
    }

    pub fn post_to(&self, socket: &str, path: &str, body: &[u8]) -> u16 {
        let url = format!("{}{path}", self.url(socket));
        let answer = http().post(&url).header("content-type", "application/x-protobuf").send(body);
        answer.map(|answer| answer.status().as_u16()).unwrap_or(0)
    }

    pub fn get(&self, socket: &str, path: &str) -> Value {
        let url = format!("{}{path}", self.url(socket));
        http().get(&url).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Status and body of the response to a `GET` of `path`.
    pub fn fetch(&self, socket: &str, path: &str) -> (u16, String) {
        let mut answer = http().get(format!("{}{path}", self.url(socket))).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Status and body of the response to a `DELETE` of `path`.
    pub fn delete(&self, socket: &str, path: &str) -> (u16, String) {
        let mut answer = http().delete(format!("{}{path}", self.url(socket))).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Posts `body` as JSON. Returns status and JSON of the response.
    pub fn post_json(&self, socket: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut answer =
            http().post(format!("{}{path}", self.url(socket))).send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    }

    pub fn counter(&self, name: &str) -> u64 {
        let status = self.get("agent_rpc", "/api/v1/status");
        status["counters"][name].as_u64().unwrap_or_else(|| panic!("no counter {name}"))
    }

    /// Runs the command `line` against this colony.
    pub fn ask(&self, line: &str) -> Output {
        let output = coral()
            .args(line.split_whitespace())
            .args(["--colony", &self.url("colony")])
            .output()
            .unwrap();
        assert!(!output.stdout.contains(&0x1b), "control codes in a pipe");
        output
    }

    /// The output of such a command, which must succeed, as of a colony at the usual address.
    pub fn answer(&self, line: &str) -> String {
        let output = self.ask(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        self.at_usual_address(&String::from_utf8(output.stdout).unwrap())
    }

    /// `text` with the usual address of a colony in the place of this colony's.
    pub fn at_usual_address(&self, text: &str) -> String {
        match self.addresses["colony"].as_str() {
            Some(address) => {
                text.replace(&format!("http://{address}/ui/"), "http://127.0.0.1:9000/ui/")
            }
            None => text.to_owned(),
        }
    }

    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.answer(&format!("{line} --format json"))).unwrap()
    }

    /// Waits until the colony has stored exactly `spans` spans.
    pub fn until_stored(&self, spans: u64) {
        let stored = || {
            let status = self.get("colony", "/api/v1/status");
            status["counters"]["coral.colony.store.spans"].as_u64().unwrap()
        };
        eventually(|| {
            if stored() == spans { Ok(()) } else { Err(format!("{} of {spans}", stored())) }
        });
    }
}

impl Drop for Coral {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, without the environment variables that change what it does.
pub fn coral() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coral"));
    for name in [
        "CORAL_SET",
        "CORAL_COLONY",
        "CORAL_TOKEN",
        "CORAL_LOG",
        "CARGO",
        "XDG_DATA_HOME",
        "BEYLA_PATH",
        "CORAL_DUCKDB",
        "COLUMNS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    // Logins of whoever runs the tests are not used.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.env("CORAL_DATA_DIR", "/nonexistent").stdin(Stdio::null());
    command
}

/// Repeats `check` until it succeeds. Fails after [`PATIENCE`] with the last error.
pub fn eventually(mut check: impl FnMut() -> Result<(), String>) {
    let begin = Instant::now();
    loop {
        match check() {
            Ok(()) => return,
            Err(why) => assert!(begin.elapsed() < PATIENCE, "{why}"),
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

pub fn http() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(PATIENCE)).build().into()
}

impl Coral {
    pub fn colony_with_file(file: &std::path::Path) -> Self {
        let settings = ["--set", "colony.listen=127.0.0.1:0", "--set", "colony.poll_interval=50ms"];
        let mut role: Vec<String> =
            ["colony", "start"].iter().chain(&settings).map(|word| (*word).to_owned()).collect();
        role.extend(["-c".to_owned(), file.display().to_string()]);
        Self::run(role, vec![], std::sync::Arc::new(tempfile::tempdir().unwrap()))
    }
}

/// A command line with one `--set` for each setting.
fn words(role: &[&str], settings: &[&str]) -> Vec<String> {
    let settings = settings.iter().flat_map(|pair| ["--set", pair]);
    role.iter().copied().chain(settings).map(str::to_owned).collect()
}
