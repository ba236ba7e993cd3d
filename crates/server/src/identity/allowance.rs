//! How many requests and bytes one caller may have in a time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Requests a second of one caller in the long run, and at once after a pause. A dashboard of many
/// panels stays far below.
const REQUESTS_A_SECOND: f64 = 50.0;
const REQUESTS_AT_ONCE: f64 = 500.0;
/// Bytes of answers a second of one caller in the long run, and at once after a pause.
const BYTES_A_SECOND: f64 = (32 << 20) as f64;
const BYTES_AT_ONCE: f64 = (1u64 << 30) as f64;
/// The most callers that are remembered; when there are more, those that have their whole allowance
/// are forgotten.
const MAX_CALLERS: usize = 10_000;

/// The allowances of all callers, by name.
#[derive(Default)]
pub(super) struct Allowances(Mutex<HashMap<String, Allowance>>);

struct Allowance {
    requests: f64,
    bytes: f64,
    at: Instant,
}

impl Allowances {
    /// Takes one request of `caller`. `Err` is the time after which there is one again.
    pub fn request(&self, caller: &str) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_CALLERS {
            let now = Instant::now();
            all.retain(|_, allowance| !allowance.filled(now).is_whole());
        }
        let allowance = all.entry(caller.to_owned()).or_insert_with(Allowance::whole);
        *allowance = allowance.filled(Instant::now());
        if allowance.requests < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - allowance.requests) / REQUESTS_A_SECOND));
        }
        if allowance.bytes < 0.0 {
            return Err(Duration::from_secs_f64(-allowance.bytes / BYTES_A_SECOND));
        }
        allowance.requests -= 1.0;
        Ok(())
    }

    /// Takes the bytes of an answer of `caller`, which may be more than are left: the next request
    /// then waits.
    pub fn answered(&self, caller: &str, bytes: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = all.get_mut(caller) {
            allowance.bytes -= bytes as f64;
        }
    }
}

impl Allowance {
    fn whole() -> Self {
        Self { requests: REQUESTS_AT_ONCE, bytes: BYTES_AT_ONCE, at: Instant::now() }
    }

    fn filled(&self, now: Instant) -> Self {
        let seconds = now.duration_since(self.at).as_secs_f64();
        Self {
            requests: (self.requests + seconds * REQUESTS_A_SECOND).min(REQUESTS_AT_ONCE),
            bytes: (self.bytes + seconds * BYTES_A_SECOND).min(BYTES_AT_ONCE),
            at: now,
        }
    }

    fn is_whole(&self) -> bool {
        self.requests >= REQUESTS_AT_ONCE && self.bytes >= BYTES_AT_ONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_asks_without_pause_waits_and_the_others_do_not() {
        let allowances = Allowances::default();
        for _ in 0..500 {
            assert_eq!(allowances.request("ana"), Ok(()));
        }
        let wait = allowances.request("ana").unwrap_err();
        assert!(wait <= Duration::from_millis(20), "{wait:?}");
        assert_eq!(allowances.request("ben"), Ok(()));
        tokio::time::advance(Duration::from_millis(20)).await;
        assert_eq!(allowances.request("ana"), Ok(()));
        assert!(allowances.request("ana").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_read_too_much_waits_until_it_is_paid_off() {
        let allowances = Allowances::default();
        allowances.request("ana").unwrap();
        allowances.answered("ana", (1 << 30) + (64 << 20));
        assert_eq!(allowances.request("ana"), Err(Duration::from_secs(2)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(allowances.request("ana"), Ok(()));
    }
}
