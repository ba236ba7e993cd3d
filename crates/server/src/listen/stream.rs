//! A socket whose writes fail if the peer reads too slowly.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Bytes that a peer must read in each period of waiting: about 1 KiB/s, far below the speed of any
/// link.
const MIN_BYTES: usize = 32 * 1024;

/// A socket whose writes fail if the peer reads less than [`MIN_BYTES`] in the time `within` while
/// more data waits.
pub(super) struct Stream {
    socket: TcpStream,
    within: Duration,
    stalled: Option<Stall>,
}

/// A period of waiting, which began when the socket had no room.
struct Stall {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl Stream {
    /// Wraps `socket`.
    pub fn new(socket: TcpStream, within: Duration) -> Self {
        Self { socket, within, stalled: None }
    }

    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(written) => {
                let n = *written.as_ref().unwrap_or(&0);
                self.stalled = self.stalled.take().and_then(|stalled| stalled.after(n));
                Poll::Ready(written)
            }
            Poll::Pending => {
                let within = self.within;
                let stalled = self.stalled.get_or_insert_with(|| Stall::of(within));
                ready!(stalled.until.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the peer does not read")))
            }
        }
    }
}

impl Stall {
    fn of(within: Duration) -> Self {
        Self { until: Box::pin(tokio::time::sleep(within)), taken: 0 }
    }

    /// Records that the peer has read `n` bytes. Enough bytes end the period of waiting.
    fn after(mut self, n: usize) -> Option<Self> {
        self.taken += n;
        (self.taken < MIN_BYTES).then_some(self)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, bytes);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// Flushes, and ends the time for which a write has waited: callers flush when all is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stalled = None;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
