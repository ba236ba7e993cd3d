//! Small files of our own: nobody else reads them, and a reader sees all of one or none.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Writes `bytes` to `file`, mode 0600, in one step; makes its directory, mode 0700, if there is none.
///
/// # Errors
/// The operating system's word; the file is then what it was.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        private_dir(dir)?;
    }
    let aside = file.with_extension("tmp");
    // What a crash left there may belong to nobody, or have another mode.
    let _ = fs::remove_file(&aside);
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    opened.write_all(bytes)?;
    opened.sync_all()?;
    fs::rename(&aside, file)
}

/// The text of a file that is at most `most` bytes long.
///
/// # Errors
/// The operating system's word.
pub fn read(file: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// Makes a directory that only this user may look into, and its parents.
///
/// # Errors
/// The operating system's word.
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
    fn a_file_is_for_its_owner_alone_also_after_a_crash_left_one_aside() {
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
