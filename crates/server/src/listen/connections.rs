//! Connections over HTTP/1.1 or HTTP/2, with or without TLS: accepted up to a limit, and closed
//! without aborting requests.
//!
//! Idle connections yield: when a port is full, an idle connection is closed for a new one. A
//! client has a time limit for its first byte, for the head of a request, and for reading a piece
//! of an answer.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};

use super::answer::Answer;
use super::peer::Peer;
use super::share;
use super::stream::Stream;
use super::table::{ConnectionTable, Seat, SeatGuard};
use super::tls::Tls;

/// Limits of one port.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Largest number of open connections. A further connection closes an idle one, or waits while
    /// none is idle.
    pub connections: usize,
    /// Largest number of concurrent streams of one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of answers that may wait for slow readers. Above this limit, the connection of the
    /// slowest reader is closed. A single answer may be longer.
    pub unread_bytes: usize,
    /// Longest time that a client may take to read a piece of an answer: 16 KiB of one answer, or
    /// 32 KiB of all answers that its connection sends.
    pub answer_timeout: Duration,
    /// Longest time until the first byte of a connection; also the longest time that an HTTP/1.1
    /// connection may be silent, or in the middle of headers.
    pub headers_timeout: Duration,
}

/// Pause before the next attempt when no file handle is left for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);
/// Interval of the search for overdue answers and idle connections.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval of HTTP/2 keep-alive pings.
const PING_INTERVAL: Duration = Duration::from_secs(60);
/// Longest time until the answer to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Buffer of an HTTP/1.1 connection in each direction, in bytes. A head must fit.
const HTTP1_BUFFER: usize = 64 * 1024;

/// Serves connections to `listener`, over TLS if `tls` is given, until `stop`. Then waits until the
/// open connections have answered their requests. The streams of HTTP/2 run on `streams`, for which
/// the caller waits.
pub async fn serve<H, F>(
    listener: TcpListener,
    tls: Option<Tls>,
    limits: ConnectionLimits,
    answer: H,
    streams: TaskTracker,
    stop: CancellationToken,
) where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let limits = ConnectionLimits { connections: share::connections(limits.connections), ..limits };
    let table = ConnectionTable::new(limits.unread_bytes, limits.answer_timeout);
    let open = JoinSet::new();
    let mut port = Port { limits, tls, table, answer, streams, stop, open, accepts: true };
    port.accept_all(listener).await;
    port.drain().await;
}

/// One listener and its connections.
struct Port<H> {
    limits: ConnectionLimits,
    tls: Option<Tls>,
    table: Arc<ConnectionTable>,
    answer: H,
    streams: TaskTracker,
    stop: CancellationToken,
    open: JoinSet<()>,
    /// Whether the last connection could be accepted, for the log.
    accepts: bool,
}

impl<H, F> Port<H>
where
    H: Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    async fn accept_all(&mut self, listener: TcpListener) {
        let mut look = tokio::time::interval(LOOK_INTERVAL.min(self.limits.answer_timeout));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // A connection that was accepted and waits for room.
        let mut waiting = None;
        // Accepting pauses until this time.
        let mut pause = None;
        let (stop, table) = (self.stop.clone(), self.table.clone());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(ended) = self.open.join_next() => { notice_panic(ended); pause = None }
                _ = look.tick() => self.end_overdue(),
                () = table.idle(), if waiting.is_some() => {}
                () = until(pause), if pause.is_some() => pause = None,
                accepted = listener.accept(), if waiting.is_none() && pause.is_none() => match accepted {
                    Ok(connection) => waiting = Some(connection),
                    Err(error) => pause = self.could_not_accept(&error),
                },
            }
            waiting = waiting.and_then(|connection| self.seat(connection));
        }
    }

    /// Serves a connection if there is room, and otherwise returns it. A full port closes an idle
    /// connection to make room.
    fn seat(&mut self, waiting: (TcpStream, SocketAddr)) -> Option<(TcpStream, SocketAddr)> {
        if self.table.len() >= self.limits.connections && !self.table.make_room() {
            return Some(waiting);
        }
        // A connection that is closing is not in the table any more, but its task may still run.
        if self.open.len() < self.limits.connections + self.limits.connections.div_ceil(8) {
            let (socket, peer) = waiting;
            let seat = self.table.enter();
            let connection = connection(socket, peer, self.answer.clone(), seat, self.context());
            self.open.spawn(connection);
            if !std::mem::replace(&mut self.accepts, true) {
                info!("connections can be accepted again");
            }
            return None;
        }
        Some(waiting)
    }

    /// Handles an error of `accept`: if it concerns the whole port, as when no file handle is left,
    /// closes one idle connection, and returns the time until which accepting pauses.
    fn could_not_accept(&mut self, error: &io::Error) -> Option<Instant> {
        if is_peers(error) {
            return None;
        }
        self.table.make_room();
        if std::mem::replace(&mut self.accepts, false) {
            warn!(%error, "cannot accept connections; closing idle ones");
        }
        Some(Instant::now() + ACCEPT_AGAIN)
    }

    fn end_overdue(&self) {
        let ended = self.table.end_overdue(Instant::now());
        if ended > 0 {
            info!(ended, "closed connections that were idle or whose clients do not read");
        }
    }

    /// Waits for the open connections. The limits for slow readers still apply.
    async fn drain(&mut self) {
        let mut look = tokio::time::interval(LOOK_INTERVAL.min(self.limits.answer_timeout));
        loop {
            tokio::select! {
                ended = self.open.join_next() => match ended {
                    Some(ended) => notice_panic(ended),
                    None => return,
                },
                _ = look.tick() => self.end_overdue(),
            }
        }
    }

    fn context(&self) -> Context {
        Context {
            limits: self.limits.clone(),
            tls: self.tls.clone(),
            streams: self.streams.clone(),
            stop: self.stop.clone(),
        }
    }
}

