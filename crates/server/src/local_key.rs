//! The key of a running process, in a file that only its user can read: whoever can read it may do
//! what the user of the process may.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use coral_trust::secret::Secret;

use crate::private_file;

/// The key of the colony's process. The file is removed on drop.
pub struct LocalKey {
    key: String,
    file: PathBuf,
}

const MAX_BYTES: u64 = 256;

impl LocalKey {
    /// Makes a key and writes it to `run/colony.key` under `data_dir`, with mode 0600.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn publish(data_dir: &Path) -> io::Result<Self> {
        let file = path(data_dir);
        let key = Secret::random()?.text();
        private_file::replace(&file, key.as_bytes())?;
        Ok(Self { key, file })
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// The key of the colony that runs with `data_dir`; `None` if there is none, or if this user
    /// may not read it.
    pub fn read(data_dir: &Path) -> Option<String> {
        private_file::read(&path(data_dir), MAX_BYTES).ok()
    }
}

impl Drop for LocalKey {
    fn drop(&mut self) {
        // Another process may have published its own key since.
        if fs::read(&self.file).is_ok_and(|key| key == self.key.as_bytes()) {
            let _ = fs::remove_file(&self.file);
        }
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("run/colony.key")
}
