//! Reads which release a program is. Neither Beyla nor OBI has a flag that prints its version, but
//! both greet with it in their logs.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::environment;
use super::log_line::LogLine;
use super::release::Release;

/// Why the release of a program is unknown.
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
    /// The program did not greet within 10 s, and did not end.
    #[error("`{0}` did not say its version within 10 s")]
    Silent(String),
    /// The program is neither Beyla nor OBI, or is a build without a version.
    #[error("`{path}` does not say that it is a release of Grafana Beyla or OBI, but `{said}`")]
    Foreign {
        /// The program.
        path: String,
        /// The start of its output.
        said: String,
    },
}

/// How long a program may take to greet. The file of the program has 100 MB, and the disk may be
/// slow.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest number of bytes that are read of each output. A greeting has about 150, and warnings
/// about the configuration may come before it.
const MAX_BYTES: usize = 16_384;
const MAX_SHOWN_CHARS: usize = 100;
/// A configuration that is valid and instruments nothing, in the variables of Beyla and of OBI.
const NOTHING_TO_INSTRUMENT: [(&str, &str); 4] = [
    ("BEYLA_AUTO_TARGET_EXE", "/dev/null"),
    ("BEYLA_TRACE_PRINTER", "counter"),
    ("OTEL_EBPF_AUTO_TARGET_EXE", "/dev/null"),
    ("OTEL_EBPF_TRACE_PRINTER", "counter"),
];

/// Runs the program at `path` to read which release it is. Blocks for at most 20 s.
///
/// A Beyla before 3.33 greets before it reads its arguments, so that `-h` ends it at once. OBI and
/// newer Beylas print nothing but help then, on standard error, and greet when their configuration
/// has proved valid. Such a program is started with nothing to instrument, and killed when it has
/// greeted.
///
/// # Errors
/// [`ProbeError`].
pub fn probe(path: &Path) -> Result<Release, ProbeError> {
    probe_program(path, || Command::new(path))
}

fn probe_program(path: &Path, program: impl Fn() -> Command) -> Result<Release, ProbeError> {
    let mut said = run(path, program().env_clear().arg("-h"))?;
    if said.is_empty() {
        said = run(path, program().env_clear().envs(NOTHING_TO_INSTRUMENT))?;
    }
    let release = said.iter().find_map(|line| Release::of_line(&LogLine::parse(line)));
    release.ok_or_else(|| {
        let said = said.first().map_or("", String::as_str);
        let said = said.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_CHARS).collect();
        ProbeError::Foreign { path: path.display().to_string(), said }
    })
}

/// What the program at `path` says up to its greeting, or up to its end if it does not greet.
fn run(path: &Path, command: &mut Command) -> Result<Vec<String>, ProbeError> {
    let shown = || path.display().to_string();
    let mut child = command
        .envs(environment::base())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| ProbeError::Run { path: shown(), source })?;
    let said = read(&mut child);
    let _ = child.kill();
    let _ = child.wait();
    said.ok_or_else(|| ProbeError::Silent(shown()))
}

/// The lines of the output of `child` up to its greeting, or up to the end of the output; `None` if
/// neither comes within [`ANSWER_TIMEOUT`].
fn read(child: &mut Child) -> Option<Vec<String>> {
    let mut output = child.stdout.take()?;
    let (mut lines, mut line, mut byte) = (Vec::new(), Vec::new(), [0]);
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    for _ in 0..MAX_BYTES {
        let left = deadline.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok()?;
        match poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&left)) {
            Ok(0) => return None,
            Err(Errno::INTR) => continue,
            // A byte can be read, or the pipe has ended: reading does not block.
            Ok(_) => {}
            Err(_) => return None,
        }
        let is_read = matches!(output.read(&mut byte), Ok(1));
        if is_read && byte != *b"\n" {
            line.push(byte[0]);
            continue;
        }
        if is_read || !line.is_empty() {
            let text = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
            let greets = Release::of_line(&LogLine::parse(&text)).is_some();
            lines.push(text);
            if greets {
                break;
            }
        }
        if !is_read {
            break;
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Version;

    /// The release of a program that a shell script stands for.
    fn of(script: &str) -> Result<Release, String> {
        let shell = || {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", script, "program"]);
            shell
        };
        probe_program(Path::new("/program"), shell).map_err(|error| error.to_string())
    }

    #[test]
    fn an_older_beyla_greets_before_it_prints_its_help() {
        let greeting = r#"echo 'level=INFO msg="Grafana Beyla" Version=v3.31.0'"#;
        // It is not run again, and nothing after the greeting is waited for.
        let script = format!("[ $# = 1 ] || exit 1; {greeting}; exec tail -f /dev/null");
        assert_eq!(of(&script), Ok(Release::beyla(Version::new(3, 31, 0))));
    }

    #[test]
    fn a_program_that_greets_only_when_its_configuration_is_valid_gets_one_that_traces_nothing() {
        for (variables, greeting, release) in [
            ("BEYLA", "Grafana Beyla", Release::beyla(Version::new(3, 33, 0))),
            (
                "OTEL_EBPF",
                "OpenTelemetry eBPF Instrumentation",
                Release::obi(Version::new(3, 33, 0)),
            ),
        ] {
            let script = format!(
                "[ \"$1\" = -h ] && echo Usage: >&2 && exit 0
                [ \"${variables}_AUTO_TARGET_EXE\" ] && [ \"${variables}_TRACE_PRINTER\" ] || exit 255
                echo 'level=WARN msg=\"a setting is deprecated\"'
                echo 'level=INFO msg=\"{greeting}\" Version=v3.33.0'
                exec tail -f /dev/null"
            );
            assert_eq!(of(&script), Ok(release), "{variables}");
        }
    }

    #[test]
    fn a_program_that_is_no_beyla_is_named_with_what_it_said() {
        let error = probe(Path::new("/bin/echo")).unwrap_err().to_string();
        assert_eq!(
            error,
            "`/bin/echo` does not say that it is a release of Grafana Beyla or OBI, but `-h`"
        );
        let error = probe(Path::new("/nowhere/beyla")).unwrap_err().to_string();
        assert_eq!(error, "cannot run `/nowhere/beyla`");
        assert_eq!(
            of("exit 0").unwrap_err(),
            "`/program` does not say that it is a release of Grafana Beyla or OBI, but ``"
        );
        let refuses = r#"[ $# = 1 ] || printf 'level=ERROR msg="kernel is too old"'"#;
        assert!(
            of(refuses).unwrap_err().ends_with(", but `level=ERROR msg=\"kernel is too old\"`")
        );
    }
}
