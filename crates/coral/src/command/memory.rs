//! Settings of the C library's allocator.

use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Environment variables of glibc, which reads them only at the start of a process: how many arenas
/// there are, and from which size on an allocation is mapped alone, so that its memory is returned
/// when it is freed.
const ARENAS: &str = "MALLOC_ARENA_MAX";
const MAPPED_FROM: &str = "MALLOC_MMAP_THRESHOLD_";

/// Settings of the allocator.
pub(super) type Settings = &'static [(&'static str, &'static str)];

/// The settings of an agent. An agent turns each span into a row where it is decoded, so that
/// threads seldom wait for one of two arenas. Rows are large allocations that come and go: without
/// the second setting glibc would keep up to 32 MiB of each kind (`coral-bench agent`, design 0042).
pub(super) const AGENT: Settings = &[(ARENAS, "2"), (MAPPED_FROM, "1048576")];
/// The settings of a colony, whose answers are computed by several threads: four arenas instead of
/// eight per core, because every arena keeps its largest size.
pub(super) const COLONY: Settings = &[(ARENAS, "4")];

/// Executes this process again, with the same id and with `settings`. Does nothing if the number of
/// arenas is set already. Setting it inside the process would need `unsafe`.
pub(super) fn settle(settings: Settings) {
    if std::env::var_os(ARENAS).is_some() {
        return;
    }
    let Err(error) = begin_anew(settings);
    tracing::debug!(%error, "could not set up the allocator; the process takes more memory");
}

fn begin_anew(settings: Settings) -> Result<Infallible, std::io::Error> {
    let program = std::env::current_exe()?;
    Err(Command::new(program)
        .args(std::env::args_os().skip(1))
        .envs(settings.iter().copied())
        .exec())
}
