//! The other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use coral_trust::material::Holder;

/// Who a connection is from, as far as the connection says it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The network address.
    pub address: SocketAddr,
    /// The holder of the certificate that the peer showed, which a CA of this process signed; `None`
    /// without TLS, if the peer showed none, or if the certificate has no identity of Coral.
    pub certificate: Option<Arc<Holder>>,
    /// Whether the peer showed a certificate that a CA of this process signed.
    pub is_certified: bool,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
}

impl Peer {
    /// A peer without TLS.
    pub const fn unencrypted(address: SocketAddr) -> Self {
        Self { address, certificate: None, is_certified: false, is_encrypted: false }
    }
}
