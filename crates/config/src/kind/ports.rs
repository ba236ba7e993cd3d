//! Ports and ranges of ports.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// At least one port or inclusive range: `8080`, or `80,443,9000-9010`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ports(Vec<(u16, u16)>);

const EXPECTED: &str = "expected ports such as 8080,9000-9010";

impl Ports {
    /// A single port; `None` for port 0.
    pub fn one(port: u16) -> Option<Self> {
        (port > 0).then(|| Self(vec![(port, port)]))
    }

    /// Parses `open_port`: a number.
    pub fn of_port(value: &Value) -> Result<Self, String> {
        let port = value.as_u64().and_then(|port| u16::try_from(port).ok()).and_then(Self::one);
        port.ok_or_else(|| "expected a port from 1 to 65535, such as 8080".to_owned())
    }

    /// Parses `open_ports`: a number, or text such as `80,9000-9010`.
    pub fn of_ports(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse(),
            value => Self::of_port(value).map_err(|_| EXPECTED.to_owned()),
        }
    }

    /// Whether each of the ports is one of `others`.
    pub fn are_among(&self, others: &[u16]) -> bool {
        self.0.iter().all(|(first, last)| (*first..=*last).all(|port| others.contains(&port)))
    }

    /// Whether `port` is one of the ports.
    pub fn contain(&self, port: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// The union with `others`.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            port(first).zip(port(last)).filter(|(first, last)| first <= last)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self).ok_or_else(|| EXPECTED.to_owned())
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_and_ranges_in_their_order() {
        for (text, expected) in [
            ("8080", Some("8080")),
            (" 80, 443 ,9000 - 9010", Some("80,443,9000-9010")),
            ("7-7", Some("7")),
            ("", None),
            ("0", None),
            ("65536", None),
            ("9010-9000", None),
            ("80,", None),
            ("80-90-100", None),
            ("http", None),
            ("-1", None),
            ("8080\n", Some("8080")),
        ] {
            let found = text.parse::<Ports>().ok().map(|ports| ports.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }
}
