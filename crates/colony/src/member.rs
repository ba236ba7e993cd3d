//! Who a colony is among the colonies of its cluster.

use std::io;
use std::path::{Path, PathBuf};

use coral_engine::{Engine, EngineError};
use coral_server::private_file;
use coral_wire::agent_rpc::lease::{MAX_MEMBER_ID_BYTES, is_member_id};

/// A colony of several that share an engine: a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterMember {
    /// The id of the cluster: that of the engine's data.
    pub cluster_id: String,
    /// The id of the colony. No other colony of the cluster has it.
    pub colony_id: String,
}

/// Why a colony does not know who it is.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The engine cannot be asked whether other colonies may use it.
    #[error("cannot ask the storage engine for its colonies")]
    Engine(#[from] EngineError),
    /// The colony's id cannot be read or written.
    #[error("cannot read or write the colony's id in `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file with the colony's id was changed.
    #[error(
        "`{}` has no id of a colony: remove the file, and the colony makes a new one", path.display()
    )]
    Id {
        /// The file.
        path: PathBuf,
    },
    /// The host gives no random numbers.
    #[error("the host gives no random numbers for the colony's id: {0}")]
    NoRandom(String),
}

/// The file with the colony's id, in its data directory. A restarted colony keeps its id, and so its
/// agents. Two colonies must not have copies of one file.
const ID_FILE: &str = "colony.id";

impl ClusterMember {
    /// The colony with the data directory `data_dir`, which gets an id at its first start. `None` if
    /// `engine` is for one colony only. Blocks.
    ///
    /// # Errors
    /// [`MemberError`].
    pub fn load(engine: &dyn Engine, data_dir: &Path) -> Result<Option<Self>, MemberError> {
        if engine.colonies()?.is_none() {
            return Ok(None);
        }
        let colony_id = colony_id(&data_dir.join(ID_FILE))?;
        Ok(Some(Self { cluster_id: engine.id().to_owned(), colony_id }))
    }
}

/// The id in the file `path`, which is made if it is missing.
fn colony_id(path: &Path) -> Result<String, MemberError> {
    let failed = |source| MemberError::File { path: path.to_owned(), source };
    match private_file::read(path, MAX_MEMBER_ID_BYTES as u64 + 2) {
        Ok(text) if is_member_id(text.trim_end()) => Ok(text.trim_end().to_owned()),
        Ok(_) => Err(MemberError::Id { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = random_id()?;
            private_file::replace(path, format!("{id}\n").as_bytes()).map_err(failed)?;
            Ok(id)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A random id: 16 hex digits.
fn random_id() -> Result<String, MemberError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| MemberError::NoRandom(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colony_keeps_its_id_and_two_colonies_have_two() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let id = |dir: &tempfile::TempDir| colony_id(&dir.path().join(ID_FILE)).unwrap();
        assert_eq!((id(&one).len(), id(&one)), (16, id(&one)));
        assert_ne!(id(&one), id(&two));
    }

    #[test]
    fn a_file_without_an_id_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(ID_FILE);
        for text in ["", "\n", "two words\n", &"x".repeat(4_000)] {
            std::fs::write(&path, text).unwrap();
            let error = colony_id(&path).unwrap_err().to_string();
            assert!(error.contains("colony.id` has no id"), "{error}");
        }
        std::fs::write(&path, "east-1\n").unwrap();
        assert_eq!(colony_id(&path).unwrap(), "east-1");
    }

    #[test]
    fn an_engine_for_one_colony_needs_no_id() {
        let dir = tempfile::tempdir().unwrap();
        let config =
            coral_store::StoreConfig { dir: dir.path().join("colony"), segment_rows: 1_000 };
        let store = coral_store::Store::open(config).unwrap();
        assert_eq!(ClusterMember::load(&store, dir.path()).unwrap(), None);
        assert!(!dir.path().join(ID_FILE).exists());
    }
}
