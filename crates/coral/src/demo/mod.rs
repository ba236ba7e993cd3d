//! `coral demo`: a standalone Coral with an hour of simulated requests, and a fault.

mod feed;
mod story;
mod welcome;

use std::path::PathBuf;
use std::time::Duration;

use coral_config::StandaloneConfig;
use coral_scenario::IncidentKind;
use coral_server::addresses::Addresses;
use coral_server::clock;
use tokio_util::sync::CancellationToken;

use self::feed::Feed;
use self::story::Story;
use self::welcome::Welcome;
use crate::roles::{RoleError, Standalone};
use crate::terminal::Progress;

/// Settings of the demo.
pub struct Demo {
    /// Settings of the standalone. Its data directory is temporary, unless the user named one.
    pub config: StandaloneConfig,
    /// What began to happen twelve minutes before the demo started.
    pub incident: IncidentKind,
    /// How long to run; without a limit if `None`.
    pub run_for: Option<Duration>,
    /// Whether the commands to try are printed as JSON.
    pub is_json: bool,
    /// The command with which the user ran this program, for printed commands.
    pub program: String,
}

/// Why the demo ended without being stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The standalone ended.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The requests could not be sent.
    #[error("cannot send the requests of the demo: {0}")]
    Feed(String),
}

impl Demo {
    /// Runs until `stop` is cancelled, or until [`run_for`](Self::run_for) has passed and the
    /// colony has polled the history.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn run(self, stop: CancellationToken) -> Result<(), DemoError> {
        let Self { config, incident, run_for, is_json, program } = self;
        let standalone = Standalone::bind(config).await?;
        let addresses = standalone.addresses().clone();
        let serving = async {
            let outcome = standalone.run(|_| {}, stop.clone()).await;
            stop.cancel();
            outcome
        };
        let feeding = async {
            let ends = tokio::time::sleep(run_for.unwrap_or(Duration::MAX));
            let outcome = tokio::select! {
                () = stop.cancelled() => Ok(()),
                outcome = feed(&addresses, incident, is_json, &program, ends) => outcome,
            };
            stop.cancel();
            outcome.map_err(DemoError::Feed)
        };
        let (served, fed) = tokio::join!(serving, feeding);
        served?;
        fed
    }
}

/// Sends the history, prints commands to try once the colony has polled it, and sends further
/// requests until `ends`.
async fn feed(
    addresses: &Addresses,
    incident: IncidentKind,
    is_json: bool,
    program: &str,
    ends: impl Future<Output = ()>,
) -> Result<(), String> {
    let starting = Progress::of("Loading an hour of requests");
    let now = clock::now();
    let story = Story::new(incident, now);
    let mut feed = Feed::new(story.requests(), addresses)?;
    let trace = feed.history().await?;
    drop(starting);
    let welcome = Welcome { addresses, program, incident, story: &story, trace };
    println!("{}", if is_json { welcome.json() } else { welcome.text() });
    tokio::select! {
        () = ends => Ok(()),
        outcome = feed.live() => outcome,
    }
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
