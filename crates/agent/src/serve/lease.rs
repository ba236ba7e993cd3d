//! Leases of this agent: of the colonies of one cluster, one polls the agent at a time.
//!
//! The agent is the only arbiter that is there exactly when its spans are. It measures by its own
//! monotonic clock, and remembers leases in memory only: after a restart, whoever polls first has
//! the lease. Two colonies that poll at the same time do no harm but double work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use coral_wire::agent_rpc::lease::{HeldLease, MAX_LEASE, MAX_MEMBER_ID_BYTES, is_member_id};
use tokio::time::Instant;
use tonic::Status;

use super::request::invalid;

/// The most clusters with a lease of one agent at a time.
const MAX_CLUSTERS: usize = 16;

/// What a colony of a cluster asks for with a poll.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LeaseRequest {
    cluster_id: String,
    colony_id: String,
    /// At most [`MAX_LEASE`]. Zero gives the lease up.
    length: Duration,
}

/// What becomes of a poll.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// The poll is answered.
    Poll,
    /// The colony gave its lease up, and gets an empty answer.
    GivenUp,
}

/// Why a poll is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NotLeased {
    /// Another colony of the cluster has the lease.
    Held(HeldLease),
    /// [`MAX_CLUSTERS`] other clusters have leases.
    TooManyClusters,
}

/// The leases that the agent has granted.
#[derive(Default)]
pub struct Leases {
    /// By cluster.
    granted: Mutex<BTreeMap<String, Lease>>,
    refused: AtomicU64,
}

struct Lease {
    colony_id: String,
    until: Instant,
}

impl LeaseRequest {
    /// The request in the fields of a poll; `None` for a caller that belongs to no cluster.
    pub(super) fn from_fields(
        cluster_id: &str,
        colony_id: &str,
        lease_ms: u32,
    ) -> Result<Option<Self>, Status> {
        if cluster_id.is_empty() {
            return match (colony_id.is_empty(), lease_ms) {
                (true, 0) => Ok(None),
                (false, _) => Err(invalid("colony_id", "needs cluster_id")),
                (true, _) => Err(invalid("lease_ms", "needs cluster_id and colony_id")),
            };
        }
        for (field, id) in [("cluster_id", cluster_id), ("colony_id", colony_id)] {
            if !is_member_id(id) {
                let reason =
                    format!("must have 1 to {MAX_MEMBER_ID_BYTES} visible ASCII characters");
                return Err(invalid(field, reason));
            }
        }
        Ok(Some(Self {
            cluster_id: cluster_id.to_owned(),
            colony_id: colony_id.to_owned(),
            length: Duration::from_millis(lease_ms.into()).min(MAX_LEASE),
        }))
    }
}

impl Leases {
    /// Grants, renews or ends a lease at `now`.
    pub(super) fn take(&self, request: LeaseRequest, now: Instant) -> Result<Turn, NotLeased> {
        let LeaseRequest { cluster_id, colony_id, length } = request;
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.retain(|_, lease| lease.until > now);
        let held = granted.get(&cluster_id).filter(|lease| lease.colony_id != colony_id);
        if length.is_zero() {
            if held.is_none() {
                granted.remove(&cluster_id);
            }
            return Ok(Turn::GivenUp);
        }
        let refusal = match held {
            Some(Lease { colony_id, until }) => Some(NotLeased::Held(HeldLease {
                holder: colony_id.clone(),
                remaining: *until - now,
            })),
            None if granted.len() >= MAX_CLUSTERS && !granted.contains_key(&cluster_id) => {
                Some(NotLeased::TooManyClusters)
            }
            None => None,
        };
        if let Some(refusal) = refusal {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(refusal);
        }
        granted.insert(cluster_id, Lease { colony_id, until: now + length });
        Ok(Turn::Poll)
    }

