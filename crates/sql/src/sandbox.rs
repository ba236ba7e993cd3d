//! Landlock sandbox of a SQL child: the kernel restricts the child, whatever a statement makes
//! DuckDB do.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, path_beneath_rules,
};

/// The version of Landlock whose access rights are restricted. An older kernel restricts only the
/// rights that it supports.
const NEWEST: ABI = ABI::V5;

/// Restricts this thread and the threads that it starts: they may create, write, truncate and
/// remove files only in `dir`, or nowhere, and open no TCP connection. Returns whether the kernel
/// enforces all rights of [`NEWEST`]: Linux before 6.10 does not, and Linux before 6.7 does not
/// restrict TCP.
///
/// # Errors
/// [`RulesetError`] when the kernel refuses; nothing is restricted then.
pub(super) fn enter(dir: Option<&Path>) -> Result<bool, RulesetError> {
    let writing = AccessFs::from_write(NEWEST);
    let status = Ruleset::default()
        .handle_access(writing)?
        .handle_access(AccessNet::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(dir, writing))?
        .restrict_self()?;
    Ok(status.ruleset == RulesetStatus::FullyEnforced)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_sandboxed_thread_writes_in_its_directory_alone_and_connects_to_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("inside"), dir.path().join("segment"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "sealed").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let file = outside.clone();
        let sandboxed = move || {
            if !enter(Some(&inside)).unwrap() {
                // An old kernel: only the other restrictions apply.
                return;
            }
            fs::write(inside.join("spilled"), "x").unwrap();
            assert_eq!(fs::read(&file).unwrap(), b"sealed");
            let denied = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
            assert!(fs::write(&file, "changed").is_err_and(denied));
            assert!(fs::File::options().append(true).open(&file).is_err_and(denied));
            assert!(fs::remove_file(&file).is_err_and(denied));
            assert!(fs::write(file.with_extension("new"), "x").is_err_and(denied));
            assert!(TcpStream::connect(address).is_err_and(denied));
        };
        std::thread::scope(|scope| scope.spawn(sandboxed).join().unwrap());
        assert_eq!(fs::read(&outside).unwrap(), b"sealed");
    }
}
