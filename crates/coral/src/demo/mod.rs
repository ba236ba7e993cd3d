//! `coral demo`: a standalone Coral with recorded spans and metrics of Beyla.

mod recording;
mod replay;

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::replay::Replay;
use coral_config::StandaloneConfig;
use coral_server::addresses::Addresses;

use crate::greeting::colony_flag;
use crate::roles::{RoleError, Standalone};
use crate::terminal::Progress;

/// Settings of the demo.
pub struct Demo {
    /// Settings of the standalone. Its data directory is temporary, unless the user named one.
    pub config: StandaloneConfig,
    /// How long to run; without a limit if `None`.
    pub run_for: Option<Duration>,
    /// The command with which the user ran this program, for printed commands.
    pub program: String,
}

/// Why the demo ended without being stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The standalone ended.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The recordings could not be replayed.
    #[error("cannot replay the recordings: {0}")]
    Replay(String),
}

impl Demo {
    /// Runs until `stop` is cancelled, or until [`run_for`](Self::run_for) has passed and the
    /// colony has polled the first trace.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn run(self, stop: CancellationToken) -> Result<(), DemoError> {
        let standalone = Standalone::bind(self.config).await.map_err(RoleError::from)?;
        let addresses = standalone.addresses().clone();
        let serving = async {
            let outcome = standalone.run(|_| {}, stop.clone()).await;
            stop.cancel();
            outcome
        };
        let feeding = async {
            let outcome = feed(&addresses, &self.program, self.run_for, &stop).await;
            stop.cancel();
            outcome
        };
        let (served, fed) = tokio::join!(serving, feeding);
        served?;
        fed
    }
}

/// Replays until `stop` is cancelled, and prints commands to try once the first trace is polled.
async fn feed(
    addresses: &Addresses,
    program: &str,
    run_for: Option<Duration>,
    stop: &CancellationToken,
) -> Result<(), DemoError> {
    let ends = tokio::time::sleep(run_for.unwrap_or(Duration::MAX));
    tokio::pin!(ends);
    let starting = Progress::of("Starting the demo");
    let mut replay = Replay::to(addresses).map_err(DemoError::Replay)?;
    let Some(first) = stop.run_until_cancelled(replay.all()).await else { return Ok(()) };
    let checkout = first.map_err(DemoError::Replay)?;
    if stop.run_until_cancelled(replay.until_polled(&checkout)).await.is_none() {
        return Ok(());
    }
    drop(starting);
    println!("{}", welcome(addresses, program, &checkout));
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = &mut ends => return Ok(()),
            outcome = replay.next() => outcome.map_err(DemoError::Replay)?,
        }
    }
}

fn welcome(addresses: &Addresses, program: &str, checkout: &str) -> String {
    let colony = colony_flag(addresses);
    let query = format!("{program} query beyla");
    format!(
        "Coral runs, and receives recorded traffic of Beyla 3.31.0 over OTLP, with current times.\n\
         In another terminal, try:\n\n  \
         {query} traces --trace-id {checkout}{colony}\n  \
         {query} traces --service frontend-api --min-duration 200ms --sort slowest{colony}\n  \
         {query} http payments-api --since 1h{colony}\n\n\
         Ctrl-C ends the demo and removes its data."
    )
}

/// The data directory of a demo, removed with its content on drop.
pub struct DemoDir(PathBuf);

impl DemoDir {
    /// Creates a new directory, whose name contains the process id and the time.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn create() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let name = format!("coral-demo-{}-{:x}", std::process::id(), coral_server::clock::now().0);
        let path = std::env::temp_dir().join(name);
        // Fails if the name exists, so that no other directory is used or removed.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// The path of the directory.
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for DemoDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
