//! Reads the version of a Beyla program. Beyla has no flag that prints its version, but logs the
//! version in its first line.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::environment;
use super::log_line::LogLine;

/// The version of a release of Beyla. Versions compare by major, then minor, then patch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// Major version: 1, 2 or 3.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
    /// Patch version.
    pub patch: u16,
}

/// Why a program's version is unknown.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The program cannot be run.
    #[error("cannot run `{path}`")]
    Run {
        /// The program.
        path: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The program did not print its first line within 10 s.
    #[error("`{0}` did not say its version within 10 s")]
    Silent(String),
    /// The program is not Beyla, or is a build without a version.
    #[error("`{path}` does not say that it is a release of Grafana Beyla, but `{said}`")]
    Foreign {
        /// The program.
        path: String,
        /// The start of its output.
        said: String,
    },
}

/// How long a program may take to print its version. The file of the program has 100 MB, and the
/// disk may be slow.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest number of bytes that are read. Beyla's first line has about 150.
const MAX_BYTES: usize = 4_096;
const MAX_SHOWN_CHARS: usize = 100;

impl Version {
    /// The version `major.minor.patch`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The version in the first line of Beyla's log.
    pub fn of_line(line: &LogLine) -> Option<Self> {
        let greets = line.message == "Grafana Beyla";
        greets.then(|| line.field("Version")?.parse().ok()).flatten()
    }

    /// Runs the program at `path` to read its version. Blocks for at most 10 s.
    ///
    /// # Errors
    /// [`ProbeError`].
    pub fn probe(path: &Path) -> Result<Self, ProbeError> {
        let shown = || path.display().to_string();
        let mut child = Command::new(path)
            // With `-h`, Beyla ends at once. It logs its version before it reads its arguments.
            .arg("-h")
            .env_clear()
            .envs(environment::base())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| ProbeError::Run { path: shown(), source })?;
        let said = first_line(&mut child);
        let _ = child.kill();
        let _ = child.wait();
        let said = said.ok_or_else(|| ProbeError::Silent(shown()))?;
        let version = Self::of_line(&LogLine::parse(&said));
        version.ok_or_else(|| ProbeError::Foreign {
            path: shown(),
            said: said.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_CHARS).collect(),
        })
    }
}

/// The first line of the output of `child`; `None` if the line does not come within
/// [`ANSWER_TIMEOUT`].
fn first_line(child: &mut Child) -> Option<String> {
    let mut output = child.stdout.take()?;
    let (mut line, mut byte) = (Vec::new(), [0]);
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    while line.len() < MAX_BYTES {
        let left = deadline.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok()?;
        match poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&left)) {
            Ok(0) => return None,
            Err(Errno::INTR) => continue,
            // A byte can be read, or the pipe has ended: reading does not block.
            Ok(_) => {}
            Err(_) => return None,
        }
        if !matches!(output.read(&mut byte), Ok(1)) || byte == *b"\n" {
            break;
        }
        line.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}

impl FromStr for Version {
    type Err = String;

    /// Parses `v3.31.0`, `3.31.0` or `3.31`; ignores what follows `-` or `+`.
    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("`{text}` is not a version such as 3.31.0");
        let number = text.strip_prefix('v').unwrap_or(text);
        let number = number.split(['-', '+']).next().unwrap_or(number);
        let parts: Option<Vec<u16>> = number.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some(&[major, minor]) => Ok(Self::new(major, minor, 0)),
            Some(&[major, minor, patch]) => Ok(Self::new(major, minor, patch)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_beyla_writes_them_and_are_in_order() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(version("v3.31.0"), Ok(Version::new(3, 31, 0)));
        assert_eq!(version("2.8"), Ok(Version::new(2, 8, 0)));
        assert_eq!(version("v2.8.0-rc7"), Ok(Version::new(2, 8, 0)));
        for text in ["", "unset", "v3", "3.31.0.1", "3..1", "-1.0.0", "3.99999999.0"] {
            assert!(version(text).is_err(), "{text}");
        }
        assert!(version("2.10.0") > version("2.9.9"));
    }

    #[test]
    fn the_first_line_of_a_log_says_the_version() {
        let line = r#"time=2026-11-23T07:00:00.000Z level=INFO msg="Grafana Beyla" Version=v3.31.0 Revision=abc "OpenTelemetry SDK Version"=1.44.0"#;
        assert_eq!(Version::of_line(&LogLine::parse(line)), Some(Version::new(3, 31, 0)));
        for line in ["", "Version=v3.31.0", r#"level=INFO msg="Grafana Beyla" Version=unset"#] {
            assert_eq!(Version::of_line(&LogLine::parse(line)), None, "{line}");
        }
    }

    #[test]
    fn a_first_line_is_read_to_its_end_and_no_further() {
        let line = |script: &str| {
            let mut shell = Command::new("/bin/sh");
            let mut child = shell.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
            let line = first_line(&mut child);
            let _ = child.kill();
            child.wait().unwrap();
            line
        };
        assert_eq!(line("echo first; exec tail -f /dev/null").as_deref(), Some("first"));
        assert_eq!(line("printf unfinished").as_deref(), Some("unfinished"));
        assert_eq!(line("true").as_deref(), Some(""));
    }

    #[test]
    fn a_program_that_is_no_beyla_is_named_with_what_it_said() {
        let error = Version::probe(Path::new("/bin/echo")).unwrap_err().to_string();
        assert_eq!(
            error,
            "`/bin/echo` does not say that it is a release of Grafana Beyla, but `-h`"
        );
        let error = Version::probe(Path::new("/nowhere/beyla")).unwrap_err().to_string();
        assert_eq!(error, "cannot run `/nowhere/beyla`");
    }
}
