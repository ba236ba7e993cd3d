//! Finds Beyla or OBI: at the configured path if there is one, else the newest installed version of
//! Beyla, else in `$PATH`.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::version::Version;

/// The places where Beyla may be.
#[derive(Clone, Debug)]
pub struct Places {
    /// The setting `beyla.path`, which the variable `BEYLA_PATH` can set.
    pub named: Option<PathBuf>,
    /// The directory `DATA_DIR/beyla/versions`, with a directory for each version.
    pub installed: PathBuf,
    /// `$PATH`.
    pub path: Option<std::ffi::OsString>,
}

/// A program, and where it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The path, absolute unless configured otherwise.
    pub path: PathBuf,
    /// The place where it was found.
    pub by: FoundBy,
}

/// A place where a program was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundBy {
    /// `beyla.path`.
    Name,
    /// `coral beyla install`.
    Install,
    /// `$PATH`.
    Path,
}

/// Why no program was found.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotFound {
    /// The configured path is missing or not executable. No other place is tried.
    #[error("`beyla.path` is `{0}`, which is not an executable file")]
    Named(String),
    /// No place has Beyla.
    #[error("Beyla is not installed; run `coral beyla install`")]
    Nowhere,
}

/// The name of Beyla's program.
pub const PROGRAM: &str = "beyla";
/// The programs that are looked for in `$PATH`, the first first: Beyla, OBI, and OBI before its program
/// was called `obi`.
const ON_PATH: [&str; 3] = [PROGRAM, "obi", "ebpf-instrument"];

/// Finds the program: at `places.named` and nowhere else if that is set; else the newest version in
/// `places.installed`; else in `places.path`, where Beyla comes before OBI.
///
/// # Errors
/// [`NotFound`].
pub fn locate(places: &Places) -> Result<Found, NotFound> {
    if let Some(path) = &places.named {
        let found = Found { path: path.clone(), by: FoundBy::Name };
        return match is_program(path) {
            true => Ok(found),
            false => Err(NotFound::Named(path.display().to_string())),
        };
    }
    if let Some((_, path)) = installed(&places.installed).pop() {
        return Ok(Found { path, by: FoundBy::Install });
    }
    let on_path = places.path.as_deref().map(OsStr::to_owned).unwrap_or_default();
    // An empty or relative entry is skipped, because it depends on the current directory.
    let dirs: Vec<_> = std::env::split_paths(&on_path).filter(|dir| dir.is_absolute()).collect();
    let paths = ON_PATH.into_iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name)));
    let path = paths.into_iter().find(|path| is_program(path));
    path.map(|path| Found { path, by: FoundBy::Path }).ok_or(NotFound::Nowhere)
}

/// All installed versions in `dir`, oldest first, with the path of each program.
pub fn installed(dir: &Path) -> Vec<(Version, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path().join(PROGRAM);
            is_program(&path).then_some((version, path))
        })
        .collect();
    found.sort();
    found
}

fn is_program(path: &Path) -> bool {
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

impl FoundBy {
    /// Words for the status, such as "found on $PATH".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "named by beyla.path",
            Self::Install => "installed by coral",
            Self::Path => "found on $PATH",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_configured_path_comes_before_installed_versions_and_these_before_the_search_path() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["named", "versions/2.9.0/beyla", "versions/2.10.0/beyla", "bin/beyla"] {
            program(&at(name));
        }
        std::fs::create_dir_all(at("versions/9.0.0")).unwrap();
        let mut places = Places {
            named: Some(at("named")),
            installed: at("versions"),
            path: Some(std::env::join_paths([PathBuf::new(), at("bin")]).unwrap()),
        };
        let found = |places: &Places| locate(places).map(|found| (found.path, found.by));
        assert_eq!(found(&places), Ok((at("named"), FoundBy::Name)));
        places.named = None;
        assert_eq!(found(&places), Ok((at("versions/2.10.0/beyla"), FoundBy::Install)));
        places.installed = at("none");
        assert_eq!(found(&places), Ok((at("bin/beyla"), FoundBy::Path)));
        places.path = None;
        assert_eq!(found(&places), Err(NotFound::Nowhere));
    }

    #[test]
    fn an_obi_on_the_search_path_is_found_where_there_is_no_beyla() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let path = std::env::join_paths([at("first"), at("second")]).unwrap();
        let places = Places { named: None, installed: at("none"), path: Some(path) };
        for name in ["first/ebpf-instrument", "first/obi", "second/beyla"] {
            program(&at(name));
            assert_eq!(locate(&places).map(|found| found.path), Ok(at(name)));
        }
    }

    #[test]
    fn no_other_place_is_tried_when_a_path_is_configured() {
        let dir = tempfile::tempdir().unwrap();
        program(&dir.path().join("versions/3.31.0/beyla"));
        let places = Places {
            named: Some(dir.path().to_owned()),
            installed: dir.path().join("versions"),
            path: None,
        };
        assert!(matches!(locate(&places), Err(NotFound::Named(_))));
    }
}
