//! Networks of `cidr()`.

use std::fmt;
use std::net::IpAddr;

/// A network: an address and the number of its bits that count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefix {
    text: String,
    parsed: Option<(IpAddr, u32)>,
}

impl Prefix {
    pub(crate) fn new(text: String) -> Self {
        let parsed = parse(&text);
        Self { text, parsed }
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.parsed.is_some()
    }

    /// Whether `address`, as text, is in the network.
    pub(crate) fn contains(&self, address: &str) -> bool {
        let Some((network, bits)) = self.parsed else { return false };
        let Ok(address) = address.parse::<IpAddr>() else { return false };
        match (network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same(network.to_bits().into(), address.to_bits().into(), 32 - bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same(network.to_bits(), address.to_bits(), 128 - bits)
            }
            _ => false,
        }
    }
}

fn same(network: u128, address: u128, dropped: u32) -> bool {
    network.checked_shr(dropped).unwrap_or(0) == address.checked_shr(dropped).unwrap_or(0)
}

fn parse(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let is_plain = bits.bytes().all(|byte| byte.is_ascii_digit())
        && (bits.len() == 1 || !bits.starts_with('0'));
    let bits = bits.parse().ok().filter(|bits| is_plain && *bits <= most)?;
    Some((address, bits))
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
