//! CPU time and memory of a process, from `/proc`.

use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A process by its id.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

/// A process that uses less than this share of a core is idle.
const IDLE_SHARE: f64 = 0.02;
/// How long a process must stay below [`IDLE_SHARE`] to count as idle.
const IDLE_FOR: Duration = Duration::from_secs(2);

impl Process {
    /// This process.
    pub fn this() -> Self {
        Self(std::process::id())
    }

    /// CPU seconds so far, user and system, of all threads including ended ones. 0 when the process
    /// has ended.
    pub fn cpu_seconds(self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        // The second field is the name of the program in parentheses, which may contain spaces.
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / ticks_a_second()
    }

    /// The peak of resident memory, in MiB.
    pub fn peak_mib(self) -> f64 {
        self.status_mib("VmHWM")
    }

    /// The current resident memory, in MiB.
    pub fn resident_mib(self) -> f64 {
        self.status_mib("VmRSS")
    }

    fn status_mib(self, field: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1_024.0
    }

    /// Waits until the process is idle: below 2% of a core for 2 s. Returns its CPU seconds at the
    /// beginning of the idle time, or `None` when it was not idle within `timeout`.
    pub async fn until_idle(self, timeout: Duration) -> Option<f64> {
        let begin = Instant::now();
        while begin.elapsed() < timeout {
            let before = self.cpu_seconds();
            tokio::time::sleep(IDLE_FOR).await;
            if self.cpu_seconds() - before < IDLE_SHARE * IDLE_FOR.as_secs_f64() {
                return Some(before);
            }
        }
        None
    }
}

/// Clock ticks per second, usually 100. CPU times in `/proc` are in ticks.
fn ticks_a_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let output = Command::new("getconf").arg("CLK_TCK").output().ok();
        let text = output.and_then(|output| String::from_utf8(output.stdout).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(100.0)
    })
}
