//! The colony's trust: its certificate, its certificate authority, and who was let in.

#[cfg(test)]
mod certificate_tests;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use coral_config::{ColonyConfig, TransportConfig};
use coral_server::certificate::{Certificate, CertificateError, encryption};
use coral_server::clock;
use coral_server::identity::{Guard, Trusted};
use coral_trace::UnixNanos;
use coral_trust::authority::{Authority, AuthorityError, Fingerprint, Issued, certificates};
use coral_trust::directory::TrustDir;
use coral_trust::join::JoinToken;
use coral_trust::ledger::{CertificateEntry, JoinRefused, LedgerError, seconds};
use coral_trust::workload::{AgentName, InvalidAgentName, Workload};
use tokio_util::sync::CancellationToken;

use crate::Colony;

/// How often the ledger is looked at: a revocation works within this time.
const LOOK_INTERVAL: std::time::Duration = std::time::Duration::from_secs(1);
/// Uses of tokens are stored once in so many looks.
const LOOKS_PER_STORE: u32 = 30;

/// What a colony needs to let agents and people in. Clones share it.
#[derive(Clone)]
pub struct ColonyTrust {
    dir: TrustDir,
    /// The colony's certificate; none on loopback or without encryption.
    pub certificate: Option<Arc<Certificate>>,
    /// Tokens, and certificates of agents.
    pub trusted: Arc<Trusted>,
    /// Whether agents are polled without encryption, also off this host.
    pub is_plaintext: bool,
}