async fn until(when: Option<Instant>) {
    if let Some(when) = when {
        tokio::time::sleep_until(when).await;
    }
}

/// Whether the error concerns only the connection that was about to be accepted.
fn is_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Settings of the port that a connection needs.
struct Context {
    limits: ConnectionLimits,
    tls: Option<Tls>,
    streams: TaskTracker,
    stop: CancellationToken,
}

async fn connection<H, F>(
    socket: TcpStream,
    address: SocketAddr,
    answer: H,
    seated: SeatGuard,
    context: Context,
) where
    H: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response> + Send + 'static,
{
    let Context { limits, tls, streams, stop } = context;
    let seat = &seated.0;
    let Some(first) = first_byte(&socket, limits.headers_timeout, seat, &stop).await else {
        return;
    };
    // Answers are often one small packet. An error here only costs latency.
    let _ = socket.set_nodelay(true);
    let stream = Stream::new(socket, limits.answer_timeout);
    let Some(tls) = tls else {
        let peer = Peer::unencrypted(address);
        return requests(stream, peer, answer, seat, &limits, streams, &stop).await;
    };
    if first != HANDSHAKE {
        return says_https(stream).await;
    }
    let accepted = tokio::select! {
        () = stop.cancelled() => return,
        () = seat.hung_up() => return,
        accepted = tls.accept(stream) => accepted,
    };
    match accepted {
        Ok((stream, shown)) => {
            let is_certified = shown.is_some();
            let certificate = shown.flatten();
            let peer = Peer { address, certificate, is_certified, is_encrypted: true };
            requests(stream, peer, answer, seat, &limits, streams, &stop).await;
        }
        Err(error) => debug!(%error, %address, "a TLS handshake failed"),
    }
}

/// Serves the requests of one connection, whose protocol is decided by its first bytes.
async fn requests<S, H, F>(
    stream: S,
    peer: Peer,
    answer: H,
    seat: &Arc<Seat>,
    limits: &ConnectionLimits,
    streams: TaskTracker,
    stop: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response> + Send + 'static,
{
    let seat_of_requests = seat.clone();
    let service = service_fn(move |request| {
        let (request_guard, answer) =
            (seat_of_requests.begin_request(), answer(request, peer.clone()));
        async { Ok::<_, Infallible>(answer.await.map(|body| Answer::new(body, request_guard))) }
    });
    let builder = protocols(limits, streams);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = seat.hung_up() => {
            connection.as_mut().graceful_shutdown();
            // Sends a graceful close if the socket has room for it, and does not wait for an
            // answer.
            tokio::select! { biased; ended = connection => ended, () = ready(()) => Ok(()) }
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! { ended = connection => ended, () = seat.hung_up() => Ok(()) }
        }
    };
    if let Err(error) = ended {
        debug!(%error, "connection ended early");
    }
}

/// The first byte of a TLS connection: the content type of a handshake. Source: RFC 8446, 5.1.
const HANDSHAKE: u8 = 22;

/// What is read, and how long, of a client that speaks HTTP without TLS, so that it reads its answer.
const MAX_DISCARDED: usize = 1 << 20;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// Tells a client that speaks HTTP without TLS that this port has TLS.
async fn says_https(mut stream: Stream) {
    const ANSWER: &str =
        "{\"error\":\"this port speaks TLS\",\"hint\":\"write https:// in the URL\"}\n";
    let head =
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{ANSWER}", ANSWER.len());
    // The client may be gone, or not speak HTTP: then there is nothing to tell.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    // A close with unread bytes would reset the connection, and take the answer from the client.
    let mut rest = [0; 4_096];
    let drained = async {
        let mut left = MAX_DISCARDED;
        while let Ok(read @ 1..) = stream.read(&mut rest).await
            && left > read
        {
            left -= read;
        }
    };
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, drained).await;
}

/// Waits for the first byte, which decides between HTTP/1.1, HTTP/2 and TLS. hyper has no time limit
/// for it.
async fn first_byte(
    socket: &TcpStream,
    within: Duration,
    seat: &Seat,
    stop: &CancellationToken,
) -> Option<u8> {
    let mut byte = [0];
    tokio::select! {
        () = stop.cancelled() => None,
        () = seat.hung_up() => None,
        peeked = tokio::time::timeout(within, socket.peek(&mut byte)) => {
            matches!(peeked, Ok(Ok(1))).then_some(byte[0])
        }
    }
}

fn protocols(limits: &ConnectionLimits, streams: TaskTracker) -> Builder<StreamExecutor> {
    let mut builder = Builder::new(StreamExecutor(streams));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers_timeout)
        .max_buf_size(HTTP1_BUFFER)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

fn notice_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!(%error, "the task of a connection panicked; its requests are not answered");
    }
}

/// Runs the streams of HTTP/2 on a tracker for which the owner of the port waits.
#[derive(Clone)]
struct StreamExecutor(TaskTracker);

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}
