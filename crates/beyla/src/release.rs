//! A release of a program that Coral can run: Grafana Beyla, or OBI, the OpenTelemetry eBPF
//! Instrumentation that Beyla contains. Both have version numbers of their own.

use std::fmt;
use std::str::FromStr;

use super::log_line::LogLine;
use super::version::Version;

/// A release of one distribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Release {
    /// The distribution.
    pub distribution: Distribution,
    /// The version, in the numbers of the distribution.
    pub version: Version,
}

/// Who builds the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Distribution {
    /// Grafana Beyla.
    Beyla,
    /// OpenTelemetry eBPF Instrumentation, without Grafana's additions.
    Obi,
}

impl Release {
    /// A release of Beyla.
    pub const fn beyla(version: Version) -> Self {
        Self { distribution: Distribution::Beyla, version }
    }

    /// A release of OBI.
    pub const fn obi(version: Version) -> Self {
        Self { distribution: Distribution::Obi, version }
    }

    /// The release that the line of a log names; `None` if the line does not greet.
    pub fn of_line(line: &LogLine) -> Option<Self> {
        let distribution =
            Distribution::ALL.into_iter().find(|one| line.message == one.greeting())?;
        Some(Self { distribution, version: line.field("Version")?.parse().ok()? })
    }
}

impl Distribution {
    const ALL: [Self; 2] = [Self::Beyla, Self::Obi];

    /// The short name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Beyla => "Beyla",
            Self::Obi => "OBI",
        }
    }

    /// The message of the log line that names the version. Source: `cmd/beyla/main.go` of Beyla and
    /// `cmd/obi/main.go` of OBI.
    const fn greeting(self) -> &'static str {
        match self {
            Self::Beyla => "Grafana Beyla",
            Self::Obi => "OpenTelemetry eBPF Instrumentation",
        }
    }
}

impl FromStr for Release {
    type Err = String;

    /// Parses `3.31.0` or `beyla-3.31.0` as a release of Beyla, and `obi-0.12.1` as one of OBI.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = Distribution::ALL.into_iter().find_map(|one| {
            let rest = text.strip_prefix(one.name().to_lowercase().as_str())?;
            Some((one, rest.strip_prefix('-')?))
        });
        let (distribution, version) = named.unwrap_or((Distribution::Beyla, text));
        let version = version.parse().map_err(|_| {
            format!("`{text}` is not a version such as 3.31.0 of Beyla, or obi-0.12.1")
        })?;
        Ok(Self { distribution, version })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.distribution.name(), self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_in_a_log_says_the_distribution_and_the_version() {
        let of = |line: &str| Release::of_line(&LogLine::parse(line));
        let beyla = r#"time=2026-11-23T07:00:00.000Z level=INFO msg="Grafana Beyla" Version=v3.31.0 Revision=abc "OpenTelemetry SDK Version"=1.44.0"#;
        assert_eq!(of(beyla), Some(Release::beyla(Version::new(3, 31, 0))));
        let obi = r#"time=2026-11-23T07:00:00.000Z level=INFO msg="OpenTelemetry eBPF Instrumentation" Version=v0.12.1 Revision=abc "OpenTelemetry SDK Version"=1.44.0"#;
        assert_eq!(of(obi), Some(Release::obi(Version::new(0, 12, 1))));
        let json =
            r#"{"level":"INFO","msg":"OpenTelemetry eBPF Instrumentation","Version":"v0.12.1"}"#;
        assert_eq!(of(json), Some(Release::obi(Version::new(0, 12, 1))));
        for line in ["", "Version=v3.31.0", r#"level=INFO msg="Grafana Beyla" Version=unset"#] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn a_release_without_a_name_is_one_of_beyla() {
        for (text, release) in [
            ("3.31", Release::beyla(Version::new(3, 31, 0))),
            ("v3.31.0", Release::beyla(Version::new(3, 31, 0))),
            ("beyla-2.8.5", Release::beyla(Version::new(2, 8, 5))),
            ("obi-0.12.1", Release::obi(Version::new(0, 12, 1))),
            ("obi-v0.12.1", Release::obi(Version::new(0, 12, 1))),
        ] {
            assert_eq!(text.parse(), Ok(release), "{text}");
        }
        for text in ["obi", "obi-", "obi0.12.1", "alloy-1.0.0", "new"] {
            assert_eq!(
                text.parse::<Release>(),
                Err(format!("`{text}` is not a version such as 3.31.0 of Beyla, or obi-0.12.1"))
            );
        }
        assert_eq!(Release::obi(Version::new(0, 12, 1)).to_string(), "OBI 0.12.1");
    }
}
