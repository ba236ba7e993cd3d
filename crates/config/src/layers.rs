//! What was typed, and where: defaults, file, environment, flags. Later wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::keys::Roles;
use super::reading::Reading;

/// Every source of settings for one process, in rising order of weight.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `-c FILE`.
    pub file: Option<PathBuf>,
    /// `CORAL_SET`: `k=v,k=v`.
    pub env_set: Option<String>,
    /// `--set K=V`, in order.
    pub flags: Vec<String>,
    /// `--data-dir`, else `CORAL_DATA_DIR`, else the usual place; it weighs as much as its origin.
    pub data_dir: Option<(String, Origin)>,
    /// `--log`, else `CORAL_LOG`; it weighs as much as its origin.
    pub log: Option<(String, Origin)>,
    /// `--duckdb-library`, else `CORAL_DUCKDB`; it weighs as much as its origin.
    pub duckdb_library: Option<(String, Origin)>,
    /// `BEYLA_PATH`.
    pub beyla_path: Option<String>,
    /// The host's name, for `agent.id`.
    pub host_name: String,
}

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File {
        /// As it was named on the command line.
        path: PathBuf,
        /// Where the value stands, from 1; `None` for the file as a whole.
        line: Option<u64>,
    },
    /// An environment variable.
    Environment(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

/// A value and where it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// As it was typed.
    pub value: Value,
    /// By whom.
    pub origin: Origin,
}

/// Settings of one role by key, and everything that is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The value of every key that has one.
    pub settings: BTreeMap<&'static str, Setting>,
    /// One sentence each.
    pub problems: Vec<String>,
}

impl Layers {
    /// The value of `key`, as `read` understands it.
    ///
    /// # Errors
    /// Why `read` does not understand it, or that the key is not set.
    pub fn required<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<T, String> {
        self.optional(key, read)?.ok_or_else(|| format!("`{key}` is not set"))
    }

    /// The value of `key`, as `read` understands it; `None` when the key is not set.
    ///
    /// # Errors
    /// Why `read` does not understand it.
    pub fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let setting = self.settings.get(key);
        setting.map(|setting| read(&setting.value)).transpose()
    }

    /// Reads all of `sources` for `role`. Keys of other roles are accepted if `foreign` says so, and
    /// left out.
    pub fn read(sources: &Sources, role: Roles, foreign: bool) -> Self {
        let mut reading = Reading::new(role, foreign);
        reading.defaults(sources);
        reading.file(sources);
        reading.environment(sources);
        reading.flags(sources);
        reading.finish()
    }
}

/// A value without JSON's quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
