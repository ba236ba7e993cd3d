//! Failed logins by network, with a pause that grows.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::admission::network;

/// Failures without a pause: somebody pastes a wrong token.
const FREE: u32 = 5;
/// The first pause; each failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After this time without a failure a network begins anew.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// The most networks that are remembered: when there are more, all are forgotten. A token has 256
/// random bits, so the pause only keeps a log and a processor quiet.
const MAX_NETWORKS: usize = 10_000;

/// The failed logins of each network.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, Failed>>);

struct Failed {
    times: u32,
    last: Instant,
}

impl Failures {
    /// How long a caller from `address` has to wait before a failed login is looked at; zero if it
    /// need not.
    pub fn pause(&self, address: IpAddr) -> Duration {
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(&network(address)).map_or(Duration::ZERO, Failed::pause)
    }

    /// Notes a failed login.
    pub fn note(&self, address: IpAddr) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= MAX_NETWORKS {
            failed.clear();
        }
        let (now, network) = (Instant::now(), network(address));
        let entry = failed.entry(network).or_insert(Failed { times: 0, last: now });
        if now.duration_since(entry.last) > FORGET_AFTER {
            entry.times = 0;
        }
        (entry.times, entry.last) = (entry.times.saturating_add(1), now);
    }
}

impl Failed {
    fn pause(&self) -> Duration {
        let Some(beyond) = self.times.checked_sub(FREE) else { return Duration::ZERO };
        let pause = FIRST_PAUSE * 2u32.pow(beyond.min(6));
        pause.min(LONGEST_PAUSE).saturating_sub(self.last.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    #[tokio::test(start_paused = true)]
    async fn the_pause_grows_with_failures_and_ends_and_is_that_of_one_network() {
        let failures = Failures::default();
        for _ in 0..4 {
            failures.note(HERE);
        }
        assert_eq!(failures.pause(HERE), Duration::ZERO);
        failures.note(HERE);
        assert_eq!(failures.pause(HERE), Duration::from_secs(1));
        failures.note(HERE);
        assert_eq!(failures.pause(HERE), Duration::from_secs(2));
        for _ in 0..100 {
            failures.note(HERE);
        }
        assert_eq!(failures.pause(HERE), Duration::from_secs(60));
        assert_eq!(failures.pause([10, 0, 0, 2].into()), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(failures.pause(HERE), Duration::ZERO);
        tokio::time::advance(FORGET_AFTER).await;
        failures.note(HERE);
        assert_eq!(failures.pause(HERE), Duration::ZERO);
    }
}
