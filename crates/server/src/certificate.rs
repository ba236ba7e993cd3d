//! The certificate of this process: where it comes from, and how it is replaced while the process
//! runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use coral_config::TransportConfig;
use coral_trace::{UnixNanos, chain};
use coral_trust::authority::{Authority, AuthorityError};
use coral_trust::directory::TrustDir;
use coral_trust::material::{self, Holder, Material, MaterialError, MaterialFiles};
use coral_trust::tls::{self, Anchor, ChainAndKey};
use coral_trust::workload::Workload;
use rustls::ClientConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::listen::tls::Tls;

/// How often files are looked at. A replaced certificate is in use after this time.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// The certificate of this process.
pub struct Certificate {
    source: Source,
    /// Files of a certificate for browsers, and of its key.
    public: Option<(PathBuf, PathBuf)>,
    /// TLS of the ports that show the certificate.
    pub tls: Tls,
    current: RwLock<Current>,
}

/// Where a certificate comes from.
enum Source {
    /// Three files, which something else replaces.
    Files(MaterialFiles),
    /// The CA in this directory issues it, for a colony that is reached by these names.
    Authority(TrustDir, Vec<String>),
}

struct Current {
    version: Version,
    /// When the files for browsers were changed.
    public_version: [Option<SystemTime>; 2],
    material: Arc<Material>,
}

/// What changes when the source has another certificate.
#[derive(Clone, PartialEq, Eq)]
enum Version {
    Files(Vec<Option<SystemTime>>),
    Authority(Option<[i64; 4]>),
}

/// Why a process has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The files cannot be used.
    #[error("cannot use the certificate")]
    Files(#[from] MaterialError),
    /// The CA cannot be used.
    #[error("cannot use the colony's certificate authority")]
    Authority(#[from] AuthorityError),
    /// Key and certificate do not fit.
    #[error("cannot use the certificate")]
    Tls(#[from] rustls::Error),
    /// The certificate is for the other role.
    #[error("the certificate is that of {found}, and not of {wanted}")]
    OtherRole {
        /// Whose certificate it is.
        found: String,
        /// Whose it should be.
        wanted: &'static str,
    },
}

impl Certificate {
    /// The certificate of an agent: that of `transport`, else the one that `coral agent join` stored
    /// under `data_dir`; `None` if there is neither. Blocks.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn of_agent(
        transport: &TransportConfig,
        data_dir: &Path,
    ) -> Result<Option<Arc<Self>>, CertificateError> {
        let joined = MaterialFiles::of_agent(&TrustDir::of(data_dir));
        let source = match configured(transport) {
            Some(files) => Source::Files(files),
            None if joined.certificate.exists() => Source::Files(joined),
            None => return Ok(None),
        };
        let certificate = Self::new(source, None)?;
        match certificate.holder().map(|holder| holder.workload) {
            Some(Workload::Agent(_)) => Ok(Some(Arc::new(certificate))),
            other => Err(other_role(other.as_ref(), "an agent")),
        }
    }

    /// The certificate of a colony: that of `transport`, else one that the CA under `data_dir`
    /// issues for `names`; `None` if there is neither. Browsers get the certificate in the files
    /// `public`, if they are given. Blocks.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn of_colony(
        transport: &TransportConfig,
        data_dir: &Path,
        names: Vec<String>,
        public: Option<(PathBuf, PathBuf)>,
    ) -> Result<Option<Arc<Self>>, CertificateError> {
        let dir = TrustDir::of(data_dir);
        let source = match configured(transport) {
            Some(files) => Source::Files(files),
            None if Authority::version(&dir).is_some() => Source::Authority(dir, names),
            None => return Ok(None),
        };
        let certificate = Self::new(source, public)?;
        match certificate.holder().map(|holder| holder.workload) {
            Some(Workload::Colony) => Ok(Some(Arc::new(certificate))),
            other => Err(other_role(other.as_ref(), "a colony")),
        }
    }

    fn new(source: Source, public: Option<(PathBuf, PathBuf)>) -> Result<Self, CertificateError> {
        let (version, public_version) = (source.version(), public_version(public.as_ref()));
        let material = source.read()?;
        let tls = Tls::new(copy(&material), read_public(public.as_ref())?)?;
        let material = Arc::new(material);
        let current = RwLock::new(Current { version, public_version, material });
        Ok(Self { source, public, tls, current })
    }

    /// Replaces the certificate whenever its source has another, until `stop` is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_INTERVAL)).await.is_some() {
            let certificate = self.clone();
            let refreshed = tokio::task::spawn_blocking(move || certificate.refresh());
            match refreshed.await {
                Ok(Ok(true)) => tracing::info!("the certificate was replaced"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    let error = chain(&error);
                    tracing::warn!(
                        error,
                        "the certificate was not replaced; the last one stays in use"
                    );
                }
                Err(panic) => tracing::error!(%panic, "replacing the certificate panicked"),
            }
        }
    }

    /// Replaces the certificate if its source has another. Returns whether it had. Blocks.
    ///
    /// # Errors
    /// [`CertificateError`]: the last certificate stays in use.
    pub fn refresh(&self) -> Result<bool, CertificateError> {
        let version = self.source.version();
        let is_issued_here = matches!(self.source, Source::Authority(..));
        let is_due =
            is_issued_here && self.holder().is_none_or(|holder| is_due(&holder, clock::now()));
        let public_version = public_version(self.public.as_ref());
        let is_same = {
            let current = self.read();
            version == current.version && public_version == current.public_version
        };
        if is_same && !is_due {
            return Ok(false);
        }
        let material = self.source.read()?;
        self.tls.replace(copy(&material), read_public(self.public.as_ref())?)?;
        let current = Current { version, public_version, material: Arc::new(material) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(true)
    }

    /// What the certificate says of this process.
    pub fn holder(&self) -> Option<Holder> {
        self.read().material.holder()
    }

    /// The certificate as it is now.
    pub fn material(&self) -> Arc<Material> {
        self.read().material.clone()
    }

    /// A TLS client that shows this certificate and accepts only `expected`.
    ///
    /// # Errors
    /// [`rustls::Error`] when a CA cannot be read.
    pub fn client(&self, expected: Workload) -> Result<ClientConfig, rustls::Error> {
        let material = copy(&self.material());
        let anchor = Anchor::Roots(material.roots.clone());
        tls::client(Some(material), anchor, expected)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn version(&self) -> Version {
        match self {
            Self::Files(files) => Version::Files(files.version()),
            Self::Authority(dir, _) => Version::Authority(Authority::version(dir)),
        }
    }

    fn read(&self) -> Result<Material, CertificateError> {
        match self {
            Self::Files(files) => Ok(files.read()?),
            Self::Authority(dir, names) => {
                let authority = Authority::load(dir)?;
                let (issued, key) = authority.issue_colony(names, clock::now())?;
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
                Ok(Material { chain: issued.chain, key, roots: authority.roots().to_vec() })
            }
        }
    }
}

/// How a port is encrypted, as a status says it.
pub const fn encryption(has_certificate: bool, is_plaintext: bool) -> &'static str {
    match (has_certificate, is_plaintext) {
        (true, _) => "tls",
        (false, true) => "insecure_plaintext",
        (false, false) => "loopback",
    }
}

