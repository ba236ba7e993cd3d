//! The certificate, key and CAs of one process, as PEM files.

use std::io;
use std::path::{Path, PathBuf};

use coral_trace::UnixNanos;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::authority::{certificates, pem};
use crate::directory::TrustDir;
use crate::secret::hex;
use crate::tls;
use crate::tls::ChainAndKey;
use crate::workload::{AgentName, Workload};

/// The files that `coral agent join` writes into the directory of trust.
const CERTIFICATE: &str = "agent.crt";
const KEY: &str = "agent.key";
const ROOTS: &str = "agent-ca.crt";
/// Longest chain, and longest list of CAs, that an agent takes from a colony.
const MAX_BYTES: usize = 64 * 1024;

/// The certificate and key that a process shows, and the CAs that it trusts.
#[derive(Debug)]
pub struct Material {
    /// The certificate, and those that lead from it to a CA.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key.
    pub key: PrivateKeyDer<'static>,
    /// The CAs.
    pub roots: Vec<CertificateDer<'static>>,
}

/// What a certificate says of its holder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The identity.
    pub workload: Workload,
    /// The serial number, in hex.
    pub serial: String,
    /// When the certificate expires.
    pub expires: UnixNanos,
    /// When the certificate began to be valid.
    pub begins: UnixNanos,
}

/// Three PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MaterialFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The CAs that are trusted.
    pub authority: PathBuf,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// A file cannot be read.
    #[error("cannot read `{0}`")]
    Read(PathBuf, #[source] io::Error),
    /// A file has not what it should have.
    #[error("`{0}` has no {1} in PEM")]
    Empty(PathBuf, &'static str),
    /// The certificate has no identity of Coral.
    #[error(
        "`{0}`: the certificate has no URI `spiffe://coral/colony` or `spiffe://coral/agent/NAME`"
    )]
    NoIdentity(PathBuf),
    /// A key or request cannot be made.
    #[error("cannot make a key")]
    Key(#[from] rcgen::Error),
    /// What was sent is no certificate for this agent and its key.
    #[error("the certificate cannot be used")]
    Unusable(#[source] rustls::Error),
    /// What was sent is longer than any certificate.
    #[error("the certificate or its authorities are too long")]
    TooLong,
    /// A file cannot be written.
    #[error("cannot write the certificate")]
    Write(#[source] io::Error),
}

impl MaterialFiles {
    /// The files that [`store_agent`] writes.
    pub fn of_agent(dir: &TrustDir) -> Self {
        let [certificate, key, authority] = [CERTIFICATE, KEY, ROOTS].map(|name| dir.path(name));
        Self { certificate, key, authority }
    }

    /// Reads the three files.
    ///
    /// # Errors
    /// [`MaterialError`] names the file.
    pub fn read(&self) -> Result<Material, MaterialError> {
        let text = |path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|error| MaterialError::Read(path.clone(), error))
        };
        let many = |path: &PathBuf, what| match certificates(&text(path)?) {
            none if none.is_empty() => Err(MaterialError::Empty(path.clone(), what)),
            some => Ok(some),
        };
        let chain = many(&self.certificate, "certificate")?;
        let roots = many(&self.authority, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(text(&self.key)?.as_bytes())
            .map_err(|_| MaterialError::Empty(self.key.clone(), "private key"))?;
        if Holder::of(&chain[0]).is_none() {
            return Err(MaterialError::NoIdentity(self.certificate.clone()));
        }
        Ok(Material { chain, key, roots })
    }

    /// Changes whenever one of the files is replaced or written.
    pub fn version(&self) -> Vec<Option<std::time::SystemTime>> {
        let files = [&self.certificate, &self.key, &self.authority];
        files.map(|file| std::fs::metadata(file).and_then(|file| file.modified()).ok()).to_vec()
    }
}

/// The certificate chain and the key in two PEM files, for browsers: no identity is needed.
///
/// # Errors
/// [`MaterialError`] names the file.
pub fn read_public(certificate: &Path, key: &Path) -> Result<ChainAndKey, MaterialError> {
    let text = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| MaterialError::Read(path.to_owned(), error))
    };
    let chain = certificates(&text(certificate)?);
    if chain.is_empty() {
        return Err(MaterialError::Empty(certificate.to_owned(), "certificate"));
    }
    let key_der = PrivateKeyDer::from_pem_slice(text(key)?.as_bytes())
        .map_err(|_| MaterialError::Empty(key.to_owned(), "private key"))?;
    Ok((chain, key_der))
}

