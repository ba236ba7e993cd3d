//! Limits Beyla's memory and CPU with a cgroup (v2). If limits cannot be set, Beyla's status has a
//! note with the reason.

use std::io;
use std::path::{Path, PathBuf};

use coral_config::beyla::BeylaLimits;

/// A cgroup for Beyla. Dropping this value removes the cgroup if no process runs in the cgroup.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

/// The period of the CPU quota, in microseconds: the kernel's default.
const PERIOD_US: f64 = 100_000.0;
const NAME: &str = "coral-beyla";
/// Name of the child cgroup that the agent moves itself to, if the agent's cgroup must have child
/// cgroups. In cgroup v2, a cgroup with processes cannot pass controllers to children.
const AGENTS: &str = "coral-agent";

/// Checks that a cgroup with limits can be created: cgroup v2 is mounted, and this process's cgroup
/// has the controllers `memory` and `cpu`.
///
/// # Errors
/// The reason, as text.
pub fn available(root: &Path) -> Result<(), String> {
    own(root).map(drop)
}

impl Cgroup {
    /// Creates a cgroup with `limits` below this process's cgroup; `None` when there are no limits.
    ///
    /// # Errors
    /// The reason why there are no limits, as text.
    pub fn create(root: &Path, limits: BeylaLimits) -> Result<Option<Self>, String> {
        if limits == BeylaLimits::default() {
            return Ok(None);
        }
        let own = own(root)?;
        enable_controllers(&own)
            .map_err(|error| format!("cannot enable controllers in {}: {error}", own.display()))?;
        let dir = own.join(NAME);
        let failed = |error: io::Error| format!("cannot limit {}: {error}", dir.display());
        match std::fs::create_dir(&dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        let memory = limits.memory.map_or("max".to_owned(), |bytes| bytes.to_string());
        std::fs::write(dir.join("memory.max"), memory).map_err(failed)?;
        let cpus = limits.cpus.map_or("max".to_owned(), |cpus| format!("{:.0}", cpus * PERIOD_US));
        std::fs::write(dir.join("cpu.max"), format!("{cpus} {PERIOD_US:.0}")).map_err(failed)?;
        Ok(Some(Self(dir)))
    }

    /// The file to which a process writes `0` to enter the cgroup.
    pub fn entrance(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Fails while a process runs in the cgroup. The next start then uses the cgroup again.
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// The directory of this process's cgroup, or of the parent if [`AGENTS`] is the cgroup. Fails if
/// the directory lacks the controller `memory` or `cpu`.
fn own(root: &Path) -> Result<PathBuf, String> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    let mounts = read("proc/self/mountinfo");
    let mount = mounts.lines().find_map(mount_point).ok_or("cgroup v2 is not mounted")?;
    let groups = read("proc/self/cgroup");
    let mut group = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    // This process may already have moved to the child cgroup [`AGENTS`].
    while let Some(above) = group.strip_suffix(AGENTS).and_then(|path| path.strip_suffix('/')) {
        group = above;
    }
    let dir = root.join(mount.trim_start_matches('/')).join(group.trim_start_matches('/'));
    let controllers = std::fs::read_to_string(dir.join("cgroup.controllers")).unwrap_or_default();
    for needed in ["memory", "cpu"] {
        if !controllers.split_whitespace().any(|controller| controller == needed) {
            return Err(format!("{} has no controller `{needed}`", dir.display()));
        }
    }
    Ok(dir)
}

/// The mount point in a line such as `30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw`. Source:
/// proc(5), mountinfo.
fn mount_point(line: &str) -> Option<&str> {
    let (mount, kind) = line.split_once(" - ")?;
    kind.starts_with("cgroup2 ").then(|| mount.split(' ').nth(4)).flatten()
}

/// Enables the controllers `memory` and `cpu` for child cgroups of `own`. The kernel refuses this
/// for a cgroup with processes: if this process is the only one in `own`, this process moves to a
/// child cgroup.
fn enable_controllers(own: &Path) -> io::Result<()> {
    let control = own.join("cgroup.subtree_control");
    let enabled = std::fs::read_to_string(&control)?;
    let has = |name| enabled.split_whitespace().any(|controller| controller == name);
    if has("memory") && has("cpu") {
        return Ok(());
    }
    let enable = || std::fs::write(&control, "+memory +cpu");
    let Err(refused) = enable() else { return Ok(()) };
    let inside = std::fs::read_to_string(own.join("cgroup.procs"))?;
    if inside.trim() != std::process::id().to_string() {
        return Err(refused);
    }
    let aside = own.join(AGENTS);
    std::fs::create_dir_all(&aside)?;
    std::fs::write(aside.join("cgroup.procs"), "0")?;
    enable()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(controllers: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("sys/fs/cgroup/coral.service");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::create_dir_all(dir.path().join("proc/self")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).unwrap();
        write("proc/self/cgroup", "4:memory:/x\n0::/coral.service\n");
        write(
            "proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/vda rw\n30 1 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
        );
        std::fs::write(own.join("cgroup.controllers"), controllers).unwrap();
        std::fs::write(own.join("cgroup.subtree_control"), "").unwrap();
        (dir, own)
    }

    #[test]
    fn limits_are_written_to_the_files_of_the_cgroup() {
        let (host, own) = host("cpu memory pids\n");
        let limits = BeylaLimits { memory: Some(500_000_000), cpus: Some(0.5) };
        let cgroup = Cgroup::create(host.path(), limits).unwrap().unwrap();
        let read = |file: &str| std::fs::read_to_string(own.join(file)).unwrap();
        assert_eq!(read("cgroup.subtree_control"), "+memory +cpu");
        assert_eq!(read("coral-beyla/memory.max"), "500000000");
        assert_eq!(read("coral-beyla/cpu.max"), "50000 100000");
        assert_eq!(cgroup.entrance(), own.join("coral-beyla/cgroup.procs"));
    }

    #[test]
    fn a_process_moves_to_a_child_cgroup_once() {
        let (host, own) = host("cpu memory\n");
        let group = host.path().join("proc/self/cgroup");
        std::fs::write(group, "0::/coral.service/coral-agent\n").unwrap();
        let limits = BeylaLimits { memory: Some(1), cpus: None };
        let cgroup = Cgroup::create(host.path(), limits).unwrap().unwrap();
        assert_eq!(cgroup.entrance(), own.join("coral-beyla/cgroup.procs"));
    }

    #[test]
    fn no_limits_need_no_cgroup_and_impossible_limits_have_a_reason() {
        let (host, own) = host("pids\n");
        assert!(Cgroup::create(host.path(), BeylaLimits::default()).unwrap().is_none());
        let limits = BeylaLimits { memory: Some(1), cpus: None };
        let reason = Cgroup::create(host.path(), limits).unwrap_err();
        assert_eq!(reason, format!("{} has no controller `memory`", own.display()));
        let none = tempfile::tempdir().unwrap();
        assert_eq!(available(none.path()), Err("cgroup v2 is not mounted".to_owned()));
    }
}
