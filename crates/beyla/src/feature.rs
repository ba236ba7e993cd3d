//! The table of what a release can do: for each feature, the first Beyla and the first OBI that have
//! it. See docs/beyla.md for the sources.

use std::fmt;

use super::release::{Distribution, Release};
use super::version::Version;

/// A feature, and the first releases with it. Later releases have it too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Feature {
    beyla: Version,
    /// `None`: no OBI has it.
    obi: Option<Version>,
}

/// Coral can run it. The first Beyla has the setting `instrumentations` (grafana/alloy#1356); the
/// first OBI is the oldest whose settings are known.
pub const RUN: Feature = Feature::since((1, 7, 0), Some((0, 9, 0)));
/// It selects processes by the annotations of their pods.
pub const POD_ANNOTATIONS: Feature = Feature::since((2, 0, 0), Some((0, 9, 0)));
/// The setting `shutdown_timeout`.
pub const SHUTDOWN_TIMEOUT: Feature = Feature::since((2, 0, 0), Some((0, 9, 0)));
/// One switch writes context into every kind of request: `ebpf.enable_context_propagation`.
pub const PROPAGATION_SWITCH: Feature = Feature::since((2, 0, 0), Some((0, 9, 0)));
/// It selects processes by globs, and has modes of context propagation. Older ones select by regular
/// expressions.
pub const GLOBS: Feature = Feature::since((2, 5, 1), Some((0, 9, 0)));
/// Context propagation in TCP options, not in IP options.
pub const TCP_PROPAGATION: Feature = Feature::since((3, 0, 0), Some((0, 9, 0)));
/// It runs under a lockdown that it cannot see. Beyla 1.8.9 does not load then (seen).
pub const SEES_LOCKDOWN: Feature = Feature::since((2, 0, 0), Some((0, 9, 0)));
/// The section `metrics`, with the features that `otel_metrics_export` had.
pub const METRICS_SECTION: Feature = Feature::since((3, 0, 0), Some((0, 9, 0)));
/// Protocols that the settings of Coral do not name: MQTT, NATS, AMQP and others.
pub const MORE_PROTOCOLS: Feature = Feature::since((3, 0, 0), Some((0, 9, 0)));
/// `routes.unmatched` can be `low-cardinality`: the number of routes of a path is limited.
pub const LOW_CARDINALITY: Feature = Feature::since((3, 7, 0), Some((0, 9, 0)));
/// Low cardinality is the default.
pub const LOW_CARDINALITY_DEFAULT: Feature = Feature::since((3, 7, 0), None);
/// The setting `health_check.port`. OBI 0.10 has it too, but listens on every address.
pub const HEALTH: Feature = Feature::since((3, 16, 0), Some((0, 11, 0)));
/// The key `target_pids` of an item of `discovery`. Only Beyla 3.31.0 was tried, which contains OBI
/// 0.12; an older one may exit because of the key.
pub const PIDS: Feature = Feature::since((3, 31, 0), Some((0, 12, 0)));

impl Feature {
    const fn since(beyla: (u16, u16, u16), obi: Option<(u16, u16, u16)>) -> Self {
        let obi = match obi {
            Some((major, minor, patch)) => Some(Version::new(major, minor, patch)),
            None => None,
        };
        Self { beyla: Version::new(beyla.0, beyla.1, beyla.2), obi }
    }
}

impl Release {
    /// Whether this release has `feature`.
    pub fn has(self, feature: Feature) -> bool {
        match self.distribution {
            Distribution::Beyla => self.version >= feature.beyla,
            Distribution::Obi => feature.obi.is_some_and(|first| self.version >= first),
        }
    }
}

impl fmt::Display for Feature {
    /// The releases that have the feature, such as "Beyla 3.16.0, OBI 0.11.0 or newer".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Release::beyla(self.beyla))?;
        if let Some(obi) = self.obi {
            write!(f, ", {}", Release::obi(obi))?;
        }
        f.write_str(" or newer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_what_its_own_distribution_has_had_since_then() {
        for (release, has) in [
            ("3.15.9", false),
            ("3.16.0", true),
            ("obi-0.10.9", false),
            ("obi-0.11.0", true),
            ("obi-1.0.0", true),
        ] {
            assert_eq!(release.parse::<Release>().unwrap().has(HEALTH), has, "{release}");
        }
        assert!(!"obi-9.0.0".parse::<Release>().unwrap().has(LOW_CARDINALITY_DEFAULT));
    }

    #[test]
    fn a_feature_names_the_first_releases_of_both() {
        assert_eq!(HEALTH.to_string(), "Beyla 3.16.0, OBI 0.11.0 or newer");
        assert_eq!(LOW_CARDINALITY_DEFAULT.to_string(), "Beyla 3.7.0 or newer");
    }
}
