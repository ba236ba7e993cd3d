//! A socket to which the bench connects, with or without TLS.

use std::sync::Arc;

use coral_server::connect::{Connector, over_connector};
use rustls::ClientConfig;
use tonic::transport::{Channel, Endpoint};

use crate::Failure;

/// The URL of a socket, and how connections to it are opened.
#[derive(Clone)]
pub struct Target {
    /// The URL, such as `http://127.0.0.1:4317`.
    pub url: String,
    connector: Connector,
}

impl Target {
    /// The socket at `url`, over TLS with `config`.
    pub fn encrypted(url: String, config: Arc<ClientConfig>) -> Self {
        Self { url, connector: Connector::configured(config) }
    }

    /// Whether connections have TLS.
    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// Opens an HTTP/2 connection.
    ///
    /// # Errors
    /// The URL is not one, or the connection fails.
    pub async fn connect(&self) -> Result<Channel, Failure> {
        Ok(self.endpoint()?.connect_with_connector(self.connector.clone()).await?)
    }

    /// An HTTP/2 connection that `endpoint`, an endpoint of this socket, opens with its first request.
    pub fn connect_lazy(&self, endpoint: &Endpoint) -> Channel {
        endpoint.connect_with_connector_lazy(self.connector.clone())
    }

    /// The endpoint for gRPC's client.
    ///
    /// # Errors
    /// The URL is not one.
    pub fn endpoint(&self) -> Result<Endpoint, Failure> {
        Ok(Endpoint::from_shared(over_connector(&self.url))?)
    }
}

impl From<&str> for Target {
    /// The socket at `url`, without TLS.
    fn from(url: &str) -> Self {
        Self { url: url.to_owned(), connector: Connector::plain() }
    }
}
