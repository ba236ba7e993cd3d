//! Trace and span ids as W3C Trace Context defines them.

use std::fmt;
use std::str::FromStr;

/// A W3C trace id: 16 bytes, not all zero. Text form is 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// A W3C span id: 8 bytes, not all zero. Text form is 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// The first 1 to 32 hex digits of a trace id, as a person copies them from a table.
///
/// Covers the closed range [`first`](Self::first) to [`last`](Self::last) of ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceIdPrefix {
    first: u128,
    last: u128,
}

/// Why some bytes or text are not an id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidId {
    /// Not as long as the id is; the length that was found, in bytes or digits.
    Length {
        /// How many bytes or hex digits there were.
        found: usize,
        /// How many there must be.
        expected: &'static str,
    },
    /// All bytes are zero, which W3C Trace Context reserves for "no id".
    Zero,
    /// This character is no hex digit.
    NotHex(char),
}

impl TraceId {
    /// The id's bytes, in network order.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The id as one big-endian number, which orders as the text does.
    pub const fn as_u128(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl SpanId {
    /// The id's bytes, in network order.
    pub const fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// The id as one big-endian number.
    pub const fn as_u64(self) -> u64 {
        u64::from_be_bytes(self.0)
    }
}

impl TraceIdPrefix {
    /// The smallest 16 bytes that begin with this prefix. May be zero, which no trace id is.
    pub const fn first(&self) -> u128 {
        self.first
    }

    /// The largest 16 bytes that begin with this prefix.
    pub const fn last(&self) -> u128 {
        self.last
    }

    /// The only id that has this prefix, when all 32 digits were given.
    pub fn exact(&self) -> Option<TraceId> {
        (self.first == self.last).then(|| TraceId(self.first.to_be_bytes()))
    }
}

impl TryFrom<u128> for TraceId {
    type Error = InvalidId;

    fn try_from(id: u128) -> Result<Self, InvalidId> {
        if id == 0 { Err(InvalidId::Zero) } else { Ok(Self(id.to_be_bytes())) }
    }
}

impl TryFrom<u64> for SpanId {
    type Error = InvalidId;

    fn try_from(id: u64) -> Result<Self, InvalidId> {
        if id == 0 { Err(InvalidId::Zero) } else { Ok(Self(id.to_be_bytes())) }
    }
}

impl TryFrom<&[u8]> for TraceId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        let id: [u8; 16] = bytes
            .try_into()
            .map_err(|_| InvalidId::Length { found: bytes.len(), expected: "16 bytes" })?;
        u128::from_be_bytes(id).try_into()
    }
}

impl TryFrom<&[u8]> for SpanId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        let id: [u8; 8] = bytes
            .try_into()
            .map_err(|_| InvalidId::Length { found: bytes.len(), expected: "8 bytes" })?;
        u64::from_be_bytes(id).try_into()
    }
}

impl FromStr for TraceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let number = hex(text)?;
        if text.len() != 32 {
            return Err(InvalidId::Length { found: text.len(), expected: "32 hex digits" });
        }
        number.try_into()
    }
}

impl FromStr for SpanId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let number = hex(text)?;
        if text.len() != 16 {
            return Err(InvalidId::Length { found: text.len(), expected: "16 hex digits" });
        }
        (number as u64).try_into()
    }
}

impl FromStr for TraceIdPrefix {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let number = hex(text)?;
        let free_bits = match text.len() {
            1..=32 => 4 * (32 - text.len() as u32),
            found => return Err(InvalidId::Length { found, expected: "1 to 32 hex digits" }),
        };
        // A shift by all 128 bits cannot occur: at least one digit was given.
        let first = number << free_bits;
        let prefix = Self { first, last: first | ((1u128 << free_bits) - 1) };
        if prefix.last == 0 { Err(InvalidId::Zero) } else { Ok(prefix) }
    }
}

impl From<TraceId> for TraceIdPrefix {
    fn from(id: TraceId) -> Self {
        Self { first: id.as_u128(), last: id.as_u128() }
    }
}

/// Reads hex digits of either case; more than 32 are checked and then cut by the caller's length rule.
fn hex(text: &str) -> Result<u128, InvalidId> {
    text.chars().try_fold(0u128, |number, digit| {
        let value = digit.to_digit(16).ok_or(InvalidId::NotHex(digit))?;
        Ok((number << 4) | u128::from(value))
    })
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.as_u128())
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.as_u64())
    }
}

/// The digits that the prefix was made of, in lower case.
impl fmt::Display for TraceIdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free_bits = (self.first ^ self.last).count_ones();
        let digits = (32 - free_bits / 4) as usize;
        write!(f, "{:0digits$x}", self.first.checked_shr(free_bits).unwrap_or(0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found, expected } => write!(f, "{found} long, expected {expected}"),
            Self::Zero => f.write_str("all zero, which means no id"),
            Self::NotHex(digit) => write!(f, "{digit:?} is not a hex digit"),
        }
    }
}

impl std::error::Error for InvalidId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_written_as_it_was_read() {
        for digits in ["4", "0", "00f", "4bf9", "4bf92f3577b34da6a3ce929d0e0e4736"] {
            assert_eq!(digits.parse::<TraceIdPrefix>().unwrap().to_string(), digits);
        }
    }

    #[test]
    fn a_trace_id_reads_back_as_the_text_it_prints() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(text.parse::<TraceId>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<TraceId>().unwrap().to_string(), text);
    }

    #[test]
    fn an_id_that_is_too_short_too_long_zero_or_not_hex_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "0 long, expected 32 hex digits"),
            ("abc", "3 long, expected 32 hex digits"),
            ("4bf92f3577b34da6a3ce929d0e0e47360", "33 long, expected 32 hex digits"),
            ("00000000000000000000000000000000", "all zero, which means no id"),
            ("4bf92f3577b34da6a3ce929d0e0e473g", "'g' is not a hex digit"),
        ] {
            assert_eq!(text.parse::<TraceId>().unwrap_err().to_string(), reason, "{text}");
        }
        assert_eq!(
            SpanId::try_from([1u8; 7].as_slice()).unwrap_err().to_string(),
            "7 long, expected 8 bytes"
        );
        assert_eq!(TraceId::try_from([0u8; 16].as_slice()), Err(InvalidId::Zero));
    }

    #[test]
    fn a_prefix_covers_exactly_the_ids_that_begin_with_it() {
        let prefix: TraceIdPrefix = "4bf9".parse().unwrap();
        assert_eq!(format!("{:032x}", prefix.first()), "4bf90000000000000000000000000000");
        assert_eq!(format!("{:032x}", prefix.last()), "4bf9ffffffffffffffffffffffffffff");
        assert_eq!(prefix.exact(), None);
        let whole: TraceIdPrefix = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
        assert_eq!(whole.exact().unwrap().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!("".parse::<TraceIdPrefix>().is_err());
        assert!("0".repeat(32).parse::<TraceIdPrefix>().is_err());
        assert!("0".parse::<TraceIdPrefix>().is_ok());
    }
}
