//! The shim between the agent and Beyla. The agent starts the program `coral` once more; that
//! process requests to be killed when the agent dies, enters Beyla's cgroup, and replaces itself
//! with Beyla. Doing this between fork and exec would need unsafe code.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// The first argument that turns `coral` into the shim. No command has this name.
const WORD: &str = "__become-beyla";
/// The argument that stands for no cgroup.
const NO_CGROUP: &str = "-";
/// A shell's exit code for a program that cannot be run.
const CANNOT_RUN: u8 = 127;

/// A command that runs `program` through the shim; `cgroup` is the file of the cgroup to enter. The
/// kernel kills the program when this process dies.
///
/// If `program` has file capabilities and the user is not root, the kernel clears the parent-death
/// signal. Then the pid file is used to end the program at the next start.
pub fn command(program: &Path, cgroup: Option<&Path>) -> Command {
    // The running executable, even if its path was replaced.
    let mut command = Command::new("/proc/self/exe");
    command.arg(WORD).arg(std::process::id().to_string());
    command.arg(cgroup.map_or(OsStr::new(NO_CGROUP), Path::as_os_str)).arg(program);
    command
}

/// If `arguments` are those of the shim, replaces this process with the program that they name.
/// Returns `None` if they are not, and an exit code if the program cannot be run.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let _program = arguments.next();
    if arguments.next()? != WORD {
        return None;
    }
    Some(ExitCode::from(become_program(arguments).unwrap_or(CANNOT_RUN)))
}

fn become_program(mut arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let parent: i32 = arguments.next()?.to_str()?.parse().ok()?;
    let cgroup = arguments.next()?;
    let program = arguments.next()?;
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        eprintln!("cannot set the parent-death signal: {error}");
    }
    // The agent may have died before the signal was set.
    if getppid() != Pid::from_raw(parent) {
        return None;
    }
    if cgroup != NO_CGROUP
        && let Err(error) = std::fs::write(&cgroup, "0")
    {
        eprintln!("cannot enter {}: {error}", cgroup.display());
    }
    let error = Command::new(&program).args(arguments).exec();
    eprintln!("cannot run {}: {error}", program.display());
    None
}
