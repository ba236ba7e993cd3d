//! A Keycloak of the test's own, with the accounts of `realm.json`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A process of Keycloak. It ends on drop, and after ten minutes in any case.
pub struct Keycloak {
    child: Child,
    dir: TempDir,
    url: String,
}

impl Keycloak {
    /// Starts the Keycloak in `home`, which `tools/fetch-keycloak` prepared, on a free port, with a
    /// copy of its database.
    pub fn start(home: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(home.join("data/h2/keycloakdb.mv.db"), dir.path().join("db.mv.db")).unwrap();
        std::fs::write(dir.path().join("secret"), "secret of the test\n").unwrap();
        let database = format!("jdbc:h2:file:{}/db;NON_KEYWORDS=VALUE", dir.path().display());
        let mut child = Command::new("timeout")
            .arg("600")
            .arg(home.join("bin/kc.sh"))
            .args(["start", "--optimized", "--http-enabled=true", "--http-host=127.0.0.1"])
            .args(["--http-port=0", "--hostname-strict=false", "--db-url", &database])
            .env("JAVA_OPTS_KC_HEAP", "-Xms128m -Xmx512m")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Keycloak is ready when its log says where it listens.
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let (mut said, mark) = (String::new(), "Listening on: ");
        while !said.contains(mark) {
            assert!(log.read_line(&mut said).unwrap() > 0, "Keycloak ended: {said}");
        }
        let url = said.split_once(mark).unwrap().1.trim().to_owned();
        #[expect(clippy::disallowed_methods, reason = "ends with the process that it reads from")]
        std::thread::spawn(move || log.read_to_string(&mut String::new()));
        Self { child, dir, url }
    }

    pub fn issuer(&self) -> String {
        format!("{}/realms/team", self.url)
    }

    /// Ends the process, and waits until it has ended.
    pub fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // `timeout` passes the signal on.
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let _ = self.child.wait();
        }
    }

    /// A file with the secret of the colony.
    pub fn secret_file(&self) -> PathBuf {
        self.dir.path().join("secret")
    }
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        self.stop();
    }
}
