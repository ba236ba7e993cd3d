//! Trace ids and span ids, as defined by W3C Trace Context.

use std::fmt;
use std::str::FromStr;

/// A W3C trace id: 16 bytes, not all zero. The text form is 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// A W3C span id: 8 bytes, not all zero. The text form is 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// A prefix of a trace id: its first 1 to 32 hex digits, such as a person copies from a table.
///
/// The ids that begin with the prefix are those from [`first`](Self::first) to
/// [`last`](Self::last), both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceIdPrefix {
    first: u128,
    last: u128,
}

/// Why bytes or text are not an id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvalidId {
    /// The length is wrong.
    Length {
        /// How many bytes or hex digits were given.
        found: usize,
        /// How many bytes or digits are expected, in words.
        expected: &'static str,
    },
    /// All bytes are zero, which W3C Trace Context reserves for an invalid id.
    Zero,
    /// This character is not a hex digit.
    NotHex(char),
}

impl TraceId {
    /// The id's bytes, in network order.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// The id as one big-endian number, which sorts like the text form.
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
    /// The smallest id with this prefix, as a number. May be zero, which is no valid trace id.
    pub const fn first(&self) -> u128 {
        self.first
    }

    /// The largest id with this prefix, as a number.
    pub const fn last(&self) -> u128 {
        self.last
    }

    /// The trace id, if the prefix has all 32 digits.
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
        // The shift is never by all 128 bits, because at least one digit was given.
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

/// Parses hex digits in upper or lower case. The caller must check the length of `text`: of more
/// than 32 digits, only the last 32 are in the result.
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

/// The digits of the prefix, in lower case.
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
    fn a_prefix_is_printed_as_it_was_parsed() {
        for digits in ["4", "0", "00f", "4bf9", "4bf92f3577b34da6a3ce929d0e0e4736"] {
            assert_eq!(digits.parse::<TraceIdPrefix>().unwrap().to_string(), digits);
        }
    }

    #[test]
    fn a_trace_id_is_parsed_from_the_text_that_it_prints() {
        let text = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(text.parse::<TraceId>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<TraceId>().unwrap().to_string(), text);
    }

    #[test]
    fn an_invalid_id_is_refused_with_the_reason() {
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
