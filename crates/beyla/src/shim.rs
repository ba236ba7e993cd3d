//! The moment between our program and Beyla's: `coral` starts itself, asks the kernel to kill it when the agent
//! dies, enters Beyla's cgroup, and becomes Beyla. Doing that between fork and exec would need unsafe code.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// The first argument that makes `coral` the shim. No command of people is called so.
const WORD: &str = "__become-beyla";
/// Where there is a cgroup, its path would be.
const NO_CGROUP: &str = "-";
/// What a shell says when it cannot run something.
const CANNOT_RUN: u8 = 127;

/// A command that becomes `program`, and dies with this process.
///
/// The signal is lost if `program` has file capabilities and this is not root: the kernel clears it. Then the
/// pid file is what ends it, at the next start.
pub fn command(program: &Path, cgroup: Option<&Path>) -> Command {
    // The file that is running, also after another one took its name.
    let mut command = Command::new("/proc/self/exe");
    command.arg(WORD).arg(std::process::id().to_string());
    command.arg(cgroup.map_or(OsStr::new(NO_CGROUP), Path::as_os_str)).arg(program);
    command
}

/// Becomes the program that `arguments` name, if they are a shim's. Returns only when they are not, or when
/// that fails.
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
        eprintln!("cannot ask to be killed with the agent: {error}");
    }
    // The agent may have died before that was asked for.
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