/// Something would be sent without encryption to where others can read it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{key}` is {value}, which is not on this host, and nothing would be encrypted: {way_out}; or set \
     `insecure_plaintext: true` (or `--insecure-plaintext`), and everybody on the network can read along"
)]
pub struct PlaintextError {
    key: &'static str,
    value: String,
    way_out: &'static str,
}

/// Refuses an address off loopback for `key` if it `has_tls` is false.
///
/// # Errors
/// [`PlaintextError`].
pub fn refuse_plaintext(
    key: &'static str,
    address: SocketAddr,
    has_tls: bool,
) -> Result<(), PlaintextError> {
    let way_out = match key.starts_with("colony.") {
        true => "`coral colony init` makes a certificate authority",
        false => "`coral agent join` gets a certificate from the colony",
    };
    match has_tls || address.ip().is_loopback() {
        true => Ok(()),
        false => Err(PlaintextError { key, value: address.to_string(), way_out }),
    }
}

/// Refuses a URL for `key` that is neither `https` nor on this host, unless `is_plaintext`.
///
/// # Errors
/// [`PlaintextError`].
pub fn refuse_plaintext_url(
    key: &'static str,
    url: &str,
    is_plaintext: bool,
) -> Result<(), PlaintextError> {
    let way_out = "write `https://`, where the other side has a certificate";
    match is_plaintext || coral_config::is_encrypted_or_local(url) {
        true => Ok(()),
        false => Err(PlaintextError { key, value: url.to_owned(), way_out }),
    }
}

/// Whether a certificate has to be renewed: when less than a third of its validity is left.
pub fn is_due(holder: &Holder, now: UnixNanos) -> bool {
    let validity = holder.expires.since(holder.begins);
    holder.expires.since(now) < validity / 3
}

fn read_public(files: Option<&(PathBuf, PathBuf)>) -> Result<Option<ChainAndKey>, MaterialError> {
    files.map(|(certificate, key)| material::read_public(certificate, key)).transpose()
}

