//! Beyla: found, configured, run and watched.
//!
//! [`launcher`] makes of the settings of a moment a running process: it [`locate`]s the program, asks it for its
//! [`version`], [`generate`]s that version's configuration, and starts it through the [`shim`]. [`supervisor`]
//! watches the [`process`] and starts it again; what it learns is on the [`monitor`], and [`state`] is what
//! follows from it. [`control`] is how `coral connect` gets through.

mod backoff;
pub mod cgroup;
pub mod connections;
mod control;
pub mod doctor;
mod environment;
mod file;
pub mod generate;
mod health;
pub mod install;
mod launcher;
mod lines;
pub mod locate;
mod log_line;
pub mod monitor;
mod pid_file;
mod process;
mod program;
pub mod shim;
mod state;
pub mod status;
mod supervisor;
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
use coral_config::AgentConfig;

/// An agent's Beyla, which is not run yet.
pub struct Beyla {
    /// What everybody may know of it.
    pub monitor: Arc<BeylaMonitor>,
    /// How it is asked for something else.
    pub control: Arc<Control>,
    /// `None` when it is switched off.
    supervisor: Option<Supervisor>,
}

impl Beyla {
    /// For the agent of `config`, which listens on `own`; `came` counts the spans of Beyla's receivers.
    ///
    /// # Errors
    /// When the key of its control cannot be written.
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
        let (change, changes) = watch::channel(0);
        let control = Arc::new(Control::new(config, change, monitor.clone())?);
        let supervisor = enabled.then(|| Supervisor {
            start: Launcher::new(config.clone(), self_info).into_start(),
            changes,
            monitor: monitor.clone(),
            stop_within: config.beyla.stop_within,
            check_interval: config.beyla.check_interval,
        });
        Ok(Self { monitor, control, supervisor })
    }

    /// Runs it until `stop`, and until it has ended.
    pub async fn run(self, stop: CancellationToken) {
        match self.supervisor {
            Some(supervisor) => supervisor.run(stop).await,
            None => stop.cancelled().await,
        }
    }
}

/// Where an agent's Beyla may be.
pub fn places(config: &AgentConfig) -> Places {
    Places {
        named: config.beyla.path.clone(),
        installed: versions_dir(&config.data_dir),
        path: std::env::var_os("PATH"),
    }
}

/// Where installed versions lie, each in a directory of its name.
pub fn versions_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("beyla/versions")
}

/// Programs that are never instrumented: this one, and the Beyla that is run.
pub fn own_programs(beyla: Option<&Path>) -> Vec<PathBuf> {
    let beyla = beyla.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    std::env::current_exe().ok().into_iter().chain(beyla).collect()
}
