//! A proxy between a cluster and a server, which cuts connections where a test says so.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// What happens to the next insert into a table.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// The table.
    pub(super) table: &'static str,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The server gets this many whole chunks of the body, then the connection ends: the writer
    /// died between two of them.
    CutAfterChunks(usize),
    /// The server gets this many bytes of the first chunk.
    CutAfterBytes(usize),
    /// The server does what it was asked, and the answer is lost.
    LoseAnswer,
    /// Nothing is passed on until [`Proxy::let_go`]: the writer is paused.
    Hold,
}

/// A proxy; its threads end with the connections, and with the process.
pub(super) struct Proxy {
    pub(super) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    fault: Mutex<Option<Fault>>,
    /// Whether a fault has happened since one was armed.
    has_struck: AtomicBool,
    /// Whether the writer has died: nothing more is passed on.
    is_down: AtomicBool,
    is_held: Mutex<bool>,
    let_go: Condvar,
}

/// The length of a body: known, or in chunks.
enum Body {
    Bytes(usize),
    Chunks,
}

impl Proxy {
    /// A proxy for the server at `upstream`, such as `http://127.0.0.1:8123`.
    #[expect(clippy::disallowed_methods, reason = "threads end with their connections")]
    pub(super) fn start(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<State>::default();
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, state) = (upstream.clone(), shared.clone());
                std::thread::spawn(move || {
                    let Ok(server) = TcpStream::connect(upstream) else { return };
                    // A connection that ends early is what the tests are about.
                    let _ = serve(&client, &server, &state);
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        Self { url, state }
    }

    /// Arms a fault, or takes it away.
    pub(super) fn arm(&self, fault: Option<Fault>) {
        self.state.has_struck.store(false, Ordering::SeqCst);
        *self.state.fault.lock().unwrap() = fault;
    }

    /// Whether a fault has happened since one was armed.
    pub(super) fn has_struck(&self) -> bool {
        self.state.has_struck.load(Ordering::SeqCst)
    }

    /// Passes on what [`What::Hold`] holds.
    pub(super) fn let_go(&self) {
        *self.state.is_held.lock().unwrap() = false;
        self.state.let_go.notify_all();
    }

    /// Passes on nothing more, as if the writer had died.
    pub(super) fn go_down(&self) {
        self.state.is_down.store(true, Ordering::SeqCst);
    }
}

impl State {
    /// The fault for a request with this head, which is armed no more.
    fn take(&self, head: &str) -> Option<What> {
        let mut armed = self.fault.lock().unwrap();
        let first = head.lines().next().unwrap_or_default();
        let is_of = |fault: &Fault| {
            first.contains("INSERT") && first.contains(&format!(".{}%28", fault.table))
        };
        let what = armed.take_if(|fault| is_of(fault)).map(|fault| fault.what);
        self.has_struck.fetch_or(what.is_some(), Ordering::SeqCst);
        what
    }

    fn hold(&self) {
        let mut is_held = self.is_held.lock().unwrap();
        *is_held = true;
        while *is_held {
            is_held = self.let_go.wait(is_held).unwrap();
        }
    }
}

/// Passes on requests and answers until one side ends, or a fault happens.
fn serve(client: &TcpStream, server: &TcpStream, state: &State) -> io::Result<()> {
    let (mut from_client, mut from_server) = (BufReader::new(client), BufReader::new(server));
    let (mut to_client, mut to_server) = (client, server);
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    loop {
        let (head, body) = read_head(&mut from_client)?;
        if state.is_down.load(Ordering::SeqCst) {
            return Ok(());
        }
        let fault = state.take(&head);
        to_server.write_all(head.as_bytes())?;
        match fault {
            Some(What::CutAfterChunks(chunks)) => {
                for _ in 0..chunks {
                    if pass_chunk(&mut from_client, &mut to_server)? == 0 {
                        break;
                    }
                }
                return Ok(());
            }
            Some(What::CutAfterBytes(bytes)) => {
                let mut part = vec![0; bytes];
                from_client.read_exact(&mut part)?;
                return to_server.write_all(&part);
            }
            Some(What::LoseAnswer) => {
                pass_body(body, &mut from_client, &mut to_server)?;
                let (_, body) = read_head(&mut from_server)?;
                return pass_body(body, &mut from_server, &mut io::sink());
            }
            Some(What::Hold) => state.hold(),
            None => {}
        }
        pass_body(body, &mut from_client, &mut to_server)?;
        let (head, body) = read_head(&mut from_server)?;
        to_client.write_all(head.as_bytes())?;
        pass_body(body, &mut from_server, &mut to_client)?;
    }
}

/// Reads the lines before a body.
fn read_head(from: &mut impl BufRead) -> io::Result<(String, Body)> {
    let (mut head, mut body) = (String::new(), Body::Bytes(0));
    loop {
        let begin = head.len();
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = head[begin..].trim_end().to_ascii_lowercase();
        if let Some(length) = line.strip_prefix("content-length:") {
            body = Body::Bytes(length.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?);
        } else if line.starts_with("transfer-encoding:") && line.contains("chunked") {
            body = Body::Chunks;
        } else if line.is_empty() {
            return Ok((head, body));
        }
    }
}

fn pass_body(body: Body, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    match body {
        Body::Bytes(length) => {
            let mut bytes = vec![0; length];
            from.read_exact(&mut bytes)?;
            to.write_all(&bytes)
        }
        Body::Chunks => {
            while pass_chunk(from, to)? > 0 {}
            Ok(())
        }
    }
}

/// Passes on one chunk, and returns its length. The last one is empty.
fn pass_chunk(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<usize> {
    let mut size = String::new();
    if from.read_line(&mut size)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let length = usize::from_str_radix(size.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut bytes = vec![0; length + 2];
    from.read_exact(&mut bytes)?;
    to.write_all(size.as_bytes())?;
    to.write_all(&bytes)?;
    Ok(length)
}
