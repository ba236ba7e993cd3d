//! Bodies of requests: a limit of each route, and one for all bodies of a port together.
//!
//! The size is counted as the body is received, because a client may announce none. What a body takes is
//! given back when its request is answered, because the handler holds what it has read until then.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{StatusCode, Version, header};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;

/// Largest body, in bytes, of a route that names no other limit.
pub const DEFAULT_BODY_BYTES: usize = 64 << 10;
/// Largest body, in bytes, of a route whose questions may be long.
pub const LARGE_BODY_BYTES: usize = 1 << 20;

/// Largest size of all bodies of a port together, in bytes.
const MAX_TOTAL_BYTES: usize = 32 << 20;
/// The part of [`MAX_TOTAL_BYTES`] that a body may take after its first [`DEFAULT_BODY_BYTES`], so that
/// short questions have room next to long ones. A handler may need a multiple of it to read the body.
const MAX_TOTAL_OF_LARGE_BYTES: usize = 4 << 20;
/// How long the rest of a refused body is received and discarded. A client that is still sending when
/// the connection is closed may lose the answer.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the server did not receive the whole body of a request, or stopped reading.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body is larger than the route allows.
    #[error("the body of the request has more than {limit} bytes: send less")]
    TooLarge {
        /// The limit of the route, in bytes.
        limit: usize,
    },
    /// The bodies of other requests take all the memory that they may.
    #[error("the bodies of other requests take all memory for bodies: send the request again")]
    NoRoom,
    /// The end of the body was not received in time.
    #[error("the body of the request was not received within {0:?}")]
    TooSlow(Duration),
    /// The connection ended before the body.
    #[error("the connection ended before the end of the request")]
    Broken(#[source] hyper::Error),
}

/// The limits of the bodies of one route.
#[derive(Clone)]
pub(super) struct BodyLimit {
    /// Largest body, in bytes.
    pub bytes: usize,
    /// What the bodies of the port take, in bytes.
    pub taken: Arc<AtomicUsize>,
}

/// What the body of one request takes; dropping it gives the bytes back.
struct Share {
    of: Arc<AtomicUsize>,
    bytes: AtomicUsize,
}

/// A body with its limits.
struct LimitedBody {
    body: Body,
    limit: usize,
    received: usize,
    share: Arc<Share>,
    /// Whether the client sends the body without waiting for a go-ahead.
    is_sent_anyway: bool,
    /// Why the body is refused, and when its rest is discarded no longer.
    refused: Option<(BodyError, Pin<Box<Sleep>>)>,
    has_ended: bool,
}

/// Middleware that limits the body of a request.
pub(super) async fn limit(
    State(BodyLimit { bytes, taken }): State<BodyLimit>,
    request: Request,
    next: Next,
) -> Response {
    let share = Arc::new(Share { of: taken, bytes: AtomicUsize::new(0) });
    let is_sent_anyway =
        request.version() < Version::HTTP_2 && !request.headers().contains_key(header::EXPECT);
    let held = share.clone();
    let request = request.map(|body| {
        Body::new(LimitedBody {
            body,
            limit: bytes,
            received: 0,
            share,
            is_sent_anyway,
            refused: None,
            has_ended: false,
        })
    });
    let response = next.run(request).await;
    drop(held);
    response
}

impl BodyError {
    /// The error of a body among the causes of `error`, which an extractor or a reader has.
    pub fn of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(known) = error.downcast_ref::<Self>() {
                return Some(known);
            }
            cause = error.source();
        }
        None
    }

    /// The status of the answer: 413, 503, 408 or 400.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl Share {
    /// Takes `bytes` more, if all bodies have at most `total` bytes then.
    fn take(&self, bytes: usize, total: usize) -> Result<(), BodyError> {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= total);
        self.of
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map_err(|_| BodyError::NoRoom)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

impl LimitedBody {
    /// Checks that `bytes` more may be received.
    fn admit(&mut self, bytes: usize) -> Result<(), BodyError> {
        let limit = self.limit;
        let received = self.received.saturating_add(bytes);
        if received > limit {
            return Err(BodyError::TooLarge { limit });
        }
        self.received = received;
        let total = match received > DEFAULT_BODY_BYTES {
            true => MAX_TOTAL_OF_LARGE_BYTES,
            false => MAX_TOTAL_BYTES,
        };
        self.share.take(bytes, total)
    }

    fn refuse(&mut self, error: BodyError) {
        self.refused = Some((error, Box::pin(tokio::time::sleep(DISCARD_TIMEOUT))));
    }

    /// Discards the rest of a refused body, as far as a client would otherwise lose the answer.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_sent_anyway {
            return Poll::Ready(());
        }
        if let Some((_, late)) = &mut self.refused
            && late.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(());
        }
        while let Some(Ok(_)) = ready!(Pin::new(&mut self.body).poll_frame(context)) {}
        Poll::Ready(())
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let limit = self.limit;
        if self.refused.is_none() && self.body.size_hint().lower() > (limit - self.received) as u64
        {
            self.refuse(BodyError::TooLarge { limit });
        }
        if self.refused.is_none() {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                return Poll::Ready(None);
            };
            let frame = frame?;
            match self.admit(frame.data_ref().map_or(0, Bytes::len)) {
                Ok(()) => return Poll::Ready(Some(Ok(frame))),
                Err(error) => self.refuse(error),
            }
        }
        ready!(self.poll_discard(context));
        let refused = self.refused.take();
        self.has_ended = true;
        Poll::Ready(refused.map(|(error, _)| Err(axum::Error::new(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.refused.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// A body of `bytes` of a route that takes large ones.
    fn large(taken: &Arc<AtomicUsize>, bytes: usize) -> LimitedBody {
        LimitedBody {
            body: Body::from(vec![0; bytes]),
            limit: LARGE_BODY_BYTES,
            received: 0,
            share: Arc::new(Share { of: taken.clone(), bytes: AtomicUsize::new(0) }),
            is_sent_anyway: true,
            refused: None,
            has_ended: false,
        }
    }

    /// Receives one frame of `body`.
    async fn receive(body: &mut LimitedBody) -> Result<usize, String> {
        match body.frame().await.unwrap() {
            Ok(frame) => Ok(frame.into_data().unwrap().len()),
            Err(error) => Err(BodyError::of(&error).unwrap().to_string()),
        }
    }

    #[tokio::test]
    async fn all_bodies_together_have_a_limit_and_small_ones_have_room_next_to_large_ones() {
        let taken = Arc::default();
        let mut under_way: Vec<_> = (0..4).map(|_| large(&taken, LARGE_BODY_BYTES)).collect();
        for body in &mut under_way {
            assert_eq!(receive(body).await, Ok(LARGE_BODY_BYTES));
        }
        let refused = receive(&mut large(&taken, DEFAULT_BODY_BYTES + 1)).await.unwrap_err();
        assert!(refused.contains("send the request again"), "{refused}");
        let small: Vec<_> = (0..448).map(|_| large(&taken, DEFAULT_BODY_BYTES)).collect();
        let mut held = Vec::new();
        for mut body in small {
            assert_eq!(receive(&mut body).await, Ok(DEFAULT_BODY_BYTES));
            held.push(body);
        }
        assert_eq!(taken.load(Ordering::Relaxed), MAX_TOTAL_BYTES);
        receive(&mut large(&taken, 1)).await.unwrap_err();
        drop((held, under_way));
        assert_eq!(taken.load(Ordering::Relaxed), 0);
        assert_eq!(receive(&mut large(&taken, LARGE_BODY_BYTES)).await, Ok(LARGE_BODY_BYTES));
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
