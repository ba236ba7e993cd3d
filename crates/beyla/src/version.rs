//! The number of a version.

use std::fmt;
use std::str::FromStr;

/// A version. Versions compare by major, then minor, then patch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// Major version.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
    /// Patch version.
    pub patch: u16,
}

impl Version {
    /// The version `major.minor.patch`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl FromStr for Version {
    type Err = String;

    /// Parses `v3.31.0`, `3.31.0` or `3.31`; ignores what follows `-` or `+`.
    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("`{text}` is not a version such as 3.31.0");
        let number = text.strip_prefix('v').unwrap_or(text);
        let number = number.split(['-', '+']).next().unwrap_or(number);
        let parts: Option<Vec<u16>> = number.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some(&[major, minor]) => Ok(Self::new(major, minor, 0)),
            Some(&[major, minor, patch]) => Ok(Self::new(major, minor, patch)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_beyla_writes_them_and_are_in_order() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(version("v3.31.0"), Ok(Version::new(3, 31, 0)));
        assert_eq!(version("2.8"), Ok(Version::new(2, 8, 0)));
        assert_eq!(version("v2.8.0-rc7"), Ok(Version::new(2, 8, 0)));
        for text in ["", "unset", "v3", "3.31.0.1", "3..1", "-1.0.0", "3.99999999.0"] {
            assert!(version(text).is_err(), "{text}");
        }
        assert!(version("2.10.0") > version("2.9.9"));
    }
}
