//! The settings of one role, and where each was set: defaults, file, environment, flags. A later
//! source overrides an earlier one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::keys::Roles;
use super::reading::Reading;

/// The sources of settings for one process, in rising order of precedence.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// File of `-c FILE`.
    pub file: Option<PathBuf>,
    /// Value of `CORAL_SET`: `KEY=VALUE,KEY=VALUE`.
    pub env_set: Option<String>,
    /// Values of `--set KEY=VALUE`, in order.
    pub flags: Vec<String>,
    /// Value of `--data-dir`, else of `CORAL_DATA_DIR`, else the default directory. The origin
    /// decides the precedence.
    pub data_dir: Option<(String, Origin)>,
    /// Value of `--log`, else of `CORAL_LOG`. The origin decides the precedence.
    pub log: Option<(String, Origin)>,
    /// Value of `--duckdb-library`, else of `CORAL_DUCKDB`. The origin decides the precedence.
    pub duckdb_library: Option<(String, Origin)>,
    /// Value of `BEYLA_PATH`.
    pub beyla_path: Option<String>,
    /// Name of the host: the default of `agent.id`.
    pub host_name: String,
}

/// Where a value was set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The default: no source set the value.
    Default,
    /// The configuration file.
    File {
        /// Path, as on the command line.
        path: PathBuf,
        /// Line of the value, counted from 1; `None` for the file as a whole.
        line: Option<u64>,
    },
    /// An environment variable.
    Environment(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

/// A value and its origin.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// The value as the source has it.
    pub value: Value,
    /// Where the value was set.
    pub origin: Origin,
}

/// The settings of one role by key, and the problems of all sources.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Keys that are set or have a default, with their settings.
    pub settings: BTreeMap<&'static str, Setting>,
    /// One sentence for each problem.
    pub problems: Vec<String>,
}

impl Layers {
    /// Parses the value of `key` with `read`.
    ///
    /// # Errors
    /// The error of `read`, or that the key is unset.
    pub fn required<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<T, String> {
        self.optional(key, read)?.ok_or_else(|| format!("`{key}` is not set"))
    }

    /// Parses the value of `key` with `read`; `None` when the key is unset.
    ///
    /// # Errors
    /// The error of `read`.
    pub fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let setting = self.settings.get(key);
        setting.map(|setting| read(&setting.value)).transpose()
    }

    /// Reads all of `sources` for `role`. Keys that `role` does not read are ignored if `foreign`
    /// is true, and are errors otherwise.
    pub fn read(sources: &Sources, role: Roles, foreign: bool) -> Self {
        let mut reading = Reading::new(role, foreign);
        reading.defaults(sources);
        reading.file(sources);
        reading.environment(sources);
        reading.flags(sources);
        reading.finish()
    }
}

/// A value as text: a string without quotes, anything else as JSON.
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
