//! Bodies of requests, with a limit of time, and of answers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use super::table::PendingRequest;
use crate::door::body::BodyError;

/// Largest piece of an answer, in bytes. HTTP/2 accepts a whole frame of a body as soon as its
/// client has room for one byte. Answers are therefore cut into pieces, so that at most this much
/// of each is not accounted for.
const PIECE: usize = 16 * 1024;

/// Body of an answer, which reports to the connection table how much of it the client has read.
pub(super) struct Answer {
    body: Body,
    /// Rest of the current frame. `frame` is the length of the whole frame.
    rest: Bytes,
    frame: usize,
    request: PendingRequest,
}

impl Answer {
    /// The answer to `request`.
    pub fn new(body: Body, request: PendingRequest) -> Self {
        Self { body, rest: Bytes::new(), frame: 0, request }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            self.request.waits_for_us();
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => (self.frame, self.rest) = (data.len(), data),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        let held = self.frame;
        self.request.waits_for_client(held);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// Body of a request, with a limit of time.
pub(super) struct RequestBody {
    body: Incoming,
    within: Duration,
    late: Pin<Box<Sleep>>,
}

impl RequestBody {
    /// Limits `body` to the time `within`.
    pub fn new(body: Incoming, within: Duration) -> Self {
        Self { body, within, late: Box::pin(tokio::time::sleep(within)) }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            ready!(self.late.as_mut().poll(context));
            return Poll::Ready(Some(Err(BodyError::TooSlow(self.within))));
        };
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(BodyError::Broken)?;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
