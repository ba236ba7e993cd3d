//! Starts Beyla with the current settings.

use coral_server::private_file;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::cgroup::Cgroup;
use super::connections::Connections;
use super::feature::HEALTH;
use super::generate::{GenerateInput, GeneratedConfig, SelfInfo, generate};
use super::listener::Listener;
use super::locate::{Found, locate};
use super::monitor::Running;
use super::pid_file::{Orphan, PidFile};
use super::probe::probe;
use super::process;
use super::program::Program;
use super::release::Release;
use super::supervisor::{CannotStart, Start, StartedBeyla};
use super::{environment, health, left_out, own_programs, places, shim};
use coral_config::AgentConfig;
use coral_trace::chain;

/// Starts Beyla for one agent.
pub struct Launcher {
    config: AgentConfig,
    self_info: SelfInfo,
    /// The last program whose release was read. It is not read again while the file is the same.
    probed: Option<(Program, Release)>,
    /// The cgroup of the running Beyla.
    cgroup: Option<Cgroup>,
}

/// Everything that is needed to start the process of Beyla.
struct StartPlan {
    command: Command,
    is_outdated: Box<dyn Fn() -> bool + Send + Sync>,
    health_port: Option<u16>,
    /// The program to start, for the status. The process id is 0, because the process does not run
    /// yet.
    running: Running,
    pid_file: PidFile,
}

impl Launcher {
    /// A launcher for the agent of `config`, which listens on the ports of `self_info`.
    pub fn new(config: AgentConfig, self_info: SelfInfo) -> Self {
        Self { config, self_info, probed: None, cgroup: None }
    }

    /// Returns the function with which the supervisor starts Beyla.
    pub fn into_start(self) -> Start {
        let launcher = Arc::new(Mutex::new(self));
        Box::new(move || {
            let launcher = launcher.clone();
            Box::pin(async move {
                let prepare =
                    move || launcher.lock().unwrap_or_else(PoisonError::into_inner).prepare();
                let prepared = tokio::task::spawn_blocking(prepare).await;
                let panicked = |panic| CannotStart::Failed(format!("coral panicked: {panic}"));
                start(prepared.map_err(panicked)??).await
            })
        })
    }

    /// Locates Beyla, reads its release, and writes its configuration. Ends a Beyla that a killed
    /// agent left running. Blocks: reading the release may take seconds.
    fn prepare(&mut self) -> Result<StartPlan, CannotStart> {
        let unavailable = CannotStart::Unavailable;
        let found = locate(&places(&self.config)).map_err(|missing| {
            unavailable(format!("{missing}; spans from other exporters are still received"))
        })?;
        let connections =
            Connections::load(&self.config.data_dir).map_err(|error| unavailable(chain(&error)))?;
        let program = Program::at(&found.path);
        let release = self.release(&found.path, &program)?;
        let health_port = release.has(HEALTH).then(health::free_port).flatten();
        let self_info =
            SelfInfo { programs: own_programs(Some(&found.path)), ..self.self_info.clone() };
        let connected_ports = connections.ports();
        let left_out = left_out::programs(&connected_ports, &Listener::all());
        let input = GenerateInput {
            config: &self.config.beyla,
            connected: &connections.selectors(),
            left_out: &left_out,
            self_info: &self_info,
            health_port,
        };
        let generated =
            generate(release, &input).map_err(|refused| unavailable(refused.to_string()))?;
        let pid_file = PidFile::of(&self.config.data_dir);
        end_orphan(&pid_file);
        let notes = self.limit();
        let command = self.command(&found, generated).map_err(|error| {
            CannotStart::Failed(format!("cannot write its configuration: {error}"))
        })?;
        let path = found.path.display().to_string();
        let running = Running { release, path, pid: 0, notes };
        let places = places(&self.config);
        let is_outdated = Box::new(move || {
            program.has_changed()
                || locate(&places).is_ok_and(|now| now.path != found.path)
                || is_lifted(&left_out, &connected_ports)
        });
        Ok(StartPlan { command, is_outdated, health_port, running, pid_file })
    }

    fn release(&mut self, path: &Path, program: &Program) -> Result<Release, CannotStart> {
        if let Some((known, release)) = &self.probed
            && known == program
        {
            return Ok(*release);
        }
        let release = probe(path).map_err(|error| CannotStart::Failed(chain(&error)))?;
        self.probed = Some((program.clone(), release));
        Ok(release)
    }

    /// Creates the cgroup of the limits. Returns notes for the status: the reason if there are no
    /// limits.
    fn limit(&mut self) -> Vec<String> {
        // Removes the previous cgroup if no process runs in it.
        self.cgroup = None;
        match Cgroup::create(Path::new("/"), self.config.beyla.limits) {
            Ok(cgroup) => {
                self.cgroup = cgroup;
                Vec::new()
            }
            Err(reason) => {
                tracing::warn!(reason, "Beyla runs without limits");
                vec![format!("limits are off: {reason}")]
            }
        }
    }

    /// Writes the configuration. Returns the command that runs Beyla with it.
    fn command(&self, found: &Found, generated: GeneratedConfig) -> std::io::Result<Command> {
        // The paths are absolute, because Beyla runs in another directory.
        let dir = std::path::absolute(self.config.data_dir.join("beyla"))?;
        let yaml = dir.join("beyla-config.yaml");
        private_file::replace(&yaml, generated.yaml.as_bytes())?;
        let cgroup = self.cgroup.as_ref().map(Cgroup::entrance);
        let mut command = shim::command(&std::path::absolute(&found.path)?, cgroup.as_deref());
        command.arg("-config").arg(&yaml).current_dir(&dir).env_clear();
        command.envs(environment::base()).envs(generated.environment).env("HOME", &dir);
        Ok(command)
    }
}

async fn start(prepared: StartPlan) -> Result<StartedBeyla, CannotStart> {
    let StartPlan { command, is_outdated, health_port, running, pid_file } = prepared;
    let process = process::spawn(command)
        .await
        .map_err(|error| CannotStart::Failed(format!("cannot start it: {error}")))?;
    if let Err(error) = pid_file.write(process.pid) {
        tracing::debug!(%error, "could not write Beyla's pid file");
    }
    let running = Running { pid: process.pid, ..running };
    Ok(StartedBeyla { process, running, is_outdated, health_port })
}

/// Whether a program of `left_out` listens on one of the `connected` ports now: a data store that
/// started after Beyla.
fn is_lifted(left_out: &[&str], connected: &[u16]) -> bool {
    if connected.is_empty() {
        return false;
    }
    let now = left_out::programs(connected, &Listener::all());
    left_out.iter().any(|glob| !now.contains(glob))
}

/// Ends a Beyla that a killed agent left running.
fn end_orphan(file: &PidFile) {
    match file.end_orphan() {
        Orphan::None => {}
        Orphan::Killed(pid) => {
            tracing::warn!(pid, "killed a Beyla that an earlier agent left running")
        }
        Orphan::Stays(pid) => {
            tracing::error!(pid, "a Beyla that an earlier agent left running does not end");
        }
    }
}
