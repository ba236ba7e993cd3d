//! What a running colony knows of tokens and certificates: the ledger, read again when it changes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use coral_trace::{UnixNanos, chain};
use coral_trust::directory::TrustDir;
use coral_trust::ledger::{Ledger, LedgerError, TokenEntry, Uses};
use coral_trust::material::Holder;
use coral_trust::secret::SecretHash;
use coral_trust::workload::Workload;

use crate::admission::network;

/// The ledger in memory, and the uses of tokens.
pub struct Trusted {
    dir: TrustDir,
    known: RwLock<Known>,
    uses: Mutex<BTreeMap<String, Uses>>,
    /// Held while the ledger is changed: changes of this process come one after another.
    turn: Mutex<()>,
}

struct Known {
    version: Option<[i64; 4]>,
    ledger: Arc<Ledger>,
}

impl Trusted {
    /// The ledger in `dir`. Blocks.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load(dir: TrustDir) -> Result<Self, LedgerError> {
        let version = Ledger::version(&dir);
        let known = Known { version, ledger: Arc::new(Ledger::load(&dir)?) };
        let uses = Mutex::new(Uses::load(&dir));
        Ok(Self { dir, known: RwLock::new(known), uses, turn: Mutex::default() })
    }

    /// Reads the ledger again if it changed. Returns whether it did. A ledger that cannot be read
    /// lets nobody in who has not been let in before: the last one stays. Blocks.
    pub fn refresh(&self) -> bool {
        let version = Ledger::version(&self.dir);
        if version == self.read().version {
            return false;
        }
        match Ledger::load(&self.dir) {
            Ok(ledger) => {
                self.replace(version, ledger);
                true
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "the ledger of tokens cannot be read; the last one stays in use");
                false
            }
        }
    }

    /// Stores when tokens were used. Blocks.
    pub fn store_uses(&self) {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(error) = Uses::store(&self.dir, &uses) {
            tracing::warn!(%error, "the uses of tokens are not stored");
        }
    }

    /// Changes the ledger on disk and in memory. Blocks.
    ///
    /// # Errors
    /// [`LedgerError`], or the error of `change`.
    pub fn change<T, E: From<LedgerError>>(
        &self,
        now: UnixNanos,
        change: impl FnOnce(&mut Ledger) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (ledger, answer) = Ledger::change(&self.dir, now, change)?;
        // Another process may have changed the ledger since the lock was released: the next look
        // reads it again.
        self.replace(None, ledger);
        Ok(answer)
    }

    /// The ledger as it is now.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.read().ledger.clone()
    }

    /// Whether a join token with this hash was created, however it was used since. Blocks, but not
    /// for the lock of the ledger.
    pub fn knows_join(&self, hash: &SecretHash) -> bool {
        let knows = || self.ledger().joins.iter().any(|entry| entry.hash.is_same(hash));
        knows() || (self.refresh() && knows())
    }

    /// The token with this hash, if it is valid. Notes its use from `address`.
    pub(super) fn token(
        &self,
        hash: &SecretHash,
        address: IpAddr,
        now: UnixNanos,
    ) -> Option<Arc<TokenEntry>> {
        let known = || self.ledger().token(hash, now).cloned();
        // A token that was made a moment ago is not in the ledger that was read before.
        let entry = known().or_else(|| self.refresh().then(known).flatten())?;
        let entry = Arc::new(entry);
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let known = uses.entry(hash.id()).or_default();
        let is_first = known.addresses.is_empty();
        if known.note(&network(address).to_string(), now) && !is_first {
            tracing::info!(user = entry.user, token = hash.id(), %address, "a token is used from a new address");
        }
        Some(entry)
    }

    /// Whether the certificate of `holder` is neither revoked nor expired.
    pub fn is_valid(&self, holder: &Holder, now: UnixNanos) -> bool {
        let is_revoked = match &holder.workload {
            Workload::Agent(name) => self.ledger().is_revoked(name, &holder.serial),
            Workload::Colony => false,
        };
        !is_revoked && now < holder.expires
    }

    fn replace(&self, version: Option<[i64; 4]>, ledger: Ledger) {
        let known = Known { version, ledger: Arc::new(ledger) };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}
