//! `DATA_DIR/run/addresses.json`: the addresses on which a running process listens, for scripts and
//! for the CLI.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The addresses of one process. The fields of a role that the process does not have are absent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Addresses {
    /// `agent`, `colony` or `standalone`.
    pub role: String,
    /// Process id.
    pub pid: u32,
    /// Receiver of OTLP/gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_grpc: Option<SocketAddr>,
    /// Receiver of OTLP/HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_http: Option<SocketAddr>,
    /// Receiver of OTLP/gRPC from Beyla.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyla_grpc: Option<SocketAddr>,
    /// Receiver of OTLP/HTTP from Beyla.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyla_http: Option<SocketAddr>,
    /// RPCs and HTTP routes of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_rpc: Option<SocketAddr>,
    /// RPCs and HTTP routes of the colony.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colony: Option<SocketAddr>,
    /// Whether `agent_rpc` has TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agent_tls: bool,
    /// Whether `colony` has TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub colony_tls: bool,
    /// Whether `otlp_grpc` and `otlp_http` have TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub otlp_tls: bool,
}

/// The published file, which is removed on drop.
pub struct PublishedAddresses(PathBuf);

impl Addresses {
    /// Writes the file atomically.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn publish(&self, data_dir: &Path) -> std::io::Result<PublishedAddresses> {
        let dir = data_dir.join("run");
        std::fs::create_dir_all(&dir)?;
        let (file, aside) = (dir.join("addresses.json"), dir.join("addresses.json.tmp"));
        let json = serde_json::to_string(self).map_err(std::io::Error::other)?;
        std::fs::write(&aside, json + "\n")?;
        std::fs::rename(&aside, &file)?;
        Ok(PublishedAddresses(file))
    }

    /// The addresses of the process that uses `data_dir`; `None` when no process does.
    pub fn read(data_dir: &Path) -> Option<Self> {
        let json = std::fs::read_to_string(data_dir.join("run/addresses.json")).ok()?;
        serde_json::from_str(&json).ok()
    }
}

impl Drop for PublishedAddresses {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Replaces an unspecified address, such as 0.0.0.0, by the loopback address, so that a process of
/// this host can connect to it.
pub fn on_this_host(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => ([127, 0, 0, 1], address.port()).into(),
        ip if ip.is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_readable_while_they_are_published_and_gone_after() {
        let dir = tempfile::tempdir().unwrap();
        let colony = Some("127.0.0.1:9000".parse().unwrap());
        let addresses = Addresses { role: "colony".into(), pid: 1, colony, ..Addresses::default() };
        let published = addresses.publish(dir.path()).unwrap();
        assert_eq!(Addresses::read(dir.path()), Some(addresses));
        let json = std::fs::read_to_string(dir.path().join("run/addresses.json")).unwrap();
        assert_eq!(json, "{\"role\":\"colony\",\"pid\":1,\"colony\":\"127.0.0.1:9000\"}\n");
        drop(published);
        assert_eq!(Addresses::read(dir.path()), None);
    }
}
