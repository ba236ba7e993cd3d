//! Requests at a steady rate, which know when each was answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::{Failure, clock};

/// Requests that are sent to a service until [`stop`](Self::stop).
pub struct Load {
    sender: JoinSet<()>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    is_over: AtomicBool,
    answered: Mutex<Vec<u64>>,
    failed: AtomicBool,
}

impl Load {
    /// Sends `rate` requests a second to the service at `url`.
    ///
    /// # Errors
    /// The HTTP client cannot be created.
    pub fn start(url: &str, rate: u32) -> Result<Self, Failure> {
        let http =
            reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
        let known = Arc::<Known>::default();
        let mut sender = JoinSet::new();
        sender.spawn(send(http, url.to_owned(), rate, known.clone()));
        Ok(Self { sender, known })
    }

    /// Stops, and waits for the requests that are under way. Returns when each request was answered,
    /// in nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// A request was not answered.
    pub async fn stop(mut self) -> Result<Vec<u64>, Failure> {
        self.known.is_over.store(true, Ordering::Relaxed);
        while self.sender.join_next().await.is_some() {}
        if self.known.failed.load(Ordering::Relaxed) {
            return Err("a request of the load was not answered".into());
        }
        let answered = self.known.answered.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(answered.clone())
    }
}

async fn send(http: reqwest::Client, url: String, rate: u32, known: Arc<Known>) {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut requests = JoinSet::new();
    for number in 0_u64.. {
        pace.tick().await;
        if known.is_over.load(Ordering::Relaxed) {
            break;
        }
        let (request, known) = (http.get(format!("{url}/items/{}", number % 1_000)), known.clone());
        requests.spawn(async move {
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {
                    let mut answered =
                        known.answered.lock().unwrap_or_else(PoisonError::into_inner);
                    answered.push(clock::now());
                }
                _ => known.failed.store(true, Ordering::Relaxed),
            }
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
}
