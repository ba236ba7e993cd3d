//! The certificate authority (CA) of a colony: it issues certificates of 30 days, and can be rotated
//! without a gap.
//!
//! A rotation makes a new key, and a cross certificate: the new CA signed by the old one. Whoever
//! trusts only the old CA then follows the chain over the cross certificate. Agents are sent both
//! CAs when they renew.

use std::io;

use coral_trace::UnixNanos;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
    SigningKey as _,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use x509_parser::parse_x509_certificate;

use crate::directory::{Locked, TrustDir};
use crate::secret::hex;
use crate::workload::Workload;

/// Key of the CA, its certificate, the cross certificate, and every CA that is trusted.
const KEY: &str = "ca.key";
const CERTIFICATE: &str = "ca.crt";
const CROSS: &str = "ca-cross.crt";
const ROOTS: &str = "ca-roots.crt";

const DAY: i64 = 24 * 3_600;
/// How long a CA is valid, and how long a certificate is.
const AUTHORITY_SECONDS: i64 = 3_653 * DAY;
/// How long the certificate of an agent or of a colony is valid.
pub const LEAF_SECONDS: i64 = 30 * DAY;
/// A certificate begins to be valid a little before it is issued, for hosts whose clock is behind.
const CLOCK_SKEW_SECONDS: i64 = 600;
/// Longest certificate request that is read.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// What comes before every message that the CA signs, so that no such signature is one of a certificate.
const SIGNED: &[u8] = b"coral signed message v1\0";

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// The CA's certificate as the CA before it signed it; none before the first rotation.
    cross: Option<CertificateDer<'static>>,
    /// The CAs that are trusted: this one, and those before it that are still valid.
    roots: Vec<CertificateDer<'static>>,
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// A certificate that was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, and those by which a peer gets to a CA that it trusts.
    pub chain: Vec<CertificateDer<'static>>,
    /// The serial number in hex.
    pub serial: String,
    /// When the certificate expires.
    pub expires: UnixNanos,
}