    /// Number of polls refused because of a lease since the agent started.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl From<NotLeased> for Status {
    fn from(refused: NotLeased) -> Self {
        match refused {
            NotLeased::Held(held) => held.status(),
            NotLeased::TooManyClusters => Self::resource_exhausted(format!(
                "{MAX_CLUSTERS} other clusters poll this agent, which is the most: stop the colonies of one"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(cluster: &str, colony: &str, lease_ms: u32) -> LeaseRequest {
        LeaseRequest::from_fields(cluster, colony, lease_ms).unwrap().unwrap()
    }

    /// What becomes of a poll: `poll`, `given up`, or who has the lease for how many milliseconds.
    fn turn(leases: &Leases, request: LeaseRequest, now: Instant) -> String {
        match leases.take(request, now) {
            Ok(Turn::Poll) => "poll".to_owned(),
            Ok(Turn::GivenUp) => "given up".to_owned(),
            Err(NotLeased::Held(held)) => format!("{} {}", held.holder, held.remaining.as_millis()),
            Err(NotLeased::TooManyClusters) => "too many".to_owned(),
        }
    }

    #[test]
    fn one_colony_of_a_cluster_polls_until_its_lease_ends_or_is_given_up() {
        let (leases, begin) = (Leases::default(), Instant::now());
        for (ms, cluster, colony, lease_ms, expected) in [
            (0, "c", "a", 30_000, "poll"),
            (1_000, "c", "b", 30_000, "a 29000"),
            (2_000, "c", "a", 30_000, "poll"),
            (31_999, "c", "b", 30_000, "a 1"),
            (32_000, "c", "b", 30_000, "poll"),
            // The earlier holder was paused meanwhile.
            (33_000, "c", "a", 30_000, "b 29000"),
            (34_000, "c", "a", 0, "given up"),
            (34_000, "c", "a", 30_000, "b 28000"),
            (35_000, "c", "b", 0, "given up"),
            (35_000, "c", "a", 500, "poll"),
            // Another cluster has another store.
            (35_100, "d", "b", 30_000, "poll"),
            (35_200, "c", "b", 30_000, "a 300"),
            (35_300, "d", "a", 30_000, "b 29800"),
        ] {
            let now = begin + Duration::from_millis(ms);
            assert_eq!(turn(&leases, request(cluster, colony, lease_ms), now), expected, "{ms} ms");
        }
        assert_eq!(leases.refused(), 6);
    }

    #[test]
    fn a_lease_has_a_longest_length_and_the_number_of_clusters_a_limit() {
        let (leases, now) = (Leases::default(), Instant::now());
        for cluster in 0..MAX_CLUSTERS {
            assert_eq!(turn(&leases, request(&format!("c{cluster}"), "a", u32::MAX), now), "poll");
        }
        assert_eq!(turn(&leases, request("d", "a", 1), now), "too many");
        assert_eq!(turn(&leases, request("c0", "b", 1), now), "a 300000");
        assert_eq!(turn(&leases, request("c0", "a", 1), now), "poll");
        // Leases that have ended make room.
        assert_eq!(turn(&leases, request("d", "a", 1), now + Duration::from_millis(1)), "poll");
        assert_eq!(turn(&leases, request("e", "a", 1), now + MAX_LEASE), "poll");
        assert_eq!(leases.granted.lock().unwrap().len(), 1);
    }

    #[test]
    fn fields_that_no_colony_sends_are_refused_by_their_names() {
        let long = "x".repeat(MAX_MEMBER_ID_BYTES + 1);
        for (cluster, colony, lease_ms, expected) in [
            ("", "a", 0, "colony_id: needs cluster_id"),
            ("", "", 7, "lease_ms: needs cluster_id and colony_id"),
            ("c", "", 7, "colony_id: must have 1 to 128 visible ASCII characters"),
            (&long, "a", 7, "cluster_id: must"),
            ("c", &long, 7, "colony_id: must"),
            ("c", "a b", 7, "colony_id: must"),
            ("c\u{1b}[2J", "a", 7, "cluster_id: must"),
            ("ü", "a", 7, "cluster_id: must"),
        ] {
            let refused = LeaseRequest::from_fields(cluster, colony, lease_ms).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument);
            assert!(refused.message().starts_with(expected), "{}", refused.message());
        }
        assert_eq!(LeaseRequest::from_fields("", "", 0).unwrap(), None);
    }
}
