//! Takes the bytes of an answer of the allowance of its caller, also while the answer is streamed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use crate::identity::{Caller, Guard};

/// The answer to `caller`, whose bytes count as they are sent.
pub(super) fn metered(response: Response, guard: &Arc<Guard>, caller: &Caller) -> Response {
    let (guard, caller) = (guard.clone(), caller.clone());
    response.map(|body| Body::new(Metered { body, guard, caller }))
}

struct Metered {
    body: Body,
    guard: Arc<Guard>,
    caller: Caller,
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.guard.answered(&self.caller, data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
