//! The directory of keys, certificates and the ledger: `DATA_DIR/trust`, mode 0700.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};

/// The directory. Several processes may use it: each change is made under a lock, and each file is
/// replaced as a whole. Root may change it for a service that runs as another user, who may not make
/// root follow a link: no link is followed, and what root makes is given to the owner of the data
/// directory by its handle.
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
        let dir = self.open_or_create()?;
        let file = self.file(&dir, "lock", OFlags::RDWR | OFlags::CREATE)?;
        file.lock()?;
        Ok(Locked(file))
    }

    /// Replaces a file, with mode 0600. After `Ok` it survives a crash.
    ///
    /// # Errors
    /// The operating system's error; the file is unchanged.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let dir = self.open_or_create()?;
        let aside = format!("{name}.tmp");
        // A temporary file that a crash left may have another owner or mode.
        let _ = unlinkat(&dir, aside.as_str(), AtFlags::empty());
        let mut file = self.file(&dir, &aside, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        renameat(&dir, aside.as_str(), &dir, name)?;
        dir.sync_all()
    }

    /// The bytes of a file; `None` if there is none.
    ///
    /// # Errors
    /// The operating system's error; also if the file or the directory is a link.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let read = || -> io::Result<Vec<u8>> {
            let dir = self.open()?;
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut bytes = Vec::new();
            File::from(openat(&dir, name, flags, Mode::empty())?).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Changes whenever a file is replaced: its inode, size and time of change.
    pub fn version(&self, name: &str) -> Option<[i64; 4]> {
        let file = fs::symlink_metadata(self.path(name)).ok()?;
        Some([file.ino() as i64, file.size() as i64, file.ctime(), file.ctime_nsec()])
    }

    /// The directory, which may not be a link.
    fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::open(&self.0, flags, Mode::empty())?))
    }

    fn open_or_create(&self) -> io::Result<File> {
        if let Some(parent) = self.0.parent() {
            fs::create_dir_all(parent)?;
        }
        let made = match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            made => made.map(|()| true)?,
        };
        let dir = self.open()?;
        if made {
            self.give_to_owner(&dir)?;
        }
        Ok(dir)
    }

    /// Opens a file of `dir` that is no link, with mode 0600 if it is made.
    fn file(&self, dir: &File, name: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?);
        self.give_to_owner(&file)?;
        Ok(file)
    }

    /// Gives an open file to the owner of the data directory.
    fn give_to_owner(&self, file: &File) -> io::Result<()> {
        let Some(parent) = self.0.parent() else { return Ok(()) };
        let (owner, file_owner) = (fs::metadata(parent)?, file.metadata()?);
        if owner.uid() == file_owner.uid() {
            return Ok(());
        }
        // What another user owns and has a second name for is not given away.
        if file_owner.is_file() && file_owner.nlink() > 1 {
            return Err(io::Error::other("a file of the directory of trust has a second name"));
        }
        std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))
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

    #[test]
    fn no_link_is_followed_wherever_it_is() {
        use std::os::unix::fs::symlink;
        let data = tempfile::tempdir().unwrap();
        let dir = TrustDir::of(data.path());
        dir.replace("ledger.json", b"one").unwrap();
        let elsewhere = data.path().join("elsewhere");
        fs::write(&elsewhere, "of root").unwrap();
        symlink(&elsewhere, dir.path("lock")).unwrap();
        assert!(dir.lock().is_err());
        symlink(&elsewhere, dir.path("other")).unwrap();
        assert!(dir.read("other").is_err());
        // A link in the place of the temporary file is removed, and not written through.
        symlink(&elsewhere, dir.path("ledger.json.tmp")).unwrap();
        dir.replace("ledger.json", b"two").unwrap();
        assert_eq!(fs::read(&elsewhere).unwrap(), b"of root");
        // The directory itself is a link.
        let (real, link) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(real.path(), link.path().join("trust")).unwrap();
        let linked = TrustDir::of(link.path());
        assert!(linked.lock().is_err() && linked.replace("a", b"").is_err());
        assert!(fs::read_dir(real.path()).unwrap().next().is_none());
    }
}