fn public_version(files: Option<&(PathBuf, PathBuf)>) -> [Option<SystemTime>; 2] {
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    files.map_or([None; 2], |(certificate, key)| [modified(certificate), modified(key)])
}

fn configured(transport: &TransportConfig) -> Option<MaterialFiles> {
    let files = transport.files.clone()?;
    Some(MaterialFiles { certificate: files.cert, key: files.key, authority: files.ca })
}

fn copy(material: &Material) -> Material {
    let (chain, roots) = (material.chain.clone(), material.roots.clone());
    Material { chain, key: material.key.clone_key(), roots }
}

fn other_role(found: Option<&Workload>, wanted: &'static str) -> CertificateError {
    let found = found.map_or_else(|| "nobody".to_owned(), ToString::to_string);
    CertificateError::OtherRole { found, wanted }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use coral_trust::material::{new_request, store_agent};
    use tempfile::TempDir;

    use super::*;

    /// A directory of an own PKI: a CA, and the files of one agent, as cert-manager writes them.
    struct Pki {
        dir: TempDir,
        authority: Authority,
        transport: TransportConfig,
    }

    impl Pki {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let authority =
                Authority::create(&TrustDir::of(&dir.path().join("ca")), clock::now()).unwrap();
            let files = MaterialFiles::of_agent(&TrustDir::of(dir.path()));
            let files = coral_config::TlsFiles {
                cert: files.certificate,
                key: files.key,
                ca: files.authority,
            };
            let transport = TransportConfig { files: Some(files), is_plaintext: false };
            Self { dir, authority, transport }
        }

        fn issue(&self, workload: &str) {
            let workload = Workload::of_uri(workload).unwrap();
            let (key, request) = new_request().unwrap();
            let issued = self.authority.issue(&workload, &request, clock::now()).unwrap();
            let trust = TrustDir::of(self.dir.path());
            store_agent(&trust, &key, &issued.chain, &self.authority.roots_pem()).unwrap();
        }

        fn agent(&self) -> Result<Option<Arc<Certificate>>, CertificateError> {
            Certificate::of_agent(&self.transport, self.dir.path())
        }
    }

    #[test]
    fn files_of_an_own_pki_are_read_again_when_they_change_and_kept_when_they_are_damaged() {
        let pki = Pki::new();
        assert!(pki.agent().is_err(), "the files are named, so they must exist");
        pki.issue("spiffe://coral/agent/web-1");
        let certificate = pki.agent().unwrap().unwrap();
        let serial = || certificate.holder().unwrap().serial;
        let first = serial();
        assert!(!certificate.refresh().unwrap());
        pki.issue("spiffe://coral/agent/web-1");
        assert!(certificate.refresh().unwrap());
        let second = serial();
        assert_ne!(second, first);
        let cert = &pki.transport.files.as_ref().unwrap().cert;
        std::fs::write(cert, "half a certifi").unwrap();
        assert!(certificate.refresh().is_err());
        assert_eq!(serial(), second, "the last certificate stays in use");
    }

    #[test]
    fn a_certificate_of_the_other_role_is_refused() {
        let pki = Pki::new();
        pki.issue("spiffe://coral/colony");
        let refused = pki.agent().err().unwrap().to_string();
        assert_eq!(refused, "the certificate is that of a colony, and not of an agent");
        assert!(Certificate::of_colony(&pki.transport, pki.dir.path(), vec![], None).is_ok());
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_time_is_left() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
        let begins = UnixNanos::from_secs(1_795_608_000);
        let holder = Holder {
            workload: Workload::Colony,
            serial: String::new(),
            begins,
            expires: begins.later(days(30)),
        };
        assert!(!is_due(&holder, begins.later(days(19))));
        assert!(is_due(&holder, begins.later(days(21))));
        assert!(is_due(&holder, begins.later(days(31))));
    }

    #[test]
    fn an_address_off_loopback_needs_tls() {
        let all = "0.0.0.0:9001".parse().unwrap();
        let error = refuse_plaintext("agent.listen", all, false).unwrap_err().to_string();
        assert!(
            error.contains("`agent.listen` is 0.0.0.0:9001") && error.contains("join"),
            "{error}"
        );
        assert!(refuse_plaintext("agent.listen", all, true).is_ok());
        assert!(refuse_plaintext("agent.listen", "127.0.0.1:1".parse().unwrap(), false).is_ok());
        for (url, is_fine) in [
            ("https://10.0.0.2:9000", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost:9000", true),
            ("http://10.0.0.2:9000", false),
        ] {
            assert_eq!(refuse_plaintext_url("agent.colony", url, false).is_ok(), is_fine, "{url}");
        }
    }
}