/// The certificate authorities in a PEM file.
///
/// # Errors
/// [`MaterialError`] names the file.
pub fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| MaterialError::Read(path.to_owned(), error))?;
    match certificates(&text) {
        none if none.is_empty() => Err(MaterialError::Empty(path.to_owned(), "certificate")),
        some => Ok(some),
    }
}

impl Material {
    /// What the certificate says of its holder.
    pub fn holder(&self) -> Option<Holder> {
        self.chain.first().and_then(Holder::of)
    }
}

impl Holder {
    /// What `certificate` says; `None` unless it has exactly one URI, and that is an identity of
    /// Coral.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(certificate).ok()?;
        let names = parsed.subject_alternative_name().ok()??;
        let mut uris = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
        let (Some(uri), None) = (uris.next(), uris.next()) else { return None };
        let workload = Workload::of_uri(uri)?;
        let serial = hex(parsed.raw_serial());
        let validity = parsed.validity();
        let at = |time: x509_parser::time::ASN1Time| UnixNanos::from_secs(time.timestamp());
        Some(Self {
            workload,
            serial,
            expires: at(validity.not_after),
            begins: at(validity.not_before),
        })
    }
}

/// A new key in PEM, and a certificate request for it in DER.
///
/// # Errors
/// [`MaterialError::Key`].
pub fn new_request() -> Result<(String, Vec<u8>), MaterialError> {
    let key = KeyPair::generate()?;
    let request = CertificateParams::default().serialize_request(&key)?;
    Ok((key.serialize_pem(), request.der().to_vec()))
}

/// Checks that `chain` is a certificate of `agent` for the key `key_pem`, and that a CA of `roots_pem`
/// signed it: an agent with anything else could not start again.
///
/// # Errors
/// [`MaterialError::Unusable`] and [`MaterialError::TooLong`].
pub fn check_agent(
    agent: &AgentName,
    key_pem: &str,
    chain: &[CertificateDer<'static>],
    roots_pem: &str,
) -> Result<(), MaterialError> {
    let long = chain.iter().map(|certificate| certificate.len()).sum::<usize>();
    if long.max(roots_pem.len()) > MAX_BYTES {
        return Err(MaterialError::TooLong);
    }
    let no_key = |_| MaterialError::Unusable(rustls::Error::General("the key is none".to_owned()));
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(no_key)?;
    let material = Material { chain: chain.to_vec(), key, roots: certificates(roots_pem) };
    tls::check(material, Workload::Agent(agent.clone())).map_err(MaterialError::Unusable)
}

/// Writes the agent's key, certificate chain and CAs. The certificate comes last, so that a reader
/// that waits for it finds all three.
///
/// # Errors
/// [`MaterialError::Write`].
pub fn store_agent(
    dir: &TrustDir,
    key_pem: &str,
    chain: &[CertificateDer<'_>],
    roots_pem: &str,
) -> Result<(), MaterialError> {
    let chain: String = chain.iter().map(|certificate| pem(certificate)).collect();
    let _locked = dir.lock().map_err(MaterialError::Write)?;
    for (name, text) in [(ROOTS, roots_pem), (KEY, key_pem), (CERTIFICATE, &chain)] {
        dir.replace(name, text.as_bytes()).map_err(MaterialError::Write)?;
    }
    Ok(())
}
