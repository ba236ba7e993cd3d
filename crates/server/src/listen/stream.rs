//! A connection's socket, which gives up on a peer that does not read.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What a peer must take in each stretch of waiting: about 1 KiB/s, far below any link of today.
const MIN_BYTES: usize = 32 * 1024;

/// A socket whose writes fail when the peer takes less than [`MIN_BYTES`] in `within`, though there
/// is more to take.
pub(super) struct Stream {
    socket: TcpStream,
    within: Duration,
    stalled: Option<Stall>,
}

/// Since the socket first had no room.
struct Stall {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl Stream {
    /// Watches `socket`.
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

    /// The peer has taken `n` bytes; enough of them end the stretch.
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

    /// Comes when everything has been written: the peer keeps up.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stalled = None;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
