//! `DATA_DIR/run/addresses.json`: where a running server listens, for scripts and for the CLI.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where one process listens. Fields of a role it does not have are left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Addresses {
    /// `agent`, `colony` or `standalone`.
    pub role: String,
    /// The process.
    pub pid: u32,
    /// OTLP/gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_grpc: Option<SocketAddr>,
    /// OTLP/HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_http: Option<SocketAddr>,
    /// Beyla's own OTLP/gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyla_grpc: Option<SocketAddr>,
    /// Beyla's own OTLP/HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyla_http: Option<SocketAddr>,
    /// The agent's RPC and status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_rpc: Option<SocketAddr>,
    /// The colony.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colony: Option<SocketAddr>,
}

/// The published file; removed when this is dropped.
pub struct PublishedAddresses(PathBuf);

impl Addresses {
    /// Writes the file in one step: a reader sees all of it or none.
    ///
    /// # Errors
    /// The operating system's word.
    pub fn publish(&self, data_dir: &Path) -> std::io::Result<PublishedAddresses> {
        let dir = data_dir.join("run");
        std::fs::create_dir_all(&dir)?;
        let (file, aside) = (dir.join("addresses.json"), dir.join("addresses.json.tmp"));
        let json = serde_json::to_string(self).map_err(std::io::Error::other)?;
        std::fs::write(&aside, json + "\n")?;
        std::fs::rename(&aside, &file)?;
        Ok(PublishedAddresses(file))
    }

    /// What the process that has `data_dir` published; `None` when there is none.
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

/// An address that a process on this host can connect to, for one that listens everywhere.
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
