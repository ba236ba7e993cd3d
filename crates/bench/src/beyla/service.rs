//! A small HTTP service for Beyla to trace. A thread serves each connection, and calls the next
//! service itself, as Beyla needs it to connect both requests.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use coral_scenario::mix;
use tokio::io::{AsyncBufReadExt as _, BufReader as AsyncBufReader};
use tokio::process::{Child, Command};

use super::stand_in::Observation;
use crate::{Failure, clock};

/// Serves HTTP on a free port of loopback, which is printed. Ends when its standard input ends.
#[derive(Args)]
pub struct ServiceCommand {
    /// The service that each request calls.
    #[arg(long)]
    calls: Option<SocketAddr>,
    /// The socket of a stand-in for Beyla, which is told of each request.
    #[arg(long)]
    observer: Option<PathBuf>,
}

/// A service in a process of its own, which ends when this value is dropped.
pub struct Service {
    _child: Child,
    /// The port that the service listens on.
    pub port: u16,
}

/// The header that carries the context of a trace, for a stand-in only: without one, Beyla finds the
/// context by itself.
const CONTEXT: &str = "x-context";

impl Service {
    /// Starts a service that calls the service on port `calls`.
    ///
    /// # Errors
    /// The process does not start.
    pub async fn start(calls: Option<u16>, observer: Option<&PathBuf>) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("beyla-service");
        if let Some(port) = calls {
            command.arg("--calls").arg(format!("127.0.0.1:{port}"));
        }
        if let Some(observer) = observer {
            command.arg("--observer").arg(observer);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("a service has no output")?;
        let port = AsyncBufReader::new(output).lines().next_line().await?;
        let port = port.ok_or("a service ended at once")?.parse()?;
        Ok(Self { _child: child, port })
    }

    /// The URL of the service.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl ServiceCommand {
    /// Serves until standard input ends.
    ///
    /// # Errors
    /// There is no free port.
    pub fn run(self) -> Result<(), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        println!("{port}");
        io::stdout().flush()?;
        let observer = self.observer.map(Observer::of).transpose()?;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = io::stdin().read_to_end(&mut Vec::new());
                // The threads that serve wait for requests, which do not come any more.
                std::process::exit(0);
            });
            for stream in listener.incoming().flatten() {
                let (observer, calls) = (observer.as_ref(), self.calls);
                scope.spawn(move || {
                    // A connection that breaks is the client's to notice.
                    let _ = Connection { port, calls, observer, next: None }.serve(stream);
                });
            }
        });
        Ok(())
    }
}

struct Observer {
    socket: UnixDatagram,
    path: PathBuf,
    last_id: AtomicU64,
}

impl Observer {
    fn of(path: PathBuf) -> io::Result<Self> {
        let last_id = AtomicU64::new(clock::now());
        Ok(Self { socket: UnixDatagram::unbound()?, path, last_id })
    }

    fn id(&self) -> u64 {
        mix(self.last_id.fetch_add(1, Ordering::Relaxed)).max(1)
    }

    /// Tells the stand-in, if one listens.
    fn tell(&self, observation: &Observation) {
        if let Ok(json) = serde_json::to_vec(observation) {
            let _ = self.socket.send_to(&json, &self.path);
        }
    }
}

struct Connection<'a> {
    port: u16,
    calls: Option<SocketAddr>,
    observer: Option<&'a Observer>,
    next: Option<(TcpStream, BufReader<TcpStream>)>,
}

impl Connection<'_> {
    /// Answers requests until the client closes the connection.
    fn serve(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(Head { first, context }) = Head::read(&mut reader)? {
            let start = clock::now();
            let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
            let id = self.observer.map_or(0, Observer::id);
            let (trace, parent) = context.unwrap_or((u128::from(id) << 64 | u128::from(id), 0));
            if self.calls.is_some() {
                self.call(&path, trace, id)?;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")?;
            if let Some(observer) = self.observer {
                let (port, end) = (self.port, clock::now());
                let times = (start, end);
                observer.tell(&Observation {
                    port,
                    is_server: true,
                    trace,
                    id,
                    parent,
                    times,
                    path,
                });
            }
        }
        Ok(())
    }

    /// Requests `path` from the next service.
    fn call(&mut self, path: &str, trace: u128, parent: u64) -> io::Result<()> {
        let Some(address) = self.calls else { return Ok(()) };
        let (stream, reader) = match &mut self.next {
            Some(next) => next,
            none => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                let reader = BufReader::new(stream.try_clone()?);
                none.insert((stream, reader))
            }
        };
        let id = self.observer.map_or(0, Observer::id);
        let context = match self.observer {
            Some(_) => format!("{CONTEXT}: {trace:032x}-{id:016x}\r\n"),
            None => String::new(),
        };
        let start = clock::now();
        stream.write_all(
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{context}\r\n").as_bytes(),
        )?;
        Head::read(reader)?;
        reader.read_exact(&mut [0; 3])?;
        if let Some(observer) = self.observer {
            let (port, times, path) = (self.port, (start, clock::now()), path.to_owned());
            observer.tell(&Observation { port, is_server: false, trace, id, parent, times, path });
        }
        Ok(())
    }
}

/// The head of a request or a response.
struct Head {
    first: String,
    /// The trace, and the span that calls.
    context: Option<(u128, u64)>,
}

impl Head {
    /// `None` at the end of the connection.
    fn read(reader: &mut impl io::BufRead) -> io::Result<Option<Self>> {
        let mut head = Self { first: String::new(), context: None };
        if reader.read_line(&mut head.first)? == 0 {
            return Ok(None);
        }
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else { return Ok(Some(head)) };
            if name == CONTEXT {
                let ids = value.split_once('-').and_then(|(trace, span)| {
                    Some((
                        u128::from_str_radix(trace, 16).ok()?,
                        u64::from_str_radix(span, 16).ok()?,
                    ))
                });
                head.context = ids;
            }
        }
    }
}
