//! The cursor of a target: what it has acknowledged, and where that is stored.

use std::io;
use std::path::Path;

use coral_config::ExportFrom;
use coral_engine::{Budget, Engine, EngineError};
use coral_server::private_file;
use serde::{Deserialize, Serialize};

/// What a target has acknowledged. Stored after each acknowledgement.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The store whose receipts these are.
    pub(super) store_id: String,
    /// The receipt after which the next spans are read.
    pub(super) next_receipt: u64,
    /// How many spans the target took.
    pub(super) exported: u64,
    /// How many spans the target rejected for good.
    pub(super) rejected: u64,
    /// How many spans expired, or were damaged, before the target took them.
    pub(super) missed: u64,
}

/// Why an export does not resume where it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Restart {
    /// There is no cursor yet.
    First,
    /// The store was replaced, so that receipts of the cursor mean nothing.
    AnotherStore,
    /// The store is an older copy: it has not given out the receipt of the cursor.
    OlderCopy,
}

/// A cursor's file is small. More is not read.
const MAX_FILE_BYTES: u64 = 64 << 10;

impl Cursor {
    /// The cursor with which an export goes on that had `saved`, and why it does not resume there.
    ///
    /// # Errors
    /// [`EngineError`]: the store cannot tell its times now.
    pub(super) fn resumed(
        saved: Option<Self>,
        engine: &dyn Engine,
        from: ExportFrom,
    ) -> Result<(Self, Option<Restart>), EngineError> {
        let extent = engine.extent()?;
        let beginning = extent.first_receipt.saturating_sub(1);
        let is_new = saved.is_none();
        let saved = saved.unwrap_or_default();
        if saved.store_id == engine.id() {
            return Ok(match saved.next_receipt > extent.last_receipt {
                false => (saved, None),
                // What the copy has was exported before, because it was stored before.
                true => {
                    let next_receipt = extent.last_receipt;
                    (Self { next_receipt, ..saved }, Some(Restart::OlderCopy))
                }
            });
        }
        let next_receipt = match from {
            // A store that replaces another one began after that one: all of it is new.
            ExportFrom::Now if is_new => extent.last_receipt,
            ExportFrom::Now | ExportFrom::Beginning => beginning,
            ExportFrom::At(instant) => {
                engine.cursor_at(instant, &Budget::unlimited())?.max(beginning)
            }
        };
        let why = if is_new { Restart::First } else { Restart::AnotherStore };
        let store_id = engine.id().to_owned();
        Ok((Self { store_id, next_receipt, ..saved }, Some(why)))
    }

    /// The stored cursor; `None` if there is none. A file with something else is set aside as
    /// `*.damaged`, and is then none. Blocks.
    ///
    /// # Errors
    /// The operating system's error.
    pub(super) fn load(file: &Path) -> io::Result<Option<Self>> {
        let text = match private_file::read(file, MAX_FILE_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // Text that is not UTF-8 is damage.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            read => read?,
        };
        if let Ok(cursor) = serde_json::from_str(&text) {
            return Ok(Some(cursor));
        }
        std::fs::rename(file, file.with_extension("json.damaged"))?;
        tracing::error!(file = %file.display(), "a damaged cursor of an export was set aside");
        Ok(None)
    }

    /// Stores the cursor durably. Blocks.
    ///
    /// # Errors
    /// The operating system's error; the stored cursor is the one before.
    pub(super) fn save(&self, file: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        private_file::replace(file, &text)?;
        // Without this, a power loss may bring the older cursor back: spans would be sent again.
        match file.parent() {
            Some(dir) => std::fs::File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    }
}
