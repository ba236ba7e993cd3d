//! Finds DuckDB's library: configured, beside the program, installed by Coral, or the system's.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Places where a DuckDB library may be.
#[derive(Clone, Debug, Default)]
pub struct LibraryPlaces {
    /// `sql.library`, `CORAL_DUCKDB` or `--duckdb-library`. If set, no other place is tried.
    pub named: Option<PathBuf>,
    /// The directory of the running program.
    pub program_dir: Option<PathBuf>,
    /// Coral's data directory, in whose `lib/` `coral duckdb install` puts the library.
    pub data_dir: PathBuf,
}

/// A library, and where it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundLibrary {
    /// Absolute path, with symbolic links resolved.
    pub path: PathBuf,
    /// The place where it was found.
    pub by: FoundBy,
}

/// A place where a library was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FoundBy {
    /// `sql.library`, `CORAL_DUCKDB` or `--duckdb-library`.
    Name,
    /// The directory of the program, or `../lib/coral` relative to it.
    Program,
    /// `coral duckdb install`.
    Install,
    /// A directory of system libraries.
    System,
}

/// Why no library was found.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The configured file cannot be read.
    #[error("`sql.library` is `{path}`, which cannot be read")]
    Named {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// Another user could have written the file, and loading a library runs its code.
    #[error("`{path}` is not loaded as DuckDB: {reason}")]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// Who can write to which path.
        reason: String,
    },
    /// No place has a library.
    #[error("there is no library of DuckDB on this host, and SQL needs one")]
    Nowhere,
}

/// Directories of system libraries that are searched, in this order, for each of `SYSTEM_NAMES`.
const SYSTEM_DIRS: [&str; 8] = [
    "/usr/lib/coral",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib",
    "/home/linuxbrew/.linuxbrew/lib",
];
const SYSTEM_NAMES: [&str; 2] = ["libduckdb.so.2.0", "libduckdb.so"];
const NAME: &str = "libduckdb.so";

/// Finds the library in the first of `places` that has one. Ignores the current directory and
/// `LD_LIBRARY_PATH`.
///
/// # Errors
/// [`LibraryError`]. The file is not loaded, so it may turn out not to be a DuckDB library, or one
/// of a wrong version.
pub fn find_library(places: &LibraryPlaces) -> Result<FoundLibrary, LibraryError> {
    if let Some(path) = &places.named {
        let source = match path.is_absolute() {
            true => path.canonicalize(),
            false => Err(io::Error::other("the path is not absolute")),
        };
        let path = source.map_err(|source| LibraryError::Named { path: path.clone(), source })?;
        return checked(FoundLibrary { path, by: FoundBy::Name });
    }
    let program = places.program_dir.iter().flat_map(|dir| {
        [dir.join(NAME), dir.join("../lib/coral").join(NAME)].map(|path| (path, FoundBy::Program))
    });
    let installed = (places.data_dir.join("lib").join(NAME), FoundBy::Install);
    let system = SYSTEM_DIRS.iter().flat_map(|dir| {
        SYSTEM_NAMES.iter().map(move |name| (Path::new(dir).join(name), FoundBy::System))
    });
    let found = program.chain([installed]).chain(system).find_map(|(path, by)| {
        let path = path.canonicalize().ok().filter(|path| path.is_file())?;
        Some(FoundLibrary { path, by })
    });
    checked(found.ok_or(LibraryError::Nowhere)?)
}

/// Refuses a file that users other than root and this process's user can replace or write.
fn checked(found: FoundLibrary) -> Result<FoundLibrary, LibraryError> {
    // The owner of `/proc/self` is root for a process that cannot be dumped.
    let user = rustix::process::geteuid().as_raw();
    for path in found.path.ancestors() {
        let failed = |source| LibraryError::Named { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if let Some(reason) = danger(path, &metadata, user) {
            return Err(LibraryError::Unsafe { path: found.path.clone(), reason });
        }
    }
    Ok(found)
}

/// Which other users can write to the file or directory at `path`; `None` if none can.
fn danger(path: &Path, metadata: &Metadata, user: u32) -> Option<String> {
    const OTHERS_WRITE: u32 = 0o022;
    /// In a directory with this mode, only the owner of a file can replace it.
    const STICKY: u32 = 0o1000;
    let (owner, mode) = (metadata.uid(), metadata.mode());
    let path = path.display();
    if owner != 0 && owner != user {
        return Some(format!("`{path}` belongs to user {owner}"));
    }
    let sticky = metadata.is_dir() && mode & STICKY != 0;
    (mode & OTHERS_WRITE != 0 && !sticky).then(|| format!("others may write to `{path}`"))
}

impl FoundBy {
    /// The place in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "named by sql.library",
            Self::Program => "beside the program",
            Self::Install => "installed by coral",
            Self::System => "of the system",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn library(path: &Path, mode: u32) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_configured_library_comes_before_the_programs_directory_and_before_an_installed_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().canonicalize().unwrap().join(name);
        for name in ["named.so", "bin/libduckdb.so", "lib/libduckdb.so"] {
            library(&at(name), 0o644);
        }
        let mut places = LibraryPlaces {
            named: Some(at("named.so")),
            program_dir: Some(at("bin")),
            data_dir: dir.path().to_owned(),
        };
        let found =
            |places: &LibraryPlaces| find_library(places).map(|found| (found.path, found.by));
        assert_eq!(found(&places).unwrap(), (at("named.so"), FoundBy::Name));
        places.named = None;
        assert_eq!(found(&places).unwrap(), (at("bin/libduckdb.so"), FoundBy::Program));
        places.program_dir = None;
        assert_eq!(found(&places).unwrap(), (at("lib/libduckdb.so"), FoundBy::Install));
    }

    #[test]
    fn a_relative_path_and_a_missing_file_are_refused() {
        for name in ["libduckdb.so", "/nonexistent/libduckdb.so"] {
            let places = LibraryPlaces { named: Some(name.into()), ..LibraryPlaces::default() };
            let error = find_library(&places).unwrap_err();
            assert!(matches!(error, LibraryError::Named { .. }), "{error}");
        }
    }

    #[test]
    fn a_library_that_others_may_write_or_replace_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("open/lib.so");
        let places = LibraryPlaces { named: Some(path.clone()), ..LibraryPlaces::default() };
        library(&path, 0o666);
        let error = find_library(&places).unwrap_err().to_string();
        assert!(error.contains("others may write to"), "{error}");
        library(&path, 0o644);
        assert!(find_library(&places).is_ok());
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(path.parent().unwrap(), open).unwrap();
        assert!(matches!(find_library(&places), Err(LibraryError::Unsafe { .. })));
    }
}
