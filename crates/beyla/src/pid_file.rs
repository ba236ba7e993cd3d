//! The pid file of Beyla. With it, a new agent ends a Beyla that a killed agent left running.

use coral_server::private_file;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};

use super::stat::Stat;

/// The pid file `DATA_DIR/beyla/beyla.pid`.
#[derive(Clone, Debug)]
pub struct PidFile(PathBuf);

/// Identifies a process by its id, start time and boot, because the kernel reuses process ids.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Identity {
    pid: i32,
    /// Start time, in clock ticks since the boot.
    started: u64,
    boot: String,
}

/// What became of the process of a pid file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Orphan {
    /// The process does not run any more.
    None,
    /// The process was killed.
    Killed(i32),
    /// The process does not end after being killed.
    Stays(i32),
}

const MAX_BYTES: u64 = 1_024;
/// How long to wait for the end of a killed process: the kernel detaches its probes first.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

impl PidFile {
    /// The pid file in `data_dir`.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("beyla/beyla.pid"))
    }

    /// Writes the identity of process `pid`, which must lead its process group.
    ///
    /// # Errors
    /// The operating system's error, or the process has ended or does not lead its process group.
    pub fn write(&self, pid: u32) -> std::io::Result<()> {
        let gone = || std::io::Error::other("it is gone already");
        let identity = identity(i32::try_from(pid).map_err(|_| gone())?).ok_or_else(gone)?;
        let json = serde_json::to_vec(&identity).map_err(std::io::Error::other)?;
        private_file::replace(&self.0, &json)
    }

    /// Kills the process that the file identifies, and its process group, if that process still
    /// runs. Blocks until the process has ended, at most 10 s.
    pub fn end_orphan(&self) -> Orphan {
        let json = private_file::read(&self.0, MAX_BYTES).unwrap_or_default();
        let Ok(known) = serde_json::from_str::<Identity>(&json) else { return Orphan::None };
        // A negative number is not a process id, and makes rustix panic.
        let pid = Some(known.pid).filter(|pid| *pid > 0).and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|_| identity(known.pid) == Some(known.clone())) else {
            return Orphan::None;
        };
        let _ = kill_process_group(pid, Signal::KILL);
        let begin = Instant::now();
        while identity(known.pid) == Some(known.clone()) && test_kill_process_group(pid).is_ok() {
            if begin.elapsed() > KILL_TIMEOUT {
                return Orphan::Stays(known.pid);
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        Orphan::Killed(known.pid)
    }
}

/// The identity of process `pid`; `None` if the process has ended or does not lead its process
/// group.
fn identity(pid: i32) -> Option<Identity> {
    let stat = Stat::of(pid)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    if stat.is_zombie || stat.group != pid {
        return None;
    }
    Some(Identity { pid, started: stat.started, boot: boot.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    use super::*;

    fn leader() -> Child {
        Command::new("sleep").arg("1000").process_group(0).spawn().unwrap()
    }

    #[test]
    fn an_orphan_is_killed_and_a_later_process_with_its_id_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = PidFile::of(dir.path());
        assert_eq!(file.end_orphan(), Orphan::None);
        let mut child = leader();
        file.write(child.id()).unwrap();
        let mut other = identity(child.id() as i32).unwrap();
        other.started += 1;
        private_file::replace(&file.0, &serde_json::to_vec(&other).unwrap()).unwrap();
        assert_eq!(file.end_orphan(), Orphan::None);
        assert!(child.try_wait().unwrap().is_none(), "it was killed");
        file.write(child.id()).unwrap();
        assert_eq!(file.end_orphan(), Orphan::Killed(child.id() as i32));
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn a_file_without_a_valid_process_group_kills_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = PidFile::of(dir.path());
        for text in [
            "",
            "1",
            "{}",
            "{\"pid\":-1,\"started\":1,\"boot\":\"\"}",
            "{\"pid\":0,\"started\":0,\"boot\":\"\"}",
        ] {
            private_file::replace(&file.0, text.as_bytes()).unwrap();
            assert_eq!(file.end_orphan(), Orphan::None, "{text}");
        }
        let mut member = Command::new("sleep").arg("1000").spawn().unwrap();
        assert!(file.write(member.id()).is_err());
        member.kill().unwrap();
        member.wait().unwrap();
    }
}
