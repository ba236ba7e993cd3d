//! The ledger: tokens, join tokens and certificates that were issued, and what was revoked. It is
//! one file, which the command line and the running colony change under the lock of the directory.

use std::collections::BTreeMap;
use std::io;

use coral_trace::UnixNanos;
use serde::{Deserialize, Serialize};

use crate::directory::TrustDir;
use crate::role::Role;
use crate::secret::SecretHash;
use crate::workload::AgentName;

const FILE: &str = "ledger.json";
/// Where the colony notes when tokens were used; apart from the ledger, because it changes often.
const USES: &str = "uses.json";
/// The most tokens, join tokens and certificates that a ledger has.
const MAX_ENTRIES: usize = 10_000;
/// The most certificates of one agent, which renews one every 20 days. An agent that renews without
/// pause thus cannot fill the ledger.
const MAX_CERTIFICATES_OF_AGENT: usize = 8;
/// The most addresses from which a token was used that are kept.
const MAX_ADDRESSES: usize = 4;

/// What was issued and revoked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Tokens of people and tools.
    #[serde(default)]
    pub tokens: Vec<TokenEntry>,
    /// Join tokens.
    #[serde(default)]
    pub joins: Vec<JoinEntry>,
    /// Certificates of agents that have not expired.
    #[serde(default)]
    pub certificates: Vec<CertificateEntry>,
    /// Agents that were revoked, and when, in seconds since the epoch. Certificates that the colony
    /// issued afterwards are valid.
    #[serde(default)]
    pub revoked: BTreeMap<String, u64>,
}

/// A token of a person or tool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenEntry {
    /// The hash of the token.
    pub hash: SecretHash,
    /// Whose token it is.
    pub user: String,
    /// What its owner may do.
    pub role: Role,
    /// Globs of the services that its owner may see; empty for every service.
    #[serde(default)]
    pub services: Vec<String>,
    /// Whether an analyst may ask in SQL.
    #[serde(default)]
    pub sql: bool,
    /// When it was created, in seconds since the epoch.
    pub created: u64,
    /// When it expires, in seconds since the epoch; `None` for never.
    pub expires: Option<u64>,
    /// When it was revoked, in seconds since the epoch.
    #[serde(default)]
    pub revoked: Option<u64>,
}

/// A join token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JoinEntry {
    /// The hash of its secret.
    pub hash: SecretHash,
    /// The agent that may join with it.
    pub agent: String,
    /// When it was created, in seconds since the epoch.
    pub created: u64,
    /// When it expires, in seconds since the epoch.
    pub expires: u64,
    /// When it was used, in seconds since the epoch.
    #[serde(default)]
    pub used: Option<u64>,
}

/// The certificate of an agent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CertificateEntry {
    /// The serial number, in hex.
    pub serial: String,
    /// The agent.
    pub agent: String,
    /// When it was issued, in seconds since the epoch.
    pub issued: u64,
    /// When it expires, in seconds since the epoch.
    pub expires: u64,
    /// Whether it was revoked.
    #[serde(default)]
    pub revoked: bool,
}

/// When and from where a token was used.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Uses {
    /// The last use, in seconds since the epoch.
    pub last: u64,
    /// The last addresses, the newest first, each with its last use.
    pub addresses: Vec<(String, u64)>,
}