/// Why a CA cannot be used, or does not sign.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The directory has no CA.
    #[error("`{0}` has no certificate authority")]
    None(String),
    /// The directory has a CA already.
    #[error("`{0}` has a certificate authority already")]
    Exists(String),
    /// A file cannot be read or written.
    #[error("cannot use the certificate authority's files")]
    Io(#[from] io::Error),
    /// A file has no key or certificate in it.
    #[error("`{0}` is not what the certificate authority wrote")]
    Damaged(&'static str),
    /// A certificate request is not valid.
    #[error("the certificate request is not valid: {0}")]
    Request(String),
    /// The library could not sign.
    #[error("the certificate authority cannot sign")]
    Sign(#[from] rcgen::Error),
}

impl Authority {
    /// Makes a CA in `dir`.
    ///
    /// # Errors
    /// [`AuthorityError::Exists`] if there is one, and the errors of files.
    pub fn create(dir: &TrustDir, now: UnixNanos) -> Result<Self, AuthorityError> {
        let _locked = dir.lock()?;
        if dir.read(KEY)?.is_some() {
            return Err(AuthorityError::Exists(dir.path("").display().to_string()));
        }
        let (params, key) = new_authority(now)?;
        let certificate = params.self_signed(&key)?;
        dir.replace(ROOTS, certificate.pem().as_bytes())?;
        dir.replace(CERTIFICATE, certificate.pem().as_bytes())?;
        // The key comes last: a directory with a key is whole.
        dir.replace(KEY, key.serialize_pem().as_bytes())?;
        Self::read(dir, &_locked)
    }

    /// The CA in `dir`.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn load(dir: &TrustDir) -> Result<Self, AuthorityError> {
        if dir.version(KEY).is_none() {
            return Err(AuthorityError::None(dir.path("").display().to_string()));
        }
        let locked = dir.lock()?;
        Self::read(dir, &locked)
    }

    fn read(dir: &TrustDir, _locked: &Locked) -> Result<Self, AuthorityError> {
        let text = |name: &'static str| -> Result<Option<String>, AuthorityError> {
            let bytes = dir.read(name)?;
            bytes
                .map(|bytes| String::from_utf8(bytes).map_err(|_| AuthorityError::Damaged(name)))
                .transpose()
        };
        let none = || AuthorityError::None(dir.path("").display().to_string());
        let key = KeyPair::from_pem(&text(KEY)?.ok_or_else(none)?)
            .map_err(|_| AuthorityError::Damaged(KEY))?;
        let certificate = text(CERTIFICATE)?.ok_or_else(none)?;
        let certificate =
            certificates(&certificate).pop().ok_or(AuthorityError::Damaged(CERTIFICATE))?;
        let roots = certificates(&text(ROOTS)?.unwrap_or_default());
        // The key is replaced last: after a crash in a rotation it is still that of the CA before.
        let is_of_key =
            |certificate: &CertificateDer<'_>| public_key(certificate) == key.public_key_raw();
        let certificate = match is_of_key(&certificate) {
            true => Some(&certificate).filter(|certificate| roots.contains(certificate)),
            false => roots.iter().find(|root| is_of_key(root)),
        };
        let certificate = certificate.ok_or(AuthorityError::Damaged(ROOTS))?.clone();
        let cross =
            text(CROSS)?.and_then(|pem| certificates(&pem).pop()).filter(|it| is_of_key(it));
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { issuer, certificate, cross, roots })
    }

    /// Changes whenever the CA is rotated.
    pub fn version(dir: &TrustDir) -> Option<[i64; 4]> {
        dir.version(KEY)
    }

    /// Replaces the CA by a new one that the old one signed. Certificates of the old one stay valid.
    ///
    /// # Errors
    /// [`AuthorityError`]: the old CA stays.
    pub fn rotate(dir: &TrustDir, now: UnixNanos) -> Result<Self, AuthorityError> {
        let locked = dir.lock()?;
        let old = Self::read(dir, &locked)?;
        let (params, key) = new_authority(now)?;
        let certificate = params.self_signed(&key)?;
        let mut crossed = params.clone();
        crossed.serial_number = Some(random_serial()?);
        crossed.not_after = expiry(&old.certificate).min(params.not_after);
        let cross = crossed.signed_by(&key, &old.issuer)?;
        let valid = old.roots.iter().filter(|root| expiry(root) > moment(now));
        let roots = valid.fold(certificate.pem(), |roots, root| roots + &pem(root));
        dir.replace(ROOTS, roots.as_bytes())?;
        dir.replace(CROSS, cross.pem().as_bytes())?;
        dir.replace(CERTIFICATE, certificate.pem().as_bytes())?;
        dir.replace(KEY, key.serialize_pem().as_bytes())?;
        Self::read(dir, &locked)
    }

    /// The fingerprint of the CA's certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// The CAs that are trusted, as PEM.
    pub fn roots_pem(&self) -> String {
        self.roots.iter().map(|root| pem(root)).collect()
    }

    /// The CAs that are trusted.
    pub fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    /// A certificate for the agent or colony `workload` with the public key of `request`, a PKCS #10
    /// request in DER. Everything else in the request is ignored: the CA decides what it signs.
    ///
    /// # Errors
    /// [`AuthorityError::Request`] when the request is not valid or its signature is wrong.
    pub fn issue(
        &self,
        workload: &Workload,
        request: &[u8],
        now: UnixNanos,
    ) -> Result<Issued, AuthorityError> {
        if request.len() > MAX_REQUEST_BYTES {
            return Err(AuthorityError::Request(format!(
                "it is longer than {MAX_REQUEST_BYTES} bytes"
            )));
        }
        let request = CertificateSigningRequestDer::from(request);
        let request = CertificateSigningRequestParams::from_der(&request)
            .map_err(|error| AuthorityError::Request(error.to_string()))?;
        let params = leaf(workload, &[], now)?;
        let certificate = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(self.issued(certificate.der().clone(), &params))
    }

    /// A certificate with a key of its own for the colony itself, which is reached by `names`: DNS
    /// names and IP addresses.
    ///
    /// # Errors
    /// [`AuthorityError::Sign`] when a name is not valid.
    pub fn issue_colony(
        &self,
        names: &[String],
        now: UnixNanos,
    ) -> Result<(Issued, KeyPair), AuthorityError> {
        let key = KeyPair::generate()?;
        let params = leaf(&Workload::Colony, names, now)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((self.issued(certificate.der().clone(), &params), key))
    }

    /// The CA's signature of `message`.
    ///
    /// # Errors
    /// [`AuthorityError::Sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        Ok(self.issuer.key().sign(&[SIGNED, message].concat())?)
    }

    fn issued(&self, leaf: CertificateDer<'static>, params: &CertificateParams) -> Issued {
        let serial = params.serial_number.as_ref().map(|serial| hex(serial.as_ref()));
        let expires = UnixNanos::from_secs(params.not_after.unix_timestamp());
        let mut chain = vec![leaf];
        chain.extend(self.cross.clone());
        // A host that joins finds the CA whose fingerprint it knows in the chain.
        chain.extend(self.roots.iter().cloned());
        Issued { chain, serial: serial.unwrap_or_default(), expires }
    }
}

