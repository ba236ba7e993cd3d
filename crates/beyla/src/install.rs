//! Installs a release of Beyla: fetched, verified, unpacked, run once for its version, and put in place in one step.
//!
//! Source: grafana/beyla, `release-binaries`: `beyla-linux-ARCH-vX.Y.Z.tar.gz` with `beyla` and its licences.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::locate::PROGRAM;
use super::version::{ProbeError, Version};
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
    /// Where versions lie, each in a directory of its name.
    pub versions: PathBuf,
}

/// Where an archive is from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The official one of a version, or a mirror's.
    Release {
        /// Which.
        version: Version,
        /// Where releases lie; GitHub, when it is not given.
        mirror: Option<String>,
    },
    /// A file, or a URL of http or https.
    Archive(String),
}

/// A version that is in place now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstalledVersion {
    /// What it says of itself.
    pub version: Version,
    /// The program.
    pub path: PathBuf,
    /// Of the archive.
    pub sha256: String,
    /// Who vouched for that; `None` when nobody did.
    pub verified_by: Option<String>,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The archive did not come, or is not what it should be.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// It cannot be unpacked.
    #[error("cannot unpack `{from}`")]
    Archive {
        /// The archive.
        from: String,
        /// Why.
        source: ArchiveError,
    },
    /// The program in it is no Beyla, or for another kind of machine.
    #[error("the program in the archive does not run here")]
    Program(#[from] ProbeError),
    /// It says that it is another version than was asked for.
    #[error("the archive of {asked} holds {found}")]
    Version {
        /// What was asked for.
        asked: Version,
        /// What it is.
        found: Version,
    },
    /// Beyla has no release for this kind of machine.
    #[error("there is no release of Beyla for {0}; it runs on amd64 and arm64")]
    Platform(&'static str),
    /// It cannot be put in place.
    #[error("cannot write to `{dir}`")]
    Write {
        /// Where.
        dir: String,
        /// The operating system's word.
        source: io::Error,
    },
}

/// The version that our recordings and our trials of its process are of.
pub const TRIED: Version = Version::new(3, 31, 0);
/// What is taken out of an archive.
const CONTENTS: Contents = Contents {
    program: PROGRAM,
    beside: &["LICENSE", "NOTICE", "third_party_licenses.csv"],
    in_directories: false,
};
const RELEASES: &str = "https://github.com/grafana/beyla/releases/download";

impl Install {
    /// Installs it. Another version, and the one that was there, stay until all is well.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has changed then.
    pub fn run(&self) -> Result<InstalledVersion, InstallError> {
        let from = self.source.archive()?;
        let written =
            |source| InstallError::Write { dir: self.versions.display().to_string(), source };
        fs::create_dir_all(&self.versions).map_err(written)?;
        // On the same file system, so that the last step is a rename; nobody else can look into it or guess it.
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
        let version = Version::probe(&aside.0.join(PROGRAM))?;
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
    /// The archive's file or URL.
    fn archive(&self) -> Result<String, InstallError> {
        let (version, mirror) = match self {
            Self::Archive(from) => return Ok(from.clone()),
            Self::Release { version, mirror } => (version, mirror.as_deref().unwrap_or(RELEASES)),
        };
        let platform = platform().map_err(InstallError::Platform)?;
        let mirror = mirror.trim_end_matches('/');
        Ok(format!("{mirror}/v{version}/beyla-linux-{platform}-v{version}.tar.gz"))
    }

    /// What GitHub says of a release, for releases without a file of digests.
    fn release(&self) -> Option<String> {
        let Self::Release { version, mirror: None } = self else { return None };
        Some(format!("https://api.github.com/repos/grafana/beyla/releases/tags/v{version}"))
    }
}

/// Moves the program and its licences from `aside` into `dir`, the program last: once it is there, it is complete.
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
