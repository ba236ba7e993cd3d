//! The fake Beyla: a script, and a directory with files that control it and files that it writes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::process::eventually;

/// Log lines in the form of each version of Beyla. They were not recorded: messages and keys are
/// those of Beyla's sources of 1.x to 3.x, and the values are invented.
pub const LOG_1_8: &str = "\
time=2026-11-23T07:00:00.100Z level=INFO msg=\"starting Beyla in Application Observability mode\"
time=2026-11-23T07:00:01.000Z level=INFO msg=\"instrumenting process\" component=discover.TraceAttacher cmd=/usr/bin/cart pid=42
";
pub const LOG_2_8: &str = "\
time=2026-11-23T07:00:00.100Z level=INFO msg=\"starting Beyla in Application Observability mode\" component=beyla
time=2026-11-23T07:00:01.000Z level=INFO msg=\"instrumenting process\" component=discover.traceAttacher cmd=/usr/bin/cart pid=42 ino=7 type=go service=\"\"
";
pub const LOG_3_31: &str = "\
time=2026-11-23T07:00:00.100Z level=INFO msg=\"starting Beyla in Application Observability mode\"
time=2026-11-23T07:00:01.000Z level=ERROR msg=\"Unable to load eBPF watcher for process events\" component=discover.ProcessWatcher interval=5s error=\"creating kprobe: no such file or directory\"
";

/// A fake Beyla, controlled by files beside it: their directory, and the name of the program.
pub struct FakeBeyla(TempDir, &'static str);

impl FakeBeyla {
    /// A fake of this version that writes `log` and then does `does`: `run`, `hang`, `flush` or
    /// `exit CODE`.
    pub fn new(version: &str, does: &str, log: &str) -> Self {
        Self::named("beyla", version, does, log)
    }

    /// A fake with a program of this name. It pretends to be an OBI if the version begins with
    /// `obi-`.
    pub fn named(name: &'static str, version: &str, does: &str, log: &str) -> Self {
        let fake = Self(tempfile::tempdir().unwrap(), name);
        for (file, text) in [("version", version), ("does", does), ("log", log), ("errors", "")] {
            fake.set(file, text);
        }
        // A link, not a copy: a file that was just written may be busy when it is to be run.
        std::os::unix::fs::symlink(script(), fake.path()).unwrap();
        fake
    }

    /// A fake whose ended process stays a zombie until [`Self::detach`] or the end of the test, as
    /// the process of a real Beyla does while the kernel detaches the probes.
    pub fn detaching(version: &str, does: &str, log: &str) -> Self {
        let fake = Self::new(version, does, log);
        fake.set("detaches", "300");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = manifest.join("../beyla/src/process/detaching.c");
        let program = fake.file("detaching");
        assert!(Command::new("cc").arg(source).arg("-o").arg(program).status().unwrap().success());
        fake
    }

    /// Detaches the probes of every ended process.
    pub fn detach(&self) {
        self.set("detached", "");
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join(self.1)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a control file, which the fake reads at its next start.
    pub fn set(&self, file: &str, text: &str) {
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        std::fs::write(self.file(file), format!("{text}{newline}")).unwrap();
    }

    /// Replaces the executable file by another file with the same content.
    pub fn replace(&self) {
        let next = self.file("next");
        assert!(Command::new("cp").arg(script()).arg(&next).status().unwrap().success());
        std::fs::rename(next, self.path()).unwrap();
    }

    /// The process ids of all starts, in order.
    pub fn starts(&self) -> Vec<u32> {
        let starts = std::fs::read_to_string(self.file("starts")).unwrap_or_default();
        starts.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    /// Waits for start number `count`, counted from 1. Returns the process id of that start.
    pub fn until_started(&self, count: usize) -> u32 {
        eventually(|| match self.starts().len() {
            starts if starts >= count => Ok(()),
            starts => Err(format!("{starts} of {count} starts")),
        });
        self.starts()[count - 1]
    }

    pub fn recorded(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// The configuration that the fake received at its last start.
    pub fn config(&self) -> Value {
        serde_saphyr::from_str(&self.recorded("config")).unwrap()
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/fake_beyla.sh")
}

/// Whether the process exists and is not a zombie.
pub fn lives(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != "Z")
}

/// Whether the process has ended and was not reaped.
pub fn is_zombie(pid: u32) -> bool {
    state(pid).is_some_and(|state| state == "Z")
}

fn state(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().next()?.to_owned())
}
