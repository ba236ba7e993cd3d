//! The directory of keys, certificates and the ledger: `DATA_DIR/trust`, mode 0700.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The directory. Several processes may use it: each change is made under a lock, and each file is
/// replaced as a whole.
#[derive(Clone, Debug)]
pub struct TrustDir(PathBuf);

/// The lock of a directory, which is released on drop.
pub struct Locked(#[allow(dead_code)] File);

impl TrustDir {
    /// The directory of the process that has `data_dir`.
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("trust"))
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Waits for the lock. Blocks.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn lock(&self) -> io::Result<Locked> {
        self.create()?;
        let path = self.path("lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        self.give_to_owner(&path)?;
        file.lock()?;
        Ok(Locked(file))
    }

    /// Replaces a file, with mode 0600. After `Ok` it survives a crash.
    ///
    /// # Errors
    /// The operating system's error; the file is unchanged.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.create()?;
        let (file, aside) = (self.path(name), self.path(&format!("{name}.tmp")));
        // A temporary file that a crash left may have another owner or mode.
        let _ = fs::remove_file(&aside);
        let mut opened =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        opened.write_all(bytes)?;
        opened.sync_all()?;
        self.give_to_owner(&aside)?;
        fs::rename(&aside, &file)?;
        File::open(&self.0)?.sync_all()
    }

    /// The bytes of a file; `None` if there is none.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Changes whenever a file is replaced: its inode, size and time of change.
    pub fn version(&self, name: &str) -> Option<[i64; 4]> {
        let file = fs::metadata(self.path(name)).ok()?;
        Some([file.ino() as i64, file.size() as i64, file.ctime(), file.ctime_nsec()])
    }

    fn create(&self) -> io::Result<()> {
        if let Some(parent) = self.0.parent() {
            fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // The data directory belongs to the user of the service, also when root makes this one.
            made => made.and_then(|()| self.give_to_owner(&self.0)),
        }
    }

    /// Gives `path` to the owner of the data directory: root may run a command for a service that
    /// runs as another user.
    fn give_to_owner(&self, path: &Path) -> io::Result<()> {
        let Some(parent) = self.0.parent() else { return Ok(()) };
        let (owner, file) = (fs::metadata(parent)?, fs::metadata(path)?);
        if owner.uid() == file.uid() {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_file_is_private_and_a_replaced_file_has_another_version() {
        let data = tempfile::tempdir().unwrap();
        let dir = TrustDir::of(data.path());
        assert_eq!(dir.read("a").unwrap(), None);
        let _locked = dir.lock().unwrap();
        dir.replace("a", b"one").unwrap();
        let first = dir.version("a");
        fs::write(dir.path("a.tmp"), "left by a crash").unwrap();
        dir.replace("a", b"two").unwrap();
        assert_ne!(dir.version("a"), first);
        assert_eq!(dir.read("a").unwrap().unwrap(), b"two");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.0), 0o700);
        for file in fs::read_dir(&dir.0).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }
}
