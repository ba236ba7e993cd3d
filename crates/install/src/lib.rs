//! Downloads, verifies and unpacks release files of other projects.

pub mod archive;
pub mod digest;
pub mod fetch;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use self::fetch::FetchError;

/// A release file to download.
#[derive(Clone, Debug)]
pub struct Download {
    /// Path, or URL of http or https.
    pub from: String,
    /// Expected SHA-256, if it is known.
    pub sha256: Option<String>,
    /// Whether a file without any published digest is accepted.
    pub allow_unverified: bool,
    /// URL of GitHub's description of the release to which the file belongs.
    pub release: Option<String>,
}

/// Digest of a downloaded file, and the source of the expected digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedFile {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Source of the expected digest; `None` when there was none.
    pub by: Option<String>,
}

/// Why a release file was refused.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The file could not be downloaded.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file has a different digest than expected.
    #[error("`{from}` has the SHA-256 {found}, but {by} says {expected}: it was not installed")]
    Digest {
        /// The file.
        from: String,
        /// Digest of the file.
        found: String,
        /// Expected digest.
        expected: String,
        /// Source of the expected digest.
        by: String,
    },
    /// The given or published digest is not a SHA-256 in hex.
    #[error("{0} has no SHA-256 in hex")]
    NoDigest(String),
    /// No digest is published for the file.
    #[error("`{from}` cannot be verified: there is no `{sidecar}`")]
    Unverified {
        /// The file.
        from: String,
        /// File or URL where the digest was expected.
        sidecar: String,
    },
}

impl Download {
    /// Copies the file to `to`, and compares its digest with the given digest; if none is given,
    /// with the digest in the file of the same name plus `.sha256`; if there is no such file, with
    /// the digest that GitHub publishes.
    ///
    /// # Errors
    /// [`DownloadError`]; the caller must then remove a partial file.
    pub fn fetch(&self, to: &Path) -> Result<VerifiedFile, DownloadError> {
        let sha256 = fetch::archive(&self.from, to)?;
        let by = self.verify(&sha256)?;
        Ok(VerifiedFile { sha256, by })
    }

    /// Compares the digest `found` with the expected digest. Returns the source of the expected
    /// digest; `None` if there is none and none is required.
    fn verify(&self, found: &str) -> Result<Option<String>, DownloadError> {
        let from = self.from.clone();
        let Some((expected, by)) = self.expected()? else {
            let sidecar = format!("{from}.sha256");
            return match self.allow_unverified {
                true => Ok(None),
                false => Err(DownloadError::Unverified { from, sidecar }),
            };
        };
        let expected = expected.ok_or_else(|| DownloadError::NoDigest(by.clone()))?;
        match expected == found {
            true => Ok(Some(by)),
            false => Err(DownloadError::Digest { from, found: found.to_owned(), expected, by }),
        }
    }

    /// The given or published digest (`None` if it is not a SHA-256), and its source. `None` if no
    /// digest is given or published.
    fn expected(&self) -> Result<Option<(Option<String>, String)>, DownloadError> {
        if let Some(given) = &self.sha256 {
            return Ok(Some((digest::parse(given), "--sha256".to_owned())));
        }
        let sidecar = format!("{}.sha256", self.from);
        if let Some(text) = fetch::small(&sidecar)? {
            return Ok(Some((digest::parse(&text), sidecar)));
        }
        let Some(url) = &self.release else { return Ok(None) };
        let Some(release) = fetch::small(url)? else { return Ok(None) };
        let name = self.from.rsplit('/').next().unwrap_or(&self.from);
        Ok(digest::of_asset(&release, name).map(|digest| (Some(digest), url.clone())))
    }
}

/// This host's CPU architecture, as the names of releases spell it: `amd64` or `arm64`.
///
/// # Errors
/// The name of the architecture, when there are no releases for it.
pub fn platform() -> Result<&'static str, &'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(other),
    }
}

/// Temporary directory of one installation, which is removed on drop.
pub struct Aside(pub PathBuf);

impl Aside {
    /// Creates a directory in `dir`, so that the last step of the installation is a rename on one
    /// file system. Only this user can read it.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        // No installed version has a name like this. A directory that an aborted installation of a
        // process with this id left behind is removed first.
        let path = dir.join(format!(".installing-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
