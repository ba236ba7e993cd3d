//! Keeps the memory of a server, which has keys and spans, out of core files and from other processes.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::Failure;

/// Makes this process leave no core file, and lets no process of the same user read its memory or
/// attach a debugger; root still can. Programs that this process starts, such as Beyla, leave no core
/// files either.
///
/// # Errors
/// The operating system refuses: no kernel does.
pub(super) fn keep() -> Result<(), Failure> {
    let failed =
        |error| Failure::new(format!("cannot keep the memory of this process secret: {error}"));
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(failed)
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn a_process_that_keeps_its_memory_secret_cannot_be_dumped() {
        keep().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
    }
}
