//! Installs a release of Beyla: downloads, verifies and unpacks it, runs it to get its version, and
//! moves it into place atomically.
//!
//! The archives are those of the releases of grafana/beyla on GitHub:
//! `beyla-linux-ARCH-vX.Y.Z.tar.gz` with the program `beyla` and its licences.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::locate::PROGRAM;
use super::probe::{ProbeError, probe};
use super::release::{Distribution, Release};
use super::version::Version;
use coral_install::archive::{self, ArchiveError, Contents};
use coral_install::{Aside, Download, DownloadError, VerifiedFile, platform};

/// What to install, and where.
#[derive(Clone, Debug)]
pub struct Install {
    /// Where the archive comes from.
    pub source: Source,
    /// The expected SHA-256 of the archive, if known.
    pub sha256: Option<String>,
    /// Whether to install an archive whose SHA-256 is not known.
    pub allow_unverified: bool,
    /// The directory of installed versions, with a directory for each version.
    pub versions: PathBuf,
}

/// Where an archive comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The official archive of a version, from GitHub or a mirror.
    Release {
        /// The version.
        version: Version,
        /// The URL of a mirror; GitHub if `None`.
        mirror: Option<String>,
    },
    /// A file, or an http or https URL.
    Archive(String),
}

/// An installed version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledVersion {
    /// The version that the program reports.
    pub version: Version,
    /// The path of the program.
    pub path: PathBuf,
    /// The SHA-256 of the archive.
    pub sha256: String,
    /// The source of the expected SHA-256; `None` if the archive was not verified.
    pub verified_by: Option<String>,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The archive could not be downloaded or verified.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The archive could not be unpacked.
    #[error("cannot unpack `{from}`")]
    Archive {
        /// The archive.
        from: String,
        /// The reason.
        source: ArchiveError,
    },
    /// The program in the archive is not Beyla, or is for another architecture.
    #[error("the program in the archive does not run here")]
    Program(#[from] ProbeError),
    /// The program reports a version other than the requested one.
    #[error("the archive of {asked} holds {found}")]
    Version {
        /// The requested version.
        asked: Version,
        /// The reported version.
        found: Version,
    },
    /// The program is not Beyla.
    #[error(
        "the archive holds {0}; only Beyla is installed so, and `beyla.path` can name another program"
    )]
    Distribution(Release),
    /// Beyla has no release for this architecture.
    #[error("Beyla has no release for {0}, only for amd64 and arm64")]
    Platform(&'static str),
    /// The program could not be moved into place.
    #[error("cannot write to `{dir}`")]
    Write {
        /// The directory.
        dir: String,
        /// The operating system's error.
        source: io::Error,
    },
}

/// The default version, with which Coral is tested.
pub const DEFAULT_VERSION: Version = Version::new(3, 31, 0);
/// The files to unpack from an archive.
const CONTENTS: Contents = Contents {
    program: PROGRAM,
    beside: &["LICENSE", "NOTICE", "third_party_licenses.csv"],
    in_directories: false,
};
const RELEASES: &str = "https://github.com/grafana/beyla/releases/download";

impl Install {
    /// Installs the program beside other installed versions. An installed copy of the same version
    /// stays in place until the new copy is complete.
    ///
    /// # Errors
    /// [`InstallError`]: nothing changed.
    pub fn run(&self) -> Result<InstalledVersion, InstallError> {
        let from = self.source.archive()?;
        let written =
            |source| InstallError::Write { dir: self.versions.display().to_string(), source };
        fs::create_dir_all(&self.versions).map_err(written)?;
        // A private directory on the same file system, so that the last step is a rename.
        let aside = Aside::in_dir(&self.versions).map_err(written)?;
        let archive = aside.0.join("archive.tar.gz");
        let download = Download {
            from: from.clone(),
            sha256: self.sha256.clone(),
            allow_unverified: self.allow_unverified,
            release: self.source.release(),
        };
        let VerifiedFile { sha256, by: verified_by } = download.fetch(&archive)?;
        archive::unpack(CONTENTS, &archive, &aside.0)
            .map_err(|source| InstallError::Archive { from: from.clone(), source })?;
        let release = probe(&aside.0.join(PROGRAM))?;
        if release.distribution != Distribution::Beyla {
            return Err(InstallError::Distribution(release));
        }
        let version = release.version;
        if let Source::Release { version: asked, .. } = self.source
            && asked != version
        {
            return Err(InstallError::Version { asked, found: version });
        }
        let path = place(&aside.0, &self.versions.join(version.to_string())).map_err(written)?;
        Ok(InstalledVersion { version, path, sha256, verified_by })
    }
}

impl Source {
    /// The file or URL of the archive.
    fn archive(&self) -> Result<String, InstallError> {
        let (version, mirror) = match self {
            Self::Archive(from) => return Ok(from.clone()),
            Self::Release { version, mirror } => (version, mirror.as_deref().unwrap_or(RELEASES)),
        };
        let platform = platform().map_err(InstallError::Platform)?;
        let mirror = mirror.trim_end_matches('/');
        Ok(format!("{mirror}/v{version}/beyla-linux-{platform}-v{version}.tar.gz"))
    }

    /// The URL of GitHub's metadata of an official release, from which the digest is read if the
    /// release has no digest file; `None` for a mirror or another archive.
    fn release(&self) -> Option<String> {
        let Self::Release { version, mirror: None } = self else { return None };
        Some(format!("https://api.github.com/repos/grafana/beyla/releases/tags/v{version}"))
    }
}

/// Moves the licences and the program from `aside` to `dir`. The program is moved last, because its
/// presence marks a complete installation.
fn place(aside: &Path, dir: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    for name in CONTENTS.beside {
        match fs::rename(aside.join(name), dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let path = dir.join(PROGRAM);
    fs::rename(aside.join(PROGRAM), &path)?;
    fs::File::open(dir)?.sync_all()?;
    Ok(path)
}
