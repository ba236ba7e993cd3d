//! The open connections of one port, and the choice of the connection to close when there is no
//! room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Longest time that a connection may be idle: ten times a common export interval of one minute.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// The open connections of one port.
pub(super) struct ConnectionTable {
    /// Bytes of answers that may wait for clients to read.
    max_unread_bytes: usize,
    /// Longest time that a client may leave an answer unread.
    answer_timeout: Duration,
    open: Mutex<Open>,
    /// Signalled when a connection becomes idle.
    idle: Notify,
}

#[derive(Default)]
struct Open {
    last_number: u64,
    connections: BTreeMap<u64, Connection>,
    /// Answers that wait for their clients, by the start of the wait and the number of the request.
    unread: BTreeMap<(Instant, u64), UnreadAnswer>,
    unread_bytes: usize,
}

struct UnreadAnswer {
    connection: u64,
    /// Memory of the answer, in bytes.
    bytes: usize,
}

struct Connection {
    hang_up: CancellationToken,
    /// Requests whose answers have not been sent completely.
    requests: usize,
    /// Whether the connection has carried a whole request.
    proven: bool,
    /// Time at which the connection became idle.
    since: Instant,
}

/// The place of one connection in its table.
pub(super) struct Seat {
    table: Arc<ConnectionTable>,
    number: u64,
    hang_up: CancellationToken,
}

/// A seat that is released with its connection, even when requests outlive the connection.
pub(super) struct SeatGuard(pub Arc<Seat>);

/// One request, from its head until the last byte of its answer is sent.
pub(super) struct PendingRequest {
    seat: Arc<Seat>,
    number: u64,
    /// Start of the time that the answer has waited for the client to read.
    waits_since: Option<Instant>,
}

impl ConnectionTable {
    /// An empty table.
    pub fn new(max_unread_bytes: usize, answer_timeout: Duration) -> Arc<Self> {
        let (open, idle) = (Mutex::default(), Notify::new());
        Arc::new(Self { max_unread_bytes, answer_timeout, open, idle })
    }

    /// Adds a connection. The table contains it until the returned seat is dropped.
    pub fn enter(self: &Arc<Self>) -> SeatGuard {
        let hang_up = CancellationToken::new();
        let connection = Connection {
            hang_up: hang_up.clone(),
            requests: 0,
            proven: false,
            since: Instant::now(),
        };
        let mut open = self.open();
        open.last_number += 1;
        let number = open.last_number;
        open.connections.insert(number, connection);
        SeatGuard(Arc::new(Seat { table: self.clone(), number, hang_up }))
    }

    /// Number of open connections that are not being closed.
    pub fn len(&self) -> usize {
        self.open().connections.len()
    }

    /// Closes one idle connection. Connections that never carried a request are closed first, then
    /// those that have been idle longest. Returns whether an idle connection existed.
    pub fn make_room(&self) -> bool {
        let mut open = self.open();
        let idle = open.connections.iter().filter(|(_, connection)| connection.requests == 0);
        let least = idle.min_by_key(|(_, connection)| (connection.proven, connection.since));
        let least = least.map(|(number, _)| *number);
        least.is_some_and(|number| open.hang_up(number))
    }

    /// Waits until a connection becomes idle, or has become idle since the last call.
    pub async fn idle(&self) {
        self.idle.notified().await;
    }

    /// Closes connections whose client has left an answer unread for too long, and connections that
    /// have been idle for too long. Returns their number.
    pub fn end_overdue(&self, now: Instant) -> usize {
        let mut open = self.open();
        let unread = open.unread.iter().map(|((since, _), unread)| (*since, unread.connection));
        let unread =
            unread.take_while(|(since, _)| now.duration_since(*since) > self.answer_timeout);
        let idle = open.connections.iter().filter(|(_, connection)| {
            connection.requests == 0 && now.duration_since(connection.since) > IDLE_TIMEOUT
        });
        let overdue: Vec<u64> =
            unread.map(|(_, number)| number).chain(idle.map(|(number, _)| *number)).collect();
        overdue.into_iter().filter(|number| open.hang_up(*number)).count()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // No code that holds this lock panics in the middle of a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Signals a connection to close. The connection is no longer counted, though its task may
    /// still run. Returns whether the connection was open.
    fn hang_up(&mut self, number: u64) -> bool {
        let connection = self.connections.remove(&number);
        let its = self.unread.extract_if(.., |_, unread| unread.connection == number);
        self.unread_bytes -= its.map(|(_, unread)| unread.bytes).sum::<usize>();
        connection.inspect(|connection| connection.hang_up.cancel()).is_some()
    }

    /// Closes the connections whose clients have left answers unread longest, until at most `most`
    /// bytes or a single answer are unread.
    fn shed_unread(&mut self, most: usize) {
        while self.unread_bytes > most && self.unread.len() > 1 {
            let Some((_, longest)) = self.unread.first_key_value() else { return };
            self.hang_up(longest.connection);
        }
    }
}

impl Seat {
    /// Completes when this connection has to close.
    pub async fn hung_up(&self) {
        self.hang_up.cancelled().await;
    }

