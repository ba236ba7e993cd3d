//! Detects whether the file of a program was replaced.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The identity of a program's file at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    path: PathBuf,
    /// Device, inode, size, and time of modification in seconds and nanoseconds; `None` when there
    /// was no file.
    file: Option<[u64; 5]>,
}

impl Program {
    /// The identity of the file that is now at `path`; symbolic links are followed.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: file(path) }
    }

    /// Whether the path now has another file. A missing file is not a change: a replacement may be
    /// in progress, and the running program continues.
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
    fn a_program_has_changed_when_its_path_has_another_file() {
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
