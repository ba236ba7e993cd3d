//! Files that somebody else has released: fetched, verified, and taken out of their archives.

pub mod archive;
pub mod digest;
pub mod fetch;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use self::fetch::FetchError;

/// A released file, and what is known of it.
#[derive(Clone, Debug)]
pub struct Download {
    /// A file, or a URL of http or https.
    pub from: String,
    /// The file's SHA-256, if somebody knows it.
    pub sha256: Option<String>,
    /// Whether nobody has to.
    pub allow_unverified: bool,
    /// The URL of GitHub's description of the release that the file is of.
    pub release: Option<String>,
}

/// What a fetched file is, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedFile {
    /// The file's SHA-256.
    pub sha256: String,
    /// Who vouched for that; `None` when nobody did.
    pub by: Option<String>,
}

/// Why a released file is not used.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The file did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file's digest is another one.
    #[error("`{from}` has the SHA-256 {found}, but {by} says {expected}: it was not installed")]
    Digest {
        /// The file.
        from: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
        /// Who says so.
        by: String,
    },
    /// What was given as a digest is none.
    #[error("{0} has no SHA-256 in hex")]
    NoDigest(String),
    /// Nobody vouches for the file.
    #[error("nothing vouches for `{from}`: there is no `{sidecar}`")]
    Unverified {
        /// The file.
        from: String,
        /// Where its digest was looked for.
        sidecar: String,
    },
}

impl Download {
    /// Copies the file to `to`, and compares its digest with the one that was given, else with the file `.sha256`
    /// beside it, else with GitHub's.
    ///
    /// # Errors
    /// [`DownloadError`]; what was written is the caller's to remove.
    pub fn fetch(&self, to: &Path) -> Result<VerifiedFile, DownloadError> {
        let sha256 = fetch::archive(&self.from, to)?;
        let by = self.verify(&sha256)?;
        Ok(VerifiedFile { sha256, by })
    }

    /// Who vouches for the digest; `None` when nobody has to.
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

    /// The digest that somebody published or gave, if it is one, and who.
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

/// Releases are named after this.
///
/// # Errors
/// The architecture's own name, when nobody releases anything for it.
pub fn platform() -> Result<&'static str, &'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => Err(other),
    }
}

/// A directory for one installation, removed with all that is in it when this is dropped.
pub struct Aside(pub PathBuf);

impl Aside {
    /// Makes one in `dir`, on whose file system the last step is a rename. Nobody else can look into it.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        // No version is called so. What an installation that was killed has left is taken over.
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
