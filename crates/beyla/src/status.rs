//! What an agent says of the Beyla that it runs, and what the doctor finds: documented JSON.

use serde::{Deserialize, Serialize};

/// What an agent says of the Beyla that it runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct BeylaStatus {
    /// `off`, `unavailable`, `starting`, `running`, `instrumenting`, `degraded` or `crashloop`.
    pub state: String,
    /// Why it is unavailable, degraded or in a crash loop; null otherwise.
    pub reason: Option<String>,
    /// Its version; null while that is not known.
    pub version: Option<String>,
    /// The program; null while none was found.
    pub path: Option<String>,
    /// The process; null while none runs.
    pub pid: Option<u32>,
    /// Processes that it said to instrument since it was started. That alone does not prove that data flows.
    pub instrumented: u64,
    /// The last error in its log since it was started.
    pub last_error: Option<String>,
    /// What was asked for and is not done, such as limits where there is no cgroup v2.
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

/// `coral beyla doctor`: the host, and the Beyla on it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BeylaExamination {
    /// What was looked at, in the order of importance.
    pub findings: Vec<Finding>,
}

/// One thing that Beyla needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// The thing.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What the lack of it costs; null when nothing lacks.
    pub costs: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Not there.
    Lacking,
    /// It cannot be told.
    Unknown,
}
