//! The agent's trust: its certificate, and who may export to it.

use std::path::PathBuf;
use std::sync::Arc;

use coral_config::AgentConfig;
use coral_server::certificate::{
    self, Certificate, CertificateError, PlaintextError, is_due, refuse_plaintext,
};
use coral_server::clock;
use coral_server::connect::Connector;
use coral_server::door::hosts::AllowedHosts;
use coral_server::identity::Guard;
use coral_server::listen::tls::Tls;
use coral_trust::authority::Fingerprint;
use coral_trust::directory::TrustDir;
use coral_trust::secret::SecretHash;
use coral_trust::workload::Workload;
use sha2::{Digest as _, Sha256};

use crate::receive::Access;

/// What an agent needs to be believed, and to know whom to believe. Clones share it.
#[derive(Clone)]
pub struct AgentTrust {
    /// The agent's certificate; none on loopback or without encryption.
    pub certificate: Option<Arc<Certificate>>,
    /// Where the certificate of `coral agent join` is stored, which the agent renews; none for
    /// certificates that something else replaces.
    pub renews_in: Option<TrustDir>,
    /// Who may export.
    pub exporters: Access,
    /// The key with which the agent registers at a colony of the same process.
    pub colony_key: Option<String>,
    /// The certificate of a colony in the same process, by whose CA it is known.
    colony: Option<Arc<Certificate>>,
    is_plaintext: bool,
}

/// Why an agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Something would be sent without encryption.
    #[error(transparent)]
    Plaintext(#[from] PlaintextError),
    /// The file with the exporters' token cannot be read.
    #[error("cannot read the token in `{0}`, which `otlp.token_file` names")]
    Token(PathBuf, #[source] std::io::Error),
    /// A setting needs a certificate.
    #[error(
        "`{0}` needs a certificate: run `coral agent join`, or set `tls.cert`, `tls.key` and `tls.ca`"
    )]
    NoCertificate(&'static str),
}

/// Shortest token of exporters, in bytes.
const MIN_TOKEN_BYTES: usize = 16;

impl AgentTrust {
    /// The trust of the agent with this configuration. Blocks.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn open(config: &AgentConfig) -> Result<Self, TrustError> {
        let transport = &config.transport;
        let certificate = Certificate::of_agent(transport, &config.data_dir)?;
        let is_plaintext = transport.is_plaintext;
        let has_tls = certificate.is_some() || is_plaintext;
        refuse_plaintext("agent.listen", config.listen, has_tls)?;
        if let Some(colony) = &config.colony {
            certificate::refuse_plaintext_url("agent.colony", colony, is_plaintext)?;
            if colony.starts_with("https://") && certificate.is_none() {
                return Err(TrustError::NoCertificate("agent.colony"));
            }
        }
        let exporters = exporters(config, certificate.as_deref())?;
        let renews_in = transport.files.is_none() && certificate.is_some();
        let renews_in = renews_in.then(|| TrustDir::of(&config.data_dir));
        Ok(Self { certificate, renews_in, exporters, colony_key: None, colony: None, is_plaintext })
    }

    /// Notes that the colony is in this process, and has `certificate`.
    pub fn knows_colony(&mut self, certificate: &Arc<Certificate>) {
        self.colony = Some(certificate.clone());
    }

    /// How the agent's RPC port is encrypted, as its status says it.
    pub const fn encryption(&self) -> &'static str {
        certificate::encryption(self.certificate.is_some(), self.is_plaintext)
    }

    /// TLS of the agent's RPC port.
    pub fn tls(&self) -> Option<Tls> {
        self.certificate.as_ref().map(|certificate| certificate.tls.clone())
    }

    /// The guard of the agent's RPC port, which believes `local_key` too; `None` where callers are
    /// not asked who they are, because the port is on loopback.
    pub fn guard(&self, local_key: &str) -> Option<Arc<Guard>> {
        let guard = Guard::new().with_local_key(local_key);
        match (&self.certificate, self.is_plaintext) {
            (Some(_), _) => Some(Arc::new(guard)),
            (None, true) => Some(Arc::new(guard.plaintext())),
            (None, false) => None,
        }
    }

    /// Connects to the colony at `url`.
    pub fn connector(&self, url: &str) -> Connector {
        // A colony may show its own certificate to itself.
        match self.colony.as_ref().or(self.certificate.as_ref()) {
            Some(certificate) if url.starts_with("https://") => {
                Connector::certified(certificate.clone(), Workload::Colony)
            }
            _ => Connector::plain(),
        }
    }

    /// Whether the certificate has to be renewed: because it expires soon, or because the agent does
    /// not know the CA `authority`.
    pub fn is_renewal_due(&self, authority: &[u8]) -> bool {
        let Some(certificate) = self.certificate.as_ref().filter(|_| self.renews_in.is_some())
        else {
            return false;
        };
        let holder = certificate.holder();
        let knows = || {
            let material = certificate.material();
            material.roots.iter().any(|root| Fingerprint::of(root).0 == authority)
        };
        holder.is_none_or(|holder| is_due(&holder, clock::now()))
            || (!authority.is_empty() && !knows())
    }
}

/// Who may export by `config`.
fn exporters(
    config: &AgentConfig,
    certificate: Option<&Certificate>,
) -> Result<Access, TrustError> {
    let (otlp, is_plaintext) = (&config.otlp, config.transport.is_plaintext);
    let addresses = [("otlp.grpc", config.otlp_grpc), ("otlp.http", config.otlp_http)];
    let is_remote = addresses.iter().any(|(_, address)| !address.ip().is_loopback());
    let wants_tls = otlp.tls.unwrap_or(is_remote && !is_plaintext);
    let tls = certificate.filter(|_| wants_tls).map(|certificate| certificate.tls.clone());
    for (key, address) in addresses {
        refuse_plaintext(key, address, tls.is_some() || is_plaintext)?;
    }
    if tls.is_none() && otlp.tls == Some(true) {
        return Err(TrustError::NoCertificate("otlp.tls"));
    }
    if tls.is_none() && otlp.needs_certificate {
        return Err(TrustError::NoCertificate("otlp.client_certificates"));
    }
    let token = otlp.token_file.as_ref().map(|path| {
        let failed = |error| TrustError::Token(path.clone(), error);
        let text = std::fs::read_to_string(path).map_err(failed)?;
        match text.trim() {
            short if short.len() < MIN_TOKEN_BYTES => {
                let reason = format!("it is shorter than {MIN_TOKEN_BYTES} bytes");
                Err(failed(std::io::Error::other(reason)))
            }
            token => Ok(SecretHash(Sha256::digest(token).into())),
        }
    });
    let sites = AllowedHosts::of_this_host(&config.allowed_hosts, "agent.allowed_hosts");
    let needs_certificate = otlp.needs_certificate;
    Ok(Access { tls, token: token.transpose()?, needs_certificate, sites })
}
