//! Connections to other processes: over TCP, or over TLS to a known identity or host.

use std::future::Future;
use std::io;
use std::net::Ipv6Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use coral_trust::tls::{Belief, identity_name};
use coral_trust::workload::Workload;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificate::Certificate;

/// Opens connections for [`tonic`'s](https://docs.rs/tonic) endpoints.
#[derive(Clone)]
pub struct Connector(Way);

#[derive(Clone)]
enum Way {
    Plain,
    /// With the certificate of this process, as it is at the time of the connection.
    Certified(Arc<Certificate>, Workload, Option<Belief>),
    Configured(Arc<ClientConfig>),
    /// To a server that is known by the name of its host.
    Named(Arc<ClientConfig>),
}

/// A connection, with or without TLS.
pub enum Connection {
    /// Without TLS.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connector {
    /// Connections without TLS.
    pub const fn plain() -> Self {
        Self(Way::Plain)
    }

    /// Connections over TLS to `expected`, which show `certificate`.
    pub const fn certified(certificate: Arc<Certificate>, expected: Workload) -> Self {
        Self(Way::Certified(certificate, expected, None))
    }

    /// The same, to a server that `belief` accepts too.
    pub const fn certified_if(
        certificate: Arc<Certificate>,
        expected: Workload,
        belief: Belief,
    ) -> Self {
        Self(Way::Certified(certificate, expected, Some(belief)))
    }

    /// Connections over TLS with `config`.
    pub const fn configured(config: Arc<ClientConfig>) -> Self {
        Self(Way::Configured(config))
    }

    /// Connections over TLS with `config` to a server that is known by the name of its host.
    pub const fn named(config: Arc<ClientConfig>) -> Self {
        Self(Way::Named(config))
    }

    /// A connection to the host and port of `uri`.
    ///
    /// # Errors
    /// The operating system's error, or that of TLS.
    pub async fn connect(self, uri: Uri) -> io::Result<TokioIo<Connection>> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().ok_or_else(|| io::Error::other("the URL has no port"))?;
        let config = match self.0 {
            Way::Plain => None,
            Way::Certified(certificate, expected, belief) => {
                let config = certificate.client(expected, belief).map_err(io::Error::other)?;
                Some((Arc::new(config), identity_name()))
            }
            Way::Configured(config) => Some((config, identity_name())),
            Way::Named(config) => {
                let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                Some((config, name))
            }
        };
        let stream = match host.parse::<Ipv6Addr>() {
            Ok(address) => TcpStream::connect((address, port)).await?,
            Err(_) => TcpStream::connect((host, port)).await?,
        };
        stream.set_nodelay(true)?;
        let Some((config, name)) = config else {
            return Ok(TokioIo::new(Connection::Plain(stream)));
        };
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(TokioIo::new(Connection::Tls(Box::new(stream))))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Connection>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Connection>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// `url` with the scheme `http`, which gRPC's client wants where the connection itself has TLS.
pub fn over_connector(url: &str) -> String {
    url.replacen("https://", "http://", 1)
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
