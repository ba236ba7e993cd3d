//! How the C library's allocator keeps a server's memory.

use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// glibc reads it when a process begins, and never again.
const SETTING: &str = "MALLOC_ARENA_MAX";

/// Begins this process anew, under the same id, with four arenas of memory in place of eight a core; does
/// nothing when somebody has chosen already.
///
/// Spans are made on some threads and dropped on others, and every arena keeps what its worst moment took:
/// an agent at full speed holds 283 MiB with four, 324 with eight; with two it holds 242 and waits for them
/// (CPU 3.9 times the sink's in place of 2.7, `coral-bench agent`).
/// The call that sets it from inside needs `unsafe`.
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
