//! Time zones by name.

use jiff::tz::TimeZone;

/// Why a name is not a time zone.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidZone {
    /// The database of this host does not have the name.
    #[error("`{0}` is not a time zone that this host knows")]
    Unknown(String),
    /// The time zone of this host cannot be determined.
    #[error("the time zone of this host cannot be determined")]
    NoLocal,
}

/// The time zone `name`: `UTC`, `local`, or a name of the IANA database, which is read from this
/// host. Upper and lower case are the same.
///
/// # Errors
/// [`InvalidZone`].
pub fn zone(name: &str) -> Result<TimeZone, InvalidZone> {
    match name {
        _ if name.eq_ignore_ascii_case("utc") => Ok(TimeZone::UTC),
        _ if name.eq_ignore_ascii_case("local") => {
            TimeZone::try_system().map_err(|_| InvalidZone::NoLocal)
        }
        _ => TimeZone::get(name).map_err(|_| InvalidZone::Unknown(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_needs_no_database_and_an_unknown_name_is_quoted() {
        for name in ["UTC", "utc"] {
            assert_eq!(zone(name), Ok(TimeZone::UTC));
        }
        let error = zone("Europe/Atlantis").unwrap_err();
        assert_eq!(error.to_string(), "`Europe/Atlantis` is not a time zone that this host knows");
    }
}
