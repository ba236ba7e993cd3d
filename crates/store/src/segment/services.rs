//! The services of a segment, and the bits that stand for them in its digests.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::hot::part::{TracePart, service_bit};

/// The services that have spans in a segment. Stored in the traces file's footer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Option<Vec<Box<str>>>", into = "Option<Vec<Box<str>>>")]
pub(crate) enum SegmentServices {
    /// The names in order, each with its rank: its index when services are sorted by their number of
    /// traces.
    Listed(Vec<(Box<str>, u16)>),
    /// The names are not known: an earlier version of Coral wrote the segment, or they are too many
    /// for a list. A digest has the bits of [`service_bit`].
    #[default]
    Unlisted,
}

/// The most services that are listed. A list of 1,024 names has about 20 KiB.
const MAX_LISTED: usize = 1_024;
/// The most bytes of all names together. Longer names come from hostile exporters only.
const MAX_BYTES: usize = 64 << 10;
/// The number of bits in a digest.
pub(super) const BITS: usize = 64;

impl SegmentServices {
    /// The services of all `parts`.
    pub(super) fn of<'a>(parts: impl Iterator<Item = &'a TracePart>) -> Self {
        let mut traces: HashMap<&str, u32> = HashMap::new();
        for service in parts.flat_map(|part| &part.services) {
            *traces.entry(service).or_default() += 1;
        }
        Self::with_traces(traces)
    }

    /// The services of several segments, each with how many of its traces have each of the 64 bits.
    pub(super) fn merged<'a>(of: impl Iterator<Item = (&'a Self, &'a [u32; BITS])>) -> Self {
        let mut traces: HashMap<&str, u32> = HashMap::new();
        for (services, counts) in of {
            let Some(names) = services.names() else { return Self::Unlisted };
            for name in names {
                let bit = services.bit(name).unwrap_or(1).trailing_zeros() as usize;
                let count = traces.entry(name).or_default();
                *count = count.saturating_add(counts[bit]);
            }
        }
        Self::with_traces(traces)
    }

    /// These services, each with its number of traces.
    fn with_traces(traces: HashMap<&str, u32>) -> Self {
        let bytes: usize = traces.keys().map(|name| name.len()).sum();
        if traces.len() > MAX_LISTED || bytes > MAX_BYTES {
            return Self::Unlisted;
        }
        let mut names: Vec<(&str, u32)> = traces.into_iter().collect();
        names.sort_unstable_by_key(|(name, traces)| (*traces, *name));
        Self::ranked(names.into_iter().map(|(name, _)| name.into()).collect())
    }

    fn ranked(names: Vec<Box<str>>) -> Self {
        let mut listed: Vec<(Box<str>, u16)> = names.into_iter().zip(0..).collect();
        listed.sort_unstable();
        Self::Listed(listed)
    }

    /// The names, if they are known.
    pub(crate) fn names(&self) -> Option<impl Iterator<Item = &str>> {
        match self {
            Self::Listed(names) => Some(names.iter().map(|(name, _)| name.as_ref())),
            Self::Unlisted => None,
        }
    }

    /// Whether the segment may have a span of `service`.
    pub(crate) fn may_have(&self, service: &str) -> bool {
        self.bit(service).is_some()
    }

    /// The bit that stands for `service` in the segment's digests; `None` if no span of the segment
    /// is of the service.
    ///
    /// Up to 64 services have a bit each. Of more services, those with about as many traces share a
    /// bit, so that traces of a rare service are not looked for among those of a frequent one.
    fn bit(&self, service: &str) -> Option<u64> {
        let Self::Listed(names) = self else { return Some(service_bit(service)) };
        let at = names.binary_search_by_key(&service, |(name, _)| name).ok()?;
        let rank = usize::from(names[at].1);
        Some(1 << (if names.len() <= BITS { rank } else { rank * BITS / names.len() }))
    }

    /// The bits that stand for those of `services` that the segment has; 0 if it has none of them.
    pub(crate) fn bits<'a>(&self, services: impl IntoIterator<Item = &'a str>) -> u64 {
        let bits = services.into_iter().filter_map(|service| self.bit(service));
        bits.fold(0, |bits, bit| bits | bit)
    }

    /// Whether a trace with one of the bits of `services` certainly has a span of one of them,
    /// because no other service shares the bit.
    pub(crate) fn are_told_by_bits(&self, services: &[String]) -> bool {
        let Some(names) = self.names() else { return false };
        let bits = self.bits(services.iter().map(String::as_str));
        let wanted: BTreeSet<&str> = services.iter().map(String::as_str).collect();
        let mut others = names.filter(|name| !wanted.contains(name));
        others.all(|name| self.bit(name).is_none_or(|bit| bit & bits == 0))
    }
}

impl From<Option<Vec<Box<str>>>> for SegmentServices {
    fn from(names: Option<Vec<Box<str>>>) -> Self {
        match names {
            Some(names) if names.len() <= MAX_LISTED => Self::ranked(names),
            _ => Self::Unlisted,
        }
    }
}

/// The names by rank.
impl From<SegmentServices> for Option<Vec<Box<str>>> {
    fn from(services: SegmentServices) -> Self {
        let SegmentServices::Listed(mut names) = services else { return None };
        names.sort_unstable_by_key(|(_, rank)| *rank);
        Some(names.into_iter().map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: usize) -> SegmentServices {
        SegmentServices::ranked((0..names).map(|at| format!("service-{at}").into()).collect())
    }

    #[test]
    fn up_to_64_services_have_a_bit_each() {
        let services = listed(64);
        let all = services.bits(services.names().unwrap().collect::<Vec<_>>());
        assert_eq!(all, u64::MAX);
        assert!(services.are_told_by_bits(&["service-7".to_owned()]));
    }

    #[test]
    fn of_200_services_at_most_4_share_a_bit_and_they_are_neighbours_by_rank() {
        let services = listed(200);
        for bit in 0..64 {
            let ranks: Vec<usize> = (0..200)
                .filter(|rank| services.bits([format!("service-{rank}").as_str()]) == 1 << bit)
                .collect();
            assert!((3..=4).contains(&ranks.len()), "{ranks:?}");
            assert!(ranks.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{ranks:?}");
        }
        assert!(!services.are_told_by_bits(&["service-7".to_owned()]));
    }

    #[test]
    fn a_service_that_is_not_listed_has_no_bit() {
        assert_eq!(listed(200).bits(["paymnts"]), 0);
        assert!(!listed(200).may_have("paymnts"));
    }

    #[test]
    fn a_list_is_stored_by_rank_and_read_again() {
        let services = listed(100);
        let json = serde_json::to_string(&services).unwrap();
        assert!(json.starts_with("[\"service-0\",\"service-1\",\"service-2\""), "{json}");
        assert_eq!(serde_json::from_str::<SegmentServices>(&json).unwrap(), services);
        assert_eq!(
            serde_json::from_str::<SegmentServices>("null").unwrap(),
            SegmentServices::Unlisted
        );
    }
}
