//! Reads request bodies, with limits on size, time and memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Limits;
use super::rejection::Rejection;

/// How long the rest of a refused body is read and discarded, so that the answer reaches the
/// client.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes in memory that count against the receiver's budget until they are dropped.
pub(super) struct HeldBody {
    pub bytes: Vec<u8>,
    budget: Arc<Semaphore>,
    paid: OwnedSemaphorePermit,
}

/// Reads all of `body`, up to `at_most` bytes.
///
/// # Errors
/// [`Rejection::TooLarge`], [`Rejection::TooSlow`], [`Rejection::NoRoom`] when the `budget` is
/// exhausted, [`Rejection::Broken`] when the client disconnected or violated the protocol.
pub(super) async fn read(
    body: &mut Body,
    at_most: usize,
    limits: &Limits,
    budget: &Arc<Semaphore>,
) -> Result<HeldBody, Rejection> {
    if body.size_hint().lower() > at_most as u64 {
        return Err(Rejection::TooLarge { limit: at_most });
    }
    let within = limits.body_timeout;
    tokio::time::timeout(within, collect(body, at_most, HeldBody::nothing(budget)?))
        .await
        .unwrap_or(Err(Rejection::TooSlow { within }))
}

async fn collect(
    body: &mut Body,
    at_most: usize,
    mut held: HeldBody,
) -> Result<HeldBody, Rejection> {
    while let Some(frame) = body.frame().await {
        // Trailers are not used.
        if let Ok(data) = frame.map_err(Rejection::Broken)?.into_data() {
            held.append(&data, at_most)?;
        }
    }
    held.trim();
    Ok(held)
}

/// Reads and discards the rest of a body for at most `DISCARD_TIMEOUT`, because an HTTP/1.1 client
/// that is still writing when the server closes the connection may lose the answer.
pub(super) async fn discard(body: &mut Body) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // What is not received in time is discarded when the connection is closed.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, all).await;
}

impl HeldBody {
    /// An empty body that counts against `budget`.
    fn nothing(budget: &Arc<Semaphore>) -> Result<Self, Rejection> {
        let paid = budget.clone().try_acquire_many_owned(0).map_err(|_| Rejection::NoRoom)?;
        Ok(Self { bytes: Vec::new(), budget: budget.clone(), paid })
    }

    /// An empty body that counts against the same budget.
    pub fn another(&self) -> Result<Self, Rejection> {
        Self::nothing(&self.budget)
    }

    /// Appends `data`. More than `at_most` bytes in total are an error.
    pub fn append(&mut self, data: &[u8], at_most: usize) -> Result<(), Rejection> {
        let wanted = self.bytes.len() + data.len();
        if wanted > at_most {
            return Err(Rejection::TooLarge { limit: at_most });
        }
        if wanted > self.bytes.capacity() {
            self.grow(wanted.max(2 * self.bytes.capacity()).min(at_most))?;
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }

    /// Frees the room that is not used, because a body may wait for long.
    fn trim(&mut self) {
        let unused = self.bytes.capacity();
        self.bytes.shrink_to_fit();
        let unused = unused.saturating_sub(self.bytes.capacity());
        drop(self.paid.split(unused));
    }

    /// Makes room for `capacity` bytes in total. The capacity counts against the budget, used or
    /// not.
    fn grow(&mut self, capacity: usize) -> Result<(), Rejection> {
        let price = u32::try_from(capacity - self.bytes.capacity());
        let price = price.map_err(|_| Rejection::NoRoom)?;
        let more = self.budget.clone().try_acquire_many_owned(price);
        self.paid.merge(more.map_err(|_| Rejection::NoRoom)?);
        self.bytes.reserve_exact(capacity - self.bytes.len());
        Ok(())
    }
}