    /// Records a new request.
    pub fn begin_request(self: &Arc<Self>) -> PendingRequest {
        let mut open = self.table.open();
        open.last_number += 1;
        if let Some(connection) = open.connections.get_mut(&self.number) {
            connection.requests += 1;
        }
        PendingRequest { seat: self.clone(), number: open.last_number, waits_since: None }
    }
}

impl PendingRequest {
    /// Records that a piece of an answer, of `bytes`, waits for the client. When clients leave too
    /// much unread, those that have done so longest are disconnected.
    pub fn waits_for_client(&mut self, bytes: usize) {
        self.waits_for_us();
        let (now, table) = (Instant::now(), &self.seat.table);
        let mut open = table.open();
        if !open.connections.contains_key(&self.seat.number) {
            return;
        }
        self.waits_since = Some(now);
        open.unread
            .insert((now, self.number), UnreadAnswer { connection: self.seat.number, bytes });
        open.unread_bytes += bytes;
        open.shed_unread(table.max_unread_bytes);
    }

    /// Records that the client has read everything that was written.
    pub fn waits_for_us(&mut self) {
        if let Some(since) = self.waits_since.take() {
            let mut open = self.seat.table.open();
            let unread = open.unread.remove(&(since, self.number));
            open.unread_bytes -= unread.map_or(0, |unread| unread.bytes);
        }
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.waits_for_us();
        let mut open = self.seat.table.open();
        if let Some(connection) = open.connections.get_mut(&self.seat.number) {
            connection.requests -= 1;
            connection.proven = true;
            connection.since = Instant::now();
            if connection.requests == 0 {
                self.seat.table.idle.notify_one();
            }
        }
    }
}

impl Drop for SeatGuard {
    fn drop(&mut self) {
        self.0.table.open().hang_up(self.0.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(1);
    const LATE: Duration = Duration::from_secs(31);

    fn table(max_unread_bytes: usize) -> Arc<ConnectionTable> {
        ConnectionTable::new(max_unread_bytes, Duration::from_secs(30))
    }

    fn has_ended(seated: &SeatGuard) -> bool {
        seated.0.hang_up.is_cancelled()
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_asked_makes_room_first_and_then_who_asked_longest_ago() {
        let table = table(9);
        let [asked_early, asked_late, silent_early, silent_late, busy] =
            [(); 5].map(|()| table.enter());
        drop(asked_early.0.begin_request());
        tokio::time::advance(SOON).await;
        drop(asked_late.0.begin_request());
        let _question = busy.0.begin_request();
        for next in [&silent_early, &silent_late, &asked_early, &asked_late] {
            assert!(!has_ended(next));
            assert!(table.make_room() && has_ended(next));
        }
        assert!(!table.make_room() && !has_ended(&busy), "a request was cut off");
        assert_eq!(table.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_an_answer_unread_is_given_up_and_one_that_reads_on_is_not() {
        let table = table(9);
        let [reader, sleeper, computing] = [(); 3].map(|()| table.enter());
        let (mut read, mut unread) = (reader.0.begin_request(), sleeper.0.begin_request());
        let _not_answered_yet = computing.0.begin_request();
        unread.waits_for_client(1);
        for _ in 0..40 {
            read.waits_for_client(1);
            tokio::time::advance(SOON).await;
        }
        assert_eq!(table.end_overdue(Instant::now()), 1);
        assert!(has_ended(&sleeper) && !has_ended(&reader) && !has_ended(&computing));
        read.waits_for_us();
        tokio::time::advance(LATE).await;
        assert_eq!(table.end_overdue(Instant::now()), 0, "it is we who are late");
    }

    #[tokio::test(start_paused = true)]
    async fn when_too_much_is_left_unread_the_client_that_read_last_long_ago_goes() {
        let table = table(20);
        let seats = [(); 3].map(|()| table.enter());
        let mut pending = Vec::new();
        for seat in &seats {
            pending.push(seat.0.begin_request());
            pending.last_mut().unwrap().waits_for_client(8);
            tokio::time::advance(SOON).await;
        }
        assert_eq!(seats.each_ref().map(has_ended), [true, false, false]);
        drop(pending);
        seats[2].0.begin_request().waits_for_client(1_000);
        assert!(!has_ended(&seats[2]), "one large answer is for its client to read");
        assert_eq!(table.open().unread_bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_requests_ends_at_last() {
        let table = table(9);
        let (idle, busy) = (table.enter(), table.enter());
        let _question = busy.0.begin_request();
        tokio::time::advance(IDLE_TIMEOUT + SOON).await;
        assert_eq!(table.end_overdue(Instant::now()), 1);
        assert!(has_ended(&idle) && !has_ended(&busy));
    }
}
