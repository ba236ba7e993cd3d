//! Settings of the C library's allocator.

use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Environment variable that limits malloc's arenas. glibc reads it only at the start of a process.
const SETTING: &str = "MALLOC_ARENA_MAX";

/// Executes this process again, with the same id and at most four malloc arenas instead of eight
/// per core. Does nothing if the variable is set already.
///
/// Spans are allocated on some threads and freed on others, and every arena keeps its largest size.
/// An agent at full speed uses 283 MiB with four arenas, 324 MiB with eight, and 242 MiB with two.
/// With two, threads wait for arenas: the agent uses 3.9 times the CPU time of a process that only
/// decodes the spans, instead of 2.7 times (`coral-bench agent`). Setting the limit inside the
/// process would need `unsafe`.
pub(super) fn settle() {
    if std::env::var_os(SETTING).is_some() {
        return;
    }
    let Err(error) = begin_anew();
    tracing::debug!(%error, "could not limit the allocator's arenas; the process takes more memory");
}

fn begin_anew() -> Result<Infallible, std::io::Error> {
    let program = std::env::current_exe()?;
    Err(Command::new(program).args(std::env::args_os().skip(1)).env(SETTING, "4").exec())
}
