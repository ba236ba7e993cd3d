//! Small private files that are replaced atomically.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Writes `bytes` to `file` atomically, with mode 0600. Creates the directory of `file`, with mode
/// 0700, if needed.
///
/// # Errors
/// The operating system's error; the file is unchanged.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        private_dir(dir)?;
    }
    let aside = file.with_extension("tmp");
    // A temporary file that a crash left may have another owner or mode.
    let _ = fs::remove_file(&aside);
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    opened.write_all(bytes)?;
    opened.sync_all()?;
    fs::rename(&aside, file)
}

/// The text of a file, cut after `most` bytes.
///
/// # Errors
/// The operating system's error.
pub fn read(file: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// Creates `dir` with mode 0700 if it does not exist, and its missing parents with the default
/// mode.
///
/// # Errors
/// The operating system's error.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_private_even_if_a_crash_left_a_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("beyla/config.yaml");
        replace(&file, b"one").unwrap();
        fs::write(dir.path().join("beyla/config.tmp"), "left").unwrap();
        replace(&file, b"two").unwrap();
        assert_eq!(read(&file, 100).unwrap(), "two");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
}
