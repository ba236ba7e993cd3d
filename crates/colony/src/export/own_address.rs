//! Refuses targets at which this process itself listens: spans would come back for ever.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::target::{Target, TargetError};

/// How long a name may take to be looked up. A name that has no address then is not refused; spans
/// that come back are recognised by [`EXPORTED_BY`](super::EXPORTED_BY).
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Refuses the first of `targets` at which one of `listeners`, the sockets of this process, is.
///
/// # Errors
/// [`TargetError::OwnAddress`].
pub async fn refuse(targets: &[Target], listeners: &[SocketAddr]) -> Result<(), TargetError> {
    for target in targets {
        let host = target.url.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = target.url.port_u16().unwrap_or_default();
        let lookup = tokio::net::lookup_host((host, port));
        let Ok(Ok(mut addresses)) = tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await else {
            continue;
        };
        if addresses.any(|address| listeners.iter().any(|listener| reaches(address, *listener))) {
            let (target, url) = (target.name.clone(), target.url.clone());
            return Err(TargetError::OwnAddress { target, url });
        }
    }
    Ok(())
}

/// Whether a connection to `address` reaches `listener`, which is on this host.
fn reaches(address: SocketAddr, listener: SocketAddr) -> bool {
    let (ip, own) = (address.ip().to_canonical(), listener.ip().to_canonical());
    let is_reached =
        ip == own || ip.is_unspecified() || own.is_unspecified() && is_of_this_host(ip);
    address.port() == listener.port() && is_reached
}

/// Whether an interface of this host has the address `ip`: only then can a socket be bound to it.
fn is_of_this_host(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reaches_a_listener_on_all_interfaces_and_no_other_port() {
        let reaches = |address: &str, listener: &str| {
            reaches(address.parse().unwrap(), listener.parse().unwrap())
        };
        for (address, listener) in [
            ("127.0.0.1:4317", "127.0.0.1:4317"),
            ("127.0.0.1:4317", "0.0.0.0:4317"),
            ("127.0.0.2:4317", "0.0.0.0:4317"),
            ("[::1]:4317", "[::]:4317"),
            ("127.0.0.1:4317", "[::]:4317"),
            ("[::ffff:127.0.0.1]:4317", "127.0.0.1:4317"),
            ("0.0.0.0:4317", "127.0.0.1:4317"),
        ] {
            assert!(reaches(address, listener), "{address} {listener}");
        }
        for (address, listener) in [
            ("127.0.0.1:4318", "127.0.0.1:4317"),
            ("127.0.0.2:4317", "127.0.0.1:4317"),
            ("192.0.2.1:4317", "0.0.0.0:4317"),
        ] {
            assert!(!reaches(address, listener), "{address} {listener}");
        }
    }
}
