//! TLS of a port: the certificate can be replaced while the port is open.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use coral_trust::material::{Holder, Material};
use coral_trust::tls::{self, ChainAndKey};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Longest time of a handshake. A peer that begins one and goes on slowly holds a connection for no
/// longer than this.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The TLS configuration of a port. Clones share it.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

impl Tls {
    /// TLS with the certificate of `material`, and that of `public` for browsers.
    ///
    /// # Errors
    /// [`rustls::Error`] when key and certificate do not fit.
    pub fn new(material: Material, public: Option<ChainAndKey>) -> Result<Self, rustls::Error> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(tls::server(material, public)?)))))
    }

    /// Uses these certificates for connections from now on.
    ///
    /// # Errors
    /// [`rustls::Error`] when key and certificate do not fit: nothing changes.
    pub fn replace(
        &self,
        material: Material,
        public: Option<ChainAndKey>,
    ) -> Result<(), rustls::Error> {
        let config = Arc::new(tls::server(material, public)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Shakes hands. Returns the stream, and the holder of the certificate if the peer showed one; an
    /// inner `None` is a certificate without an identity of Coral.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<(TlsStream<S>, Option<Option<Arc<Holder>>>)> {
        let config = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let accepted = TlsAcceptor::from(config).accept(stream);
        let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, accepted).await??;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let holder = shown.map(|certificate| Holder::of(certificate).map(Arc::new));
        Ok((stream, holder))
    }
}