impl Fingerprint {
    /// The fingerprint of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("sha256:").and_then(crate::secret::unhex);
        digits.map(Self).ok_or_else(|| {
            format!("`{text}` is not a fingerprint: write `sha256:` and 64 hex digits, as `coral colony ca show` prints it")
        })
    }
}

/// Whether `signature` is that of one of `roots` over `message`.
pub fn is_signed_by(roots: &[CertificateDer<'_>], message: &[u8], signature: &[u8]) -> bool {
    let message = [SIGNED, message].concat();
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    roots.iter().any(|root| {
        let Ok((_, root)) = parse_x509_certificate(root) else { return false };
        let key = &root.public_key().subject_public_key.data;
        algorithms
            .iter()
            .any(|algorithm| algorithm.verify_signature(key, &message, signature).is_ok())
    })
}

/// The certificates in a PEM text.
pub fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect()
}

/// A certificate in PEM.
pub fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

fn new_authority(now: UnixNanos) -> Result<(CertificateParams, KeyPair), AuthorityError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Each CA has a name of its own: a chain is found by names.
    let serial = random_serial()?;
    params.distinguished_name.push(DnType::OrganizationName, "Coral");
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Coral CA {}", hex(&serial.as_ref()[..4])));
    params.serial_number = Some(serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_SECONDS);
    Ok((params, key))
}

fn leaf(
    workload: &Workload,
    names: &[String],
    now: UnixNanos,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.subject_alt_names.push(SanType::URI(workload.uri().try_into()?));
    params.distinguished_name = DistinguishedName::new();
    let name = match workload {
        Workload::Colony => "colony".to_owned(),
        Workload::Agent(name) => name.to_string(),
    };
    params.distinguished_name.push(DnType::OrganizationName, "Coral");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(random_serial()?);
    (params.not_before, params.not_after) = validity(now, LEAF_SECONDS);
    Ok(params)
}

fn random_serial() -> Result<SerialNumber, AuthorityError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    // A serial number is positive, and its first byte is not zero.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn validity(now: UnixNanos, seconds: i64) -> (OffsetDateTime, OffsetDateTime) {
    let now = moment(now);
    (now - time::Duration::seconds(CLOCK_SKEW_SECONDS), now + time::Duration::seconds(seconds))
}

fn moment(now: UnixNanos) -> OffsetDateTime {
    let seconds = i64::try_from(now.0 / 1_000_000_000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The public key of a certificate; empty if it cannot be read.
fn public_key(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let parsed = parse_x509_certificate(certificate);
    parsed.map_or_else(|_| Vec::new(), |(_, it)| it.public_key().subject_public_key.data.to_vec())
}

/// When a certificate expires; the epoch if it cannot be read.
fn expiry(certificate: &CertificateDer<'_>) -> OffsetDateTime {
    let parsed = parse_x509_certificate(certificate);
    parsed
        .map_or(OffsetDateTime::UNIX_EPOCH, |(_, parsed)| parsed.validity().not_after.to_datetime())
}
