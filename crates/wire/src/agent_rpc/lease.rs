//! Leases: of the colonies of one cluster, one polls an agent at a time.

use std::time::Duration;

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// The longest lease that an agent grants.
pub const MAX_LEASE: Duration = Duration::from_secs(300);
/// The longest id of a cluster or of a colony, in bytes.
pub const MAX_MEMBER_ID_BYTES: usize = 128;

/// Trailers of a refusal: who has the lease, and for how many more milliseconds.
const HOLDER: &str = "coral-lease-holder";
const REMAINING_MS: &str = "coral-lease-remaining-ms";

/// Why an agent refuses a poll: another colony of the caller's cluster has the lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldLease {
    /// The id of the colony with the lease.
    pub holder: String,
    /// The time until the lease ends, unless the holder polls again.
    pub remaining: Duration,
}

impl HeldLease {
    /// The refusal as a status, `FAILED_PRECONDITION`.
    pub fn status(&self) -> Status {
        let Self { holder, remaining } = self;
        let remaining_ms = remaining.as_millis();
        let mut status = Status::failed_precondition(format!(
            "colony `{holder}` of your cluster polls this agent: its lease ends in {remaining_ms} ms, \
             or when that colony gives it up"
        ));
        // A valid id of a colony is a valid value of a trailer.
        if let Ok(holder) = MetadataValue::try_from(holder.as_str()) {
            status.metadata_mut().insert(HOLDER, holder);
        }
        let remaining = MetadataValue::from(u64::try_from(remaining_ms).unwrap_or(u64::MAX));
        status.metadata_mut().insert(REMAINING_MS, remaining);
        status
    }

    /// The refusal that `status` is; `None` if it is another error. What an agent sends is not
    /// trusted: a time is cut at [`MAX_LEASE`], and an id that no colony has is no refusal.
    pub fn from_status(status: &Status) -> Option<Self> {
        if status.code() != Code::FailedPrecondition {
            return None;
        }
        let text = |name| status.metadata().get(name)?.to_str().ok();
        let holder = text(HOLDER).filter(|holder| is_member_id(holder))?.to_owned();
        let remaining = Duration::from_millis(text(REMAINING_MS)?.parse().ok()?);
        Some(Self { holder, remaining: remaining.min(MAX_LEASE) })
    }
}

/// Whether `id` can be the id of a cluster or of a colony: 1 to [`MAX_MEMBER_ID_BYTES`] visible
/// ASCII characters.
pub fn is_member_id(id: &str) -> bool {
    (1..=MAX_MEMBER_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_its_status_and_what_no_agent_sends_is_none() {
        let held = HeldLease { holder: "east-1".to_owned(), remaining: Duration::from_millis(700) };
        assert_eq!(HeldLease::from_status(&held.status()), Some(held.clone()));
        assert_eq!(held.status().code(), Code::FailedPrecondition);
        let long = HeldLease { remaining: Duration::from_secs(1 << 40), ..held.clone() };
        assert_eq!(HeldLease::from_status(&long.status()).unwrap().remaining, MAX_LEASE);
        let with = |holder: &str, remaining: &str| {
            let mut status = Status::failed_precondition("");
            status.metadata_mut().insert(HOLDER, holder.parse().unwrap());
            status.metadata_mut().insert(REMAINING_MS, remaining.parse().unwrap());
            status
        };
        for other in [
            Status::failed_precondition("no trailers"),
            with("", "7"),
            with("two words", "7"),
            with(&"x".repeat(129), "7"),
            with("east-1", "-7"),
            with("east-1", "soon"),
        ] {
            assert_eq!(HeldLease::from_status(&other), None, "{other:?}");
        }
        let mut unavailable = Status::unavailable("");
        *unavailable.metadata_mut() = held.status().metadata().clone();
        assert_eq!(HeldLease::from_status(&unavailable), None);
    }
}
