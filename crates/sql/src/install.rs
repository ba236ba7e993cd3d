//! Installs DuckDB's shared library: fetched, verified, unpacked, loaded once for its version, and put in place
//! in one step.
//!
//! Source: libduckdb-sys 1.20000.1, `.duckdb-release`: `install.duckdb.org/vX/duckdb-shared-libs-linux-ARCH.tar.gz`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::export::{self, ExportError};
use coral_install::archive::{self, ArchiveError, Contents};
use coral_install::{Aside, Download, DownloadError, VerifiedFile, platform};

/// What to install, and where.
#[derive(Clone, Debug)]
pub struct Install {
    /// Where it is from.
    pub source: Source,
    /// Its SHA-256, if somebody knows it.
    pub sha256: Option<String>,
    /// Whether nobody has to.
    pub allow_unverified: bool,
    /// Where the library goes: `lib/` of a data directory.
    pub dir: PathBuf,
}

/// Where a library is from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The official archive of a version, or a mirror's.
    Release {
        /// Such as `2.0.0`.
        version: String,
        /// Where releases lie; DuckDB's own place, when it is not given.
        mirror: Option<String>,
    },
    /// An archive or a library: a file, or a URL of http or https.
    File(String),
}

/// A library that is in place now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// What it says of itself, such as `v2.0.0`.
    pub version: String,
    /// The library.
    pub path: PathBuf,
    /// What was fetched, and who says so.
    pub verified: VerifiedFile,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file did not come, or is not what it should be.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The archive cannot be unpacked.
    #[error("cannot unpack `{from}`")]
    Archive {
        /// The archive.
        from: String,
        /// Why.
        source: ArchiveError,
    },
    /// The library does not run here.
    #[error("the library does not run here")]
    Library(#[from] ExportError),
    /// The library says that it is another version than was asked for.
    #[error("the archive of {asked} holds {found}")]
    Version {
        /// What was asked for.
        asked: String,
        /// What it is.
        found: String,
    },
    /// DuckDB has no release for this kind of machine.
    #[error("there is no official library of DuckDB for {0}; there is one for amd64 and arm64")]
    Platform(&'static str),
    /// The library cannot be put in place.
    #[error("cannot write to `{dir}`")]
    Write {
        /// Where.
        dir: String,
        /// The operating system's word.
        source: io::Error,
    },
}

/// The version that Coral's tests run on, beside 1.5.6.
pub const TRIED: &str = "2.0.0";
const RELEASES: &str = "https://install.duckdb.org";
const LIBRARY: &str = "libduckdb.so";
/// What is taken out of an archive.
const CONTENTS: Contents = Contents { program: LIBRARY, beside: &[], in_directories: true };
/// How a gzipped archive begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

impl Install {
    /// Installs the library. The one that was there stays until all is well.
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

    /// What GitHub says of a release.
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
