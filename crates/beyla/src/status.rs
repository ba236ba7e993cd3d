//! Status of the Beyla that an agent runs, and the findings of `coral beyla doctor`, as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Status of the Beyla that an agent runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BeylaStatus {
    /// `off`, `unavailable`, `starting`, `running`, `instrumenting`, `restarting`, `degraded` or
    /// `crashloop`.
    pub state: String,
    /// Reason of the states `off`, `unavailable`, `restarting`, `degraded` and `crashloop`; while
    /// `instrumenting`, the last error in the log of this Beyla, with its time; otherwise null.
    pub reason: Option<String>,
    /// `Beyla`, or `OBI` if that runs in the place of Beyla; null while no process runs, and from an
    /// agent of an older version.
    #[serde(default)]
    pub program: Option<String>,
    /// Version of the program; null while no process runs.
    pub version: Option<String>,
    /// Path of the executable file; null while no process runs.
    pub path: Option<String>,
    /// Process id; null while no process runs.
    pub pid: Option<u32>,
    /// Number of processes that Beyla has reported as instrumented since its start. Data may still
    /// be missing.
    pub instrumented: u64,
    /// Last error in the log of Beyla since its start; null if there is none.
    pub last_error: Option<String>,
    /// Number of spans from Beyla since the agent started, by service, for the first 512 services;
    /// empty from an agent of an older version.
    #[serde(default)]
    pub spans_by_service: BTreeMap<String, u64>,
    /// Settings that have no effect on this host, such as limits without cgroup v2, and lines of
    /// Beyla's log that say what the host lacks.
    pub notes: Vec<String>,
}

impl BeylaStatus {
    /// State and reason in one line.
    pub fn line(&self) -> String {
        match (&*self.state, &self.reason) {
            ("running", None) => "running (no data yet)".to_owned(),
            (state, Some(reason)) => format!("{state} ({reason})"),
            (state, None) => state.to_owned(),
        }
    }
}

/// Result of `coral beyla doctor`: whether this host meets the requirements of Beyla.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BeylaExamination {
    /// Findings, the most important first.
    pub findings: Vec<Finding>,
}

/// One requirement of Beyla, and whether the host meets it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the requirement.
    pub what: String,
    /// Whether the host meets the requirement.
    pub verdict: Verdict,
    /// State of the host.
    pub found: String,
    /// Consequence for Beyla; null when the requirement is met.
    pub costs: Option<String>,
}

/// Whether a host meets a requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The requirement is met.
    Fine,
    /// The requirement is not met.
    Lacking,
    /// The state of the host could not be determined.
    Unknown,
}
