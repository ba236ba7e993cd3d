//! Finds, configures, runs and monitors Beyla.
//!
//! [`launcher`] starts a process with the current settings: it [`locate`]s the program, reads its
//! [`release`], [`generate`]s a configuration for that release, and starts the program through the
//! [`shim`]. [`supervisor`] watches the [`process`] and restarts it; the kernel may
//! still detach probes from its [`predecessors`]. [`monitor`] collects evidence,
//! from which [`state`] follows. [`control`] accepts changes from `coral connect`. [`survey`] looks which
//! services of this host listen, and [`left_out`] which programs Beyla is not to instrument.

pub mod arrivals;
mod backoff;
pub mod cgroup;
pub mod connections;
mod control;
pub mod doctor;
mod environment;
pub mod feature;
pub mod generate;
mod health;
pub mod install;
mod lack;
mod launcher;
pub mod left_out;
mod lines;
pub mod listener;
pub mod locate;
mod log_line;
pub mod monitor;
mod pid_file;
mod predecessors;
pub mod probe;
mod process;
mod program;
pub mod release;
mod service_name;
pub mod shim;
mod stat;
mod state;
pub mod status;
mod supervisor;
pub mod survey;
pub mod version;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::control::{Change, ChangeOutcome, Control, key};
use self::generate::SelfInfo;
use self::launcher::Launcher;
use self::locate::Places;
use self::monitor::BeylaMonitor;
use self::supervisor::Supervisor;
use self::survey::Survey;
use coral_config::AgentConfig;

/// An agent's Beyla, before it runs.
pub struct Beyla {
    /// Status and counters.
    pub monitor: Arc<BeylaMonitor>,
    /// Accepts changes of the connected services.
    pub control: Arc<Control>,
    /// Looks which services of this host listen.
    pub survey: Arc<Survey>,
    /// `None` when Beyla is disabled.
    supervisor: Option<Supervisor>,
}

impl Beyla {
    /// Prepares Beyla for the agent of `config`, whose ports and programs are in `self_info`.
    /// `received` counts the spans, and the metric points with new requests, that Beyla sent.
    ///
    /// # Errors
    /// The key file of [`Control`] cannot be written.
    pub fn new(
        config: &AgentConfig,
        self_info: SelfInfo,
        received: Arc<AtomicU64>,
    ) -> std::io::Result<Self> {
        let enabled = config.beyla.enabled;
        let monitor = Arc::new(match enabled {
            true => BeylaMonitor::new(received),
            false => BeylaMonitor::switched_off(received, "`beyla.enabled` is false"),
        });
        let survey = Survey::new(&config.beyla.services, &config.data_dir);
        let survey = Arc::new(survey);
        let (change, changes) = watch::channel(0);
        let control =
            Arc::new(Control::new(config, self_info.ports.clone(), change, monitor.clone())?);
        let supervisor = enabled.then(|| Supervisor {
            start: Launcher::new(config.clone(), self_info).into_start(),
            changes,
            monitor: monitor.clone(),
            stop_within: config.beyla.stop_within,
            check_interval: config.beyla.check_interval,
        });
        Ok(Self { monitor, control, survey, supervisor })
    }

    /// Runs Beyla until `stop` is cancelled. Returns when Beyla has ended.
    pub async fn run(self, stop: CancellationToken) {
        match self.supervisor {
            Some(supervisor) => supervisor.run(stop).await,
            None => stop.cancelled().await,
        }
    }
}

/// The places where Beyla may be installed.
pub fn places(config: &AgentConfig) -> Places {
    Places {
        named: config.beyla.path.clone(),
        installed: versions_dir(&config.data_dir),
        path: std::env::var_os("PATH"),
    }
}

/// The directory of installed versions, with a directory for each version.
pub fn versions_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("beyla/versions")
}

/// Programs that are never instrumented: the running Coral, and `beyla` if it is given.
pub fn own_programs(beyla: Option<&Path>) -> Vec<PathBuf> {
    let beyla = beyla.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    std::env::current_exe().ok().into_iter().chain(beyla).collect()
}
