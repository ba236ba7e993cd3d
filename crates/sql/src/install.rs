//! Installs DuckDB's shared library: downloads, verifies and unpacks it, loads it once to
//! determine its version, and moves it into place atomically.
//!
//! Source: libduckdb-sys 1.20000.1, `.duckdb-release`:
//! `install.duckdb.org/vX/duckdb-shared-libs-linux-ARCH.tar.gz`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::export::{self, ExportError};
use coral_install::archive::{self, ArchiveError, Contents};
use coral_install::{Aside, Download, DownloadError, VerifiedFile, platform};

/// The library to install, and its directory.
#[derive(Clone, Debug)]
pub struct Install {
    /// Source of the library.
    pub source: Source,
    /// Expected SHA-256, if it is known.
    pub sha256: Option<String>,
    /// Whether a library without any published digest is accepted.
    pub allow_unverified: bool,
    /// Target directory: `lib/` of a data directory.
    pub dir: PathBuf,
}

/// Source of a library.
#[derive(Clone, Debug)]
pub enum Source {
    /// The archive of a version, from DuckDB or from a mirror.
    Release {
        /// Version, such as `2.0.0`.
        version: String,
        /// URL of a mirror; `None` selects the official server.
        mirror: Option<String>,
    },
    /// An archive or a library: a path, or a URL of http or https.
    File(String),
}

/// An installed library.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// Version that the library reports, such as `v2.0.0`.
    pub version: String,
    /// Path of the library.
    pub path: PathBuf,
    /// Digest of the downloaded file, and the source of the expected digest.
    pub verified: VerifiedFile,
}

/// Why the installation failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file could not be downloaded or verified.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The archive cannot be unpacked.
    #[error("cannot unpack `{from}`")]
    Archive {
        /// Source of the archive.
        from: String,
        /// Cause.
        source: ArchiveError,
    },
    /// The library cannot be loaded on this host.
    #[error("the library cannot be loaded on this host")]
    Library(#[from] ExportError),
    /// The library reports a different version than was requested.
    #[error("the archive of {asked} holds {found}")]
    Version {
        /// Requested version.
        asked: String,
        /// Reported version.
        found: String,
    },
    /// DuckDB has no release for this CPU architecture.
    #[error("there is no official library of DuckDB for {0}; there is one for amd64 and arm64")]
    Platform(&'static str),
    /// A file or directory could not be created, read, written or moved into place.
    #[error("cannot write to `{dir}`")]
    Write {
        /// Target directory.
        dir: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

/// The version of DuckDB that is installed by default. Coral's tests use this version and 1.5.6.
pub const TRIED: &str = "2.0.0";
const RELEASES: &str = "https://install.duckdb.org";
const LIBRARY: &str = "libduckdb.so";
/// Files that are extracted from an archive.
const CONTENTS: Contents = Contents { program: LIBRARY, beside: &[], in_directories: true };
/// First bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Install {
    /// Installs the library. A previous library is replaced only after all checks have passed.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has changed then.
    pub fn run(&self) -> Result<Installed, InstallError> {
        let from = self.source.file()?;
        let written = |source| InstallError::Write { dir: self.dir.display().to_string(), source };
        fs::create_dir_all(&self.dir).map_err(written)?;
        let aside = Aside::in_dir(&self.dir).map_err(written)?;
        let (fetched, library) = (aside.0.join("fetched"), aside.0.join(LIBRARY));
        let download = Download {
            from: from.clone(),
            sha256: self.sha256.clone(),
            allow_unverified: self.allow_unverified,
            release: self.source.release(),
        };
        let verified = download.fetch(&fetched)?;
        match is_gzipped(&fetched).map_err(written)? {
            true => archive::unpack(CONTENTS, &fetched, &aside.0)
                .map_err(|source| InstallError::Archive { from, source })?,
            false => fs::rename(&fetched, &library).map_err(written)?,
        }
        let version = export::version(&library)?;
        if let Source::Release { version: asked, .. } = &self.source
            && version.trim_start_matches('v') != asked
        {
            return Err(InstallError::Version { asked: asked.clone(), found: version });
        }
        let path = self.dir.join(LIBRARY);
        fs::rename(&library, &path).map_err(written)?;
        fs::File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(written)?;
        Ok(Installed { version, path, verified })
    }
}

impl Source {
    /// The file or URL to fetch.
    fn file(&self) -> Result<String, InstallError> {
        let (version, mirror) = match self {
            Self::File(from) => return Ok(from.clone()),
            Self::Release { version, mirror } => (version, mirror.as_deref().unwrap_or(RELEASES)),
        };
        let platform = platform().map_err(InstallError::Platform)?;
        let mirror = mirror.trim_end_matches('/');
        Ok(format!("{mirror}/v{version}/duckdb-shared-libs-linux-{platform}.tar.gz"))
    }

    /// URL of GitHub's description of a release.
    fn release(&self) -> Option<String> {
        let Self::Release { version, mirror: None } = self else { return None };
        Some(format!("https://api.github.com/repos/duckdb/duckdb/releases/tags/v{version}"))
    }
}

fn is_gzipped(file: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    fs::File::open(file)?.take(GZIP.len() as u64).read_to_end(&mut begin)?;
    Ok(begin == GZIP)
}
