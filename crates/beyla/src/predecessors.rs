//! Ended Beylas from which the kernel still detaches probes.
//!
//! After the leader has ended, one thread of Beyla lives on in the kernel for up to two minutes. A
//! new Beyla can run beside it: such a process runs no code of its own and has freed its memory. It
//! may keep its ports, so each Beyla has a health port of its own (see [`super::health`]).

use std::sync::Arc;

use tokio::task::JoinSet;

use super::monitor::BeylaMonitor;
use super::process::{Event, Process};

/// The predecessors of the running Beyla that are not gone yet.
pub struct Predecessors {
    /// One task for each process, which ends when the process is reaped.
    leaving: JoinSet<()>,
    monitor: Arc<BeylaMonitor>,
}

/// How many predecessors may be leaving when a Beyla is started. A predecessor was seen to leave
/// for 115 s.
const MAX_PREDECESSORS: usize = 2;

impl Predecessors {
    /// No predecessors. `monitor` counts later ones.
    pub fn new(monitor: Arc<BeylaMonitor>) -> Self {
        Self { leaving: JoinSet::new(), monitor }
    }

    /// Adds a process whose leader has ended or was killed, and reaps the process when it is gone.
    pub fn add(&mut self, process: Process) {
        self.monitor.left();
        self.leaving.spawn(see_off(process, self.monitor.clone()));
    }

    /// Whether a Beyla may be started beside the predecessors.
    pub fn allow_start(&mut self) -> bool {
        while self.leaving.try_join_next().is_some() {}
        self.leaving.len() <= MAX_PREDECESSORS
    }

    /// Whether a Beyla may be started beside the predecessors and the running Beyla, which is to
    /// become one.
    pub fn allow_restart(&mut self) -> bool {
        self.allow_start() && self.leaving.len() < MAX_PREDECESSORS
    }

    /// Waits until a predecessor is gone; forever if there is none. Cancel safe.
    pub async fn one_gone(&mut self) {
        if self.leaving.join_next().await.is_none() {
            std::future::pending().await
        }
    }
}

/// Logs the last lines of `process`, and reaps it.
async fn see_off(mut process: Process, monitor: Arc<BeylaMonitor>) {
    let pid = process.pid;
    while let Some(event) = process.events.recv().await {
        if let Event::Said(pipe, line) = event {
            monitor.said_late(pipe, &line);
        }
    }
    process.join().await;
    monitor.detached();
    tracing::debug!(pid, "the kernel has detached the probes of an ended Beyla");
}
