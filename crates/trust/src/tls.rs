//! rustls configurations that check who a peer is by its SPIFFE id. TLS 1.3 only.
//!
//! An agent is reached by whatever address it has, so names of hosts prove nothing: the CA signs who
//! somebody is, and that is what is compared.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

use crate::authority::Fingerprint;
use crate::material::{Holder, Material};
use crate::workload::Workload;

/// Protocols over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// By what a client knows its server.
#[derive(Clone, Debug)]
pub enum Anchor {
    /// One of these CAs signed the server's certificate.
    Roots(Vec<CertificateDer<'static>>),
    /// The server sends the CA with this fingerprint, and it signed the server's certificate.
    Pinned(Fingerprint),
}

/// The name that clients ask for which compare identities. A server may show another certificate to
/// everybody else.
const IDENTITY_NAME: &str = "identity.coral.internal";

/// A certificate chain and its key.
pub type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The name for which clients ask that compare identities and not names.
pub fn identity_name() -> ServerName<'static> {
    ServerName::try_from(IDENTITY_NAME).expect("the name is valid")
}

/// A server that shows the certificate of `material`; to browsers, which ask for another name, it
/// shows that of `public`, if there is one. A client may show one that a CA of `material` signed; one
/// that shows another is refused, one that shows none is nobody.
///
/// # Errors
/// [`Error`] when key and certificate do not fit, or when a CA cannot be read.
pub fn server(material: Material, public: Option<ChainAndKey>) -> Result<ServerConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = Arc::new(root_store(&material.roots)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
        .allow_unauthenticated()
        // The names of CAs tell a stranger nothing that it needs.
        .clear_root_hint_subjects()
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let own = CertifiedKey::from_der(material.chain, material.key, &provider)?;
    let public = public
        .map(|(chain, key)| CertifiedKey::from_der(chain, key, &provider).map(Arc::new))
        .transpose()?;
    let by_name = ByName { own: Arc::new(own), public };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(by_name));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// A client that accepts only the server `expected`, known by `anchor`, and shows the certificate of
/// `own`, if there is one.
///
/// # Errors
/// [`Error`] when key and certificate do not fit, or when a CA cannot be read.
pub fn client(
    own: Option<Material>,
    anchor: Anchor,
    expected: Workload,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = IdentityVerifier { anchor, expected, provider: provider.clone() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match own {
        Some(own) => config.with_client_auth_cert(own.chain, own.key),
        None => Ok(config.with_no_client_auth()),
    }
}

/// Checks that `material` is that of `expected`: that its key is the certificate's, and that one of
/// its CAs signed the certificate, which is valid now.
///
/// # Errors
/// [`Error`] says what is wrong.
pub fn check(material: Material, expected: Workload) -> Result<(), Error> {
    let provider = Arc::new(ring::default_provider());
    let anchor = Anchor::Roots(material.roots.clone());
    let verifier = IdentityVerifier { anchor, expected, provider };
    let (own, others) = material.chain.split_first().ok_or(Error::NoCertificatesPresented)?;
    let name = ServerName::IpAddress(std::net::Ipv4Addr::LOCALHOST.into());
    verifier.verify_server_cert(own, others, &name, &[], UnixTime::now())?;
    server(material, None).map(drop)
}

fn root_store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone())?;
    }
    Ok(store)
}

/// Chooses the certificate by the name for which a client asks.
#[derive(Debug)]
struct ByName {
    own: Arc<CertifiedKey>,
    public: Option<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let public = self.public.as_ref().filter(|_| hello.server_name() != Some(IDENTITY_NAME));
        Some(public.unwrap_or(&self.own).clone())
    }
}

/// Accepts a server's certificate if a CA of `anchor` signed it for `expected`.
#[derive(Debug)]
struct IdentityVerifier {
    anchor: Anchor,
    expected: Workload,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for IdentityVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let roots = match &self.anchor {
            Anchor::Roots(roots) => root_store(roots)?,
            Anchor::Pinned(pin) => {
                let pinned = intermediates.iter().find(|sent| Fingerprint::of(sent) == *pin);
                let pinned =
                    pinned.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
                root_store(&[pinned.clone().into_owned()])?
            }
        };
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, intermediates, now, algorithms)?;
        match Holder::of(end_entity) {
            Some(holder) if holder.workload == self.expected => Ok(ServerCertVerified::assertion()),
            Some(holder) => Err(Error::General(format!(
                "the certificate is that of {}, and not of {}",
                holder.workload, self.expected
            ))),
            None => Err(Error::General(format!(
                "the certificate does not say that it is that of {}",
                self.expected
            ))),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
