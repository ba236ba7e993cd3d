//! Logins of this user: the token of each colony, and the certificate authority by which the colony
//! is known. They are in `~/.config/coral/credentials.json`, which only the user can read.

use std::fs;
use std::io;
use std::path::PathBuf;

use coral_server::private_file;
use serde::{Deserialize, Serialize};

/// All logins, the newest last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Credentials {
    #[serde(default)]
    logins: Vec<Login>,
}

/// The login at one colony.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// URL of the colony.
    pub url: String,
    /// The token.
    pub token: String,
    /// Fingerprint of the colony's certificate authority; `None` if its certificate is a public one.
    #[serde(default)]
    pub pin: Option<String>,
}

impl Credentials {
    /// The stored logins; none if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is not JSON of this form.
    pub fn load() -> io::Result<Self> {
        let Some(path) = path() else { return Ok(Self::default()) };
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            read => serde_json::from_slice(&read?).map_err(io::Error::other),
        }
    }

    /// The login at the colony with this URL.
    pub fn at(&self, url: &str) -> Option<&Login> {
        self.logins.iter().find(|login| login.url == url)
    }

    /// The last login.
    pub fn last(&self) -> Option<&Login> {
        self.logins.last()
    }

    /// Adds a login, or replaces the one at the same colony.
    pub fn add(&mut self, login: Login) {
        self.remove(&login.url);
        self.logins.push(login);
    }

    /// Removes the login at the colony with this URL. Returns whether there was one.
    pub fn remove(&mut self, url: &str) -> bool {
        let before = self.logins.len();
        self.logins.retain(|login| login.url != url);
        self.logins.len() < before
    }

    /// Stores the logins, with mode 0600. Returns the path.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn store(&self) -> io::Result<PathBuf> {
        let path =
            path().ok_or_else(|| io::Error::other("neither XDG_CONFIG_HOME nor HOME is set"))?;
        private_file::replace(&path, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("url", &self.url)
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

fn path() -> Option<PathBuf> {
    let variable =
        |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || variable("HOME").map(|home| home.join(".config"));
    Some(variable("XDG_CONFIG_HOME").or_else(home)?.join("coral/credentials.json"))
}
