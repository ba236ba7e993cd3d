//! The file of a program, and whether it is still the same one.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A program's file as it was when it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    path: PathBuf,
    /// Device, inode, bytes and time of change; `None` when there was no file.
    file: Option<[u64; 5]>,
}

impl Program {
    /// The file at `path`, through links.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: file(path) }
    }

    /// Whether another file is there now. A file that is gone for the moment has not changed: whoever
    /// replaces it may not be done, and what runs goes on running.
    pub fn has_changed(&self) -> bool {
        file(&self.path).is_some_and(|now| Some(now) != self.file)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

fn file(path: &Path) -> Option<[u64; 5]> {
    let file = std::fs::metadata(path).ok()?;
    let (seconds, nanos) = (file.mtime().cast_unsigned(), file.mtime_nsec().cast_unsigned());
    Some([file.dev(), file.ino(), file.len(), seconds, nanos])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_changed_when_another_file_is_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let (path, next) = (dir.path().join("beyla"), dir.path().join("next"));
        std::fs::write(&path, "one").unwrap();
        let program = Program::at(&path);
        assert!(!program.has_changed());
        std::fs::remove_file(&path).unwrap();
        assert!(!program.has_changed(), "it is only gone");
        std::fs::write(&next, "two!").unwrap();
        std::fs::rename(&next, &path).unwrap();
        assert!(program.has_changed());
    }
}