/// Why a join token is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JoinRefused {
    /// No such token was created, or it is forgotten.
    #[error("the colony does not know this join token")]
    Unknown,
    /// It was used.
    #[error("this join token was used already: a join token is for one agent and one use")]
    Used,
    /// It has expired.
    #[error("this join token has expired")]
    Expired,
}

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("cannot use the ledger of tokens")]
    Io(#[from] io::Error),
    /// The file is not a ledger.
    #[error("`{0}` is not a ledger of tokens")]
    Damaged(String, #[source] serde_json::Error),
    /// There are too many entries.
    #[error("the ledger has {MAX_ENTRIES} entries of this kind; revoke some first")]
    Full,
}

impl Ledger {
    /// The ledger in `dir`; an empty one if there is none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn load(dir: &TrustDir) -> Result<Self, LedgerError> {
        let Some(bytes) = dir.read(FILE)? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes)
            .map_err(|error| LedgerError::Damaged(dir.path(FILE).display().to_string(), error))
    }

    /// Changes whenever the ledger is changed.
    pub fn version(dir: &TrustDir) -> Option<[i64; 4]> {
        dir.version(FILE)
    }

    /// Changes the ledger in `dir` by `change`, and returns the changed ledger with the answer of
    /// `change`. Nothing is written if `change` fails.
    ///
    /// # Errors
    /// [`LedgerError`], or the error of `change`.
    pub fn change<T, E: From<LedgerError>>(
        dir: &TrustDir,
        now: UnixNanos,
        change: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        let io = |error| E::from(LedgerError::Io(error));
        let _locked = dir.lock().map_err(io)?;
        let mut ledger = Self::load(dir)?;
        let answer = change(&mut ledger)?;
        ledger.forget_expired(seconds(now));
        let lengths = [ledger.tokens.len(), ledger.joins.len(), ledger.certificates.len()];
        if lengths.into_iter().any(|length| length > MAX_ENTRIES) {
            return Err(LedgerError::Full.into());
        }
        let json = serde_json::to_vec_pretty(&ledger).map_err(|error| io(error.into()))?;
        dir.replace(FILE, &json).map_err(io)?;
        Ok((ledger, answer))
    }

    /// The token with this hash, if it is valid at `now`. Reads every entry, so that the time does
    /// not depend on which one fits.
    pub fn token(&self, hash: &SecretHash, now: UnixNanos) -> Option<&TokenEntry> {
        let found = self.tokens.iter().fold(None, |found, entry| match entry.hash.is_same(hash) {
            true => Some(entry),
            false => found,
        });
        found.filter(|entry| entry.is_valid(now))
    }

    /// The agent that may join with the secret that has this hash. The token is used up.
    ///
    /// # Errors
    /// [`JoinRefused`].
    pub fn join(&mut self, hash: &SecretHash, now: UnixNanos) -> Result<String, JoinRefused> {
        let now = seconds(now);
        let entry = self.joins.iter_mut().find(|entry| entry.hash.is_same(hash));
        let entry = entry.ok_or(JoinRefused::Unknown)?;
        if entry.used.is_some() {
            return Err(JoinRefused::Used);
        }
        if entry.expires <= now {
            return Err(JoinRefused::Expired);
        }
        entry.used = Some(now);
        Ok(entry.agent.clone())
    }

    /// Notes a certificate. If there are too many of its agent, the oldest is forgotten: it stays valid
    /// until the agent is revoked, as every certificate that is not listed.
    pub fn note_certificate(&mut self, entry: CertificateEntry) {
        let of_agent = |known: &CertificateEntry| known.agent == entry.agent;
        if self.certificates.iter().filter(|known| of_agent(known)).count()
            >= MAX_CERTIFICATES_OF_AGENT
            && let Some(oldest) = self.certificates.iter().position(of_agent)
        {
            self.certificates.remove(oldest);
        }
        self.certificates.push(entry);
    }

    /// Revokes every certificate of `agent` and every join token for it. Returns how many
    /// certificates and tokens that were.
    pub fn revoke_agent(&mut self, agent: &AgentName, now: UnixNanos) -> usize {
        let mut revoked = 0;
        for entry in self.certificates.iter_mut().filter(|entry| entry.agent == agent.as_str()) {
            revoked += usize::from(!std::mem::replace(&mut entry.revoked, true));
        }
        for entry in self.joins.iter_mut().filter(|entry| entry.agent == agent.as_str()) {
            revoked += usize::from(entry.used.replace(seconds(now)).is_none());
        }
        self.revoked.insert(agent.to_string(), seconds(now));
        revoked
    }

    /// Whether a certificate of `agent` with this serial number is revoked. After a revocation only
    /// certificates are valid that this colony issued afterwards.
    pub fn is_revoked(&self, agent: &AgentName, serial: &str) -> bool {
        let known = self.certificates.iter().find(|entry| entry.serial == serial);
        match known {
            Some(entry) => entry.revoked || entry.agent != agent.as_str(),
            None => self.revoked.contains_key(agent.as_str()),
        }
    }

    /// Removes what can no longer be used. An expired token of a person stays listed for 90 days, a
    /// join token for one day.
    fn forget_expired(&mut self, now: u64) {
        const DAY: u64 = 24 * 3_600;
        let ended = |entry: &TokenEntry| entry.revoked.into_iter().chain(entry.expires).min();
        self.tokens
            .retain(|entry| ended(entry).is_none_or(|ended| now < ended.saturating_add(90 * DAY)));
        self.joins.retain(|entry| now < entry.expires.saturating_add(DAY));
        self.certificates.retain(|entry| now < entry.expires);
    }
}

impl TokenEntry {
    /// Whether the token is neither expired nor revoked.
    pub fn is_valid(&self, now: UnixNanos) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| seconds(now) < expires)
    }
}

impl Uses {
    /// The uses of each token by the token's id.
    pub fn load(dir: &TrustDir) -> BTreeMap<String, Self> {
        let bytes = dir.read(USES).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Stores the uses.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn store(dir: &TrustDir, uses: &BTreeMap<String, Self>) -> io::Result<()> {
        let _locked = dir.lock()?;
        dir.replace(USES, &serde_json::to_vec(uses)?)
    }

    /// Notes a use from `address`. Returns whether the address is new.
    pub fn note(&mut self, address: &str, now: UnixNanos) -> bool {
        self.last = seconds(now);
        let known = self.addresses.iter().position(|(known, _)| known == address);
        if let Some(at) = known {
            self.addresses.remove(at);
        }
        self.addresses.insert(0, (address.to_owned(), seconds(now)));
        self.addresses.truncate(MAX_ADDRESSES);
        known.is_none()
    }
}

/// Whole seconds since the epoch.
pub fn seconds(at: UnixNanos) -> u64 {
    at.0 / 1_000_000_000
}
