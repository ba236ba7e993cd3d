//! Installs a release of Beyla: fetched, verified, unpacked, run once for its version, and put in place in one step.
//!
//! Source: grafana/beyla, `release-binaries`: `beyla-linux-ARCH-vX.Y.Z.tar.gz` with `beyla` and its licences.

mod archive;
mod digest;
mod fetch;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::archive::ArchiveError;
use self::fetch::FetchError;
use super::file;
use super::locate::PROGRAM;
use super::version::{ProbeError, Version};

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
pub struct Installed {
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
    /// The archive did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its digest is another one.
    #[error("`{from}` has the SHA-256 {found}, but {by} says {expected}: it was not installed")]
    Digest {
        /// The archive.
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
    /// Nobody vouches for it.
    #[error("nothing vouches for `{from}`: there is no `{sidecar}`")]
    Unverified {
        /// The archive.
        from: String,
        /// Where its digest was looked for.
        sidecar: String,
    },
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
const RELEASES: &str = "https://github.com/grafana/beyla/releases/download";

impl Install {
    /// Installs it. Another version, and the one that was there, stay until all is well.
    ///
    /// # Errors
    /// [`InstallError`]; nothing has changed then.
    pub fn run(&self) -> Result<Installed, InstallError> {
        let from = self.source.archive()?;
        let written =
            |source| InstallError::Write { dir: self.versions.display().to_string(), source };
        fs::create_dir_all(&self.versions).map_err(written)?;
        // On the same file system, so that the last step is a rename; nobody else can look into it or guess it.
        let aside = Aside::in_dir(&self.versions).map_err(written)?;
        let archive = aside.0.join("archive.tar.gz");
        let sha256 = fetch::archive(&from, &archive)?;
        let verified_by = self.verify(&from, &sha256)?;
        archive::unpack(&archive, &aside.0)
            .map_err(|source| InstallError::Archive { from: from.clone(), source })?;
        let version = Version::probe(&aside.0.join(PROGRAM))?;
        if let Source::Release { version: asked, .. } = self.source
            && asked != version
        {
            return Err(InstallError::Version { asked, found: version });
        }
        let path = place(&aside.0, &self.versions.join(version.to_string())).map_err(written)?;
        Ok(Installed { version, path, sha256, verified_by })
    }

    /// Who vouches for the archive's digest; `None` when nobody has to.
    fn verify(&self, from: &str, found: &str) -> Result<Option<String>, InstallError> {
        let (expected, by) = match &self.sha256 {
            Some(given) => (digest::parse(given), "--sha256".to_owned()),
            None => {
                let sidecar = format!("{from}.sha256");
                match fetch::small(&sidecar)? {
                    Some(text) => (digest::parse(&text), sidecar),
                    None => match self.published(from)? {
                        Some((digest, by)) => (Some(digest), by),
                        None if self.allow_unverified => return Ok(None),
                        None => {
                            return Err(InstallError::Unverified {
                                from: from.to_owned(),
                                sidecar,
                            });
                        }
                    },
                }
            }
        };
        let expected = expected.ok_or_else(|| InstallError::NoDigest(by.clone()))?;
        match expected == found {
            true => Ok(Some(by)),
            false => {
                let (from, found) = (from.to_owned(), found.to_owned());
                Err(InstallError::Digest { from, found, expected, by })
            }
        }
    }

    /// What GitHub says of a release's file, for releases without a file of digests.
    fn published(&self, from: &str) -> Result<Option<(String, String)>, InstallError> {
        let Source::Release { version, mirror: None } = &self.source else { return Ok(None) };
        let url = format!("https://api.github.com/repos/grafana/beyla/releases/tags/v{version}");
        let Some(release) = fetch::small(&url)? else { return Ok(None) };
        let name = from.rsplit('/').next().unwrap_or(from);
        Ok(digest::of_asset(&release, name).map(|digest| (digest, url)))
    }
}

impl Source {
    /// The archive's file or URL.
    fn archive(&self) -> Result<String, InstallError> {
        let (version, mirror) = match self {
            Self::Archive(from) => return Ok(from.clone()),
            Self::Release { version, mirror } => (version, mirror.as_deref().unwrap_or(RELEASES)),
        };
        let platform = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => return Err(InstallError::Platform(other)),
        };
        let mirror = mirror.trim_end_matches('/');
        Ok(format!("{mirror}/v{version}/beyla-linux-{platform}-v{version}.tar.gz"))
    }
}

/// Moves the program and its licences from `aside` into `dir`, the program last: once it is there, it is complete.
fn place(aside: &Path, dir: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    for name in archive::WANTED.into_iter().filter(|name| *name != PROGRAM) {
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

/// A directory for one installation, removed with all that is in it when this is dropped.
struct Aside(PathBuf);

impl Aside {
    fn in_dir(dir: &Path) -> io::Result<Self> {
        // No version is called so. What an installation that was killed has left is taken over.
        let path = dir.join(format!(".installing-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        file::private_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