/// Why a colony cannot let anybody in.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The colony's certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why an agent gets no certificate.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The join token is not accepted.
    #[error(transparent)]
    Join(#[from] JoinRefused),
    /// The agent's certificate was revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The CA does not sign.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The join token is for a name that cannot stand in a certificate.
    #[error(transparent)]
    Name(#[from] InvalidAgentName),
}

/// A certificate for an agent.
pub struct Admitted {
    /// The agent's id.
    pub agent: AgentName,
    /// The certificate.
    pub issued: Issued,
    /// The CAs that the agent believes from now on, in PEM.
    pub authorities: String,
}

impl ColonyTrust {
    /// The trust of the colony with this configuration, which is reached by `names`. Blocks.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn open(config: &ColonyConfig, names: Vec<String>) -> Result<Self, TrustError> {
        let dir = TrustDir::of(&config.data_dir);
        let certificate = Certificate::of_colony(
            &config.transport,
            &config.data_dir,
            names,
            config.https.clone(),
        )?;
        let trusted = Arc::new(Trusted::load(dir.clone())?);
        Ok(Self { dir, certificate, trusted, is_plaintext: config.transport.is_plaintext })
    }

    /// No trust at all, for a colony whose data is under `data_dir`. Blocks.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn none(data_dir: &Path) -> Result<Self, TrustError> {
        let (transport, dir) = (TransportConfig::default(), TrustDir::of(data_dir));
        let trusted = Arc::new(Trusted::load(dir.clone())?);
        Ok(Self { dir, certificate: None, trusted, is_plaintext: transport.is_plaintext })
    }

    /// How the colony's port is encrypted, as its status says it.
    pub const fn encryption(&self) -> &'static str {
        encryption(self.certificate.is_some(), self.is_plaintext)
    }

    /// The guard of the colony's port, which believes `local_key` too.
    pub fn guard(&self, local_key: &str) -> Guard {
        let guard = Guard::new().with_tokens(self.trusted.clone()).with_local_key(local_key);
        // Without a certificate of its own, a colony cannot ask for one.
        match self.certificate.is_none() && self.is_plaintext {
            true => guard.plaintext(),
            false => guard,
        }
    }

    /// Lets the agent in that has the join token with this secret. Blocks.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn join(
        &self,
        secret: &str,
        request: &[u8],
        now: UnixNanos,
    ) -> Result<Admitted, IssueError> {
        // Whoever guesses waits for no lock and reads no key, so that guesses delay nobody.
        let hash = JoinToken::hash_of(secret).filter(|hash| self.trusted.knows_join(hash));
        let hash = hash.ok_or(JoinRefused::Unknown)?;
        let authority = Authority::load(&self.dir)?;
        self.trusted.change(now, |ledger| {
            let agent: AgentName = ledger.join(&hash, now)?.parse()?;
            // A request that is not valid leaves the token unused: nothing is written.
            let issued = authority.issue(&Workload::Agent(agent.clone()), request, now)?;
            ledger.note_certificate(entry(&agent, &issued, now));
            Ok(Admitted { agent, issued, authorities: authority.roots_pem() })
        })
    }

    /// A further certificate for `agent`, which shows the one with the serial number `shown`. Blocks.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn renew(
        &self,
        agent: &AgentName,
        shown: &str,
        request: &[u8],
        now: UnixNanos,
    ) -> Result<Admitted, IssueError> {
        let authority = Authority::load(&self.dir)?;
        let issued = authority.issue(&Workload::Agent(agent.clone()), request, now)?;
        self.trusted.change(now, |ledger| {
            // The ledger on disk may revoke what the one in memory does not yet: a certificate that
            // is issued after a revocation would outlive it.
            if ledger.is_revoked(agent, shown) {
                return Err(IssueError::Revoked);
            }
            ledger.note_certificate(entry(agent, &issued, now));
            Ok(())
        })?;
        Ok(Admitted { agent: agent.clone(), issued, authorities: authority.roots_pem() })
    }

    /// The fingerprint of the CA that issues certificates; `None` if the colony has none.
    pub fn authority(&self) -> Option<Fingerprint> {
        let pem = std::fs::read_to_string(self.dir.path("ca.crt")).ok()?;
        certificates(&pem).first().map(Fingerprint::of)
    }

    /// Follows changes of the ledger until `stop` is cancelled: agents that were revoked are not
    /// polled any more. Stores when tokens were used.
    pub async fn run(self, colony: Colony, stop: CancellationToken) {
        let (mut looks, mut stopped) = (0u32, false);
        loop {
            let stores = stopped || (looks > 0 && looks.is_multiple_of(LOOKS_PER_STORE));
            let (trust, colony) = (self.clone(), colony.clone());
            let looked = tokio::task::spawn_blocking(move || trust.look(&colony, stores)).await;
            if let Err(panic) = looked {
                tracing::error!(%panic, "reading the ledger of tokens panicked");
            }
            if stopped {
                return;
            }
            stopped = stop.run_until_cancelled(tokio::time::sleep(LOOK_INTERVAL)).await.is_none();
            looks = looks.wrapping_add(1);
        }
    }

    fn look(&self, colony: &Colony, stores: bool) {
        self.trusted.refresh();
        self.shut_out_revoked(colony, seconds(clock::now()));
        if stores {
            self.trusted.store_uses();
        }
    }

    /// Removes every agent that is revoked. An agent can be known although the ledger has not changed
    /// since: it was revoked while no colony ran, or while it registered.
    fn shut_out_revoked(&self, colony: &Colony, now: u64) {
        let ledger = self.trusted.ledger();
        let agents = colony.registry.watch();
        let known = |agent: &&String| agents.borrow().contains_key(agent.as_str());
        for agent in ledger.revoked.keys().filter(known) {
            let mut certificates = ledger.certificates.iter();
            let has_joined_again = certificates
                .any(|entry| entry.agent == *agent && !entry.revoked && now < entry.expires);
            if !has_joined_again {
                colony.shut_out(agent);
            }
        }
    }
}

fn entry(agent: &AgentName, issued: &Issued, now: UnixNanos) -> CertificateEntry {
    CertificateEntry {
        serial: issued.serial.clone(),
        agent: agent.to_string(),
        issued: seconds(now),
        expires: seconds(issued.expires),
        revoked: false,
    }
}
