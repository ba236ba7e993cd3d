//! The commands that run a server until it is stopped.

mod hint;

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::{Failure, memory, rights, secrecy, sources, usual_data_dir};
use crate::args::{DemoArgs, DemoFormat, ServerArgs};
use crate::demo::{Demo, DemoDir};
use crate::greeting;
use crate::roles::{self, Standalone};
use coral_config::{AgentConfig, ColonyConfig, Origin, StandaloneConfig};
use coral_server::addresses::Addresses;
use coral_trace::chain;

pub(super) fn agent(args: &ServerArgs) -> Result<(), Failure> {
    memory::settle(memory::AGENT);
    let config = AgentConfig::load(&sources(args, "agent"))?;
    secrecy::keep()?;
    start_log(&config.log);
    rights::of_agent();
    let program = program();
    run(&config.data_dir.clone(), |stop| {
        roles::agent(config, |at| println!("{}", greeting::agent(at, &program)), stop)
    })
}

pub(super) fn colony(args: &ServerArgs) -> Result<(), Failure> {
    memory::settle(memory::COLONY);
    let config = ColonyConfig::load(&sources(args, "colony"))?;
    secrecy::keep()?;
    start_log(&config.log);
    rights::of_colony();
    run(&config.data_dir.clone(), |stop| roles::colony(config, stop))
}

pub(super) fn standalone(args: &ServerArgs) -> Result<(), Failure> {
    memory::settle(memory::COLONY);
    let config = StandaloneConfig::load(&sources(args, "colony"))?;
    secrecy::keep()?;
    start_log(&config.agent.log);
    rights::of_agent();
    let program = program();
    let data_dir = config.agent.data_dir.clone();
    let shown = data_dir.display().to_string();
    run(&data_dir, |stop| async move {
        let standalone = Standalone::bind(config).await?;
        let greet = |at: &Addresses| println!("{}", greeting::standalone(at, &program, &shown));
        standalone.run(greet, stop).await
    })
}

pub(super) fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let mut sources = sources(&args.server, "demo");
    // Without --data-dir, the demo has a temporary directory, which is removed at the end.
    let own_dir = match &args.server.data_dir {
        None => Some(DemoDir::create().map_err(|error| Failure::new(chain(&error)))?),
        Some(_) => None,
    };
    if let Some(dir) = &own_dir {
        sources.data_dir = Some((dir.path().display().to_string(), Origin::Flag("coral demo")));
    }
    // Finds a library that `coral duckdb install` put into the user's data directory.
    let installed = usual_data_dir(None).0.join("lib/libduckdb.so");
    if sources.duckdb_library.is_none() && installed.exists() {
        sources.duckdb_library = Some((installed.display().to_string(), Origin::Default));
    }
    // The demo's settings come before the user's settings, which override them.
    let demo = ["agent.id=demo", "colony.poll_interval=1s", "beyla.enabled=false", "log=warn"];
    let quiet = if sources.log.is_none() { 4 } else { 3 };
    sources.flags.splice(0..0, demo[..quiet].iter().map(|pair| (*pair).to_owned()));
    let config = StandaloneConfig::load(&sources)?;
    if config.colony.auth == Some(true) {
        return Err(Failure::with_hint(
            "the demo asks nobody for a token, and `colony.auth` is on",
            "set `colony.auth` to off for the demo; `coral standalone` asks for tokens",
        ));
    }
    start_log(&config.agent.log);
    let config = on_free_ports(config);
    let demo = Demo {
        config,
        incident: args.fault,
        run_for: args.run_for,
        is_json: args.format == DemoFormat::Json,
        program: program(),
    };
    run(&demo.config.agent.data_dir.clone(), |stop| demo.run(stop))
}

/// Sets each port that is in use to 0, so that the system chooses a free port.
fn on_free_ports(mut config: StandaloneConfig) -> StandaloneConfig {
    let agent = &mut config.agent;
    for address in [
        &mut agent.listen,
        &mut agent.otlp_grpc,
        &mut agent.otlp_http,
        &mut agent.beyla_grpc,
        &mut agent.beyla_http,
        &mut config.colony.listen,
    ] {
        if std::net::TcpListener::bind(*address).is_err() {
            address.set_port(0);
        }
    }
    config
}

/// The command with which the user ran this program.
fn program() -> String {
    if std::env::var_os("CARGO").is_some() {
        let release = if cfg!(debug_assertions) { "" } else { "--release " };
        return format!("cargo run {release}-q --");
    }
    std::env::args().next().unwrap_or_else(|| "coral".to_owned())
}

/// The number of SIGXFSZ, the signal for a write beyond the process's limit of file sizes.
const SIGXFSZ: i32 = 25;

/// Runs a server, whose data is in `data_dir`, until SIGTERM or Ctrl-C; a second signal ends the
/// process at once.
fn run<F, E>(data_dir: &Path, serve: impl FnOnce(CancellationToken) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        // With a handler, such a write is an error, like a full disk, and does not end the process.
        let _handled = signal(SignalKind::from_raw(SIGXFSZ));
        let mut stop_signals = StopSignals::listen().map_err(|error| {
            Failure::new(format!("cannot listen for SIGTERM and Ctrl-C: {error}"))
        })?;
        let stop = CancellationToken::new();
        let serving = serve(stop.clone());
        tokio::pin!(serving);
        let mut signals = 0;
        loop {
            tokio::select! {
                outcome = &mut serving => return outcome.map_err(|error| failure(&error, data_dir)),
                () = stop_signals.recv() => {
                    signals += 1;
                    if signals > 1 {
                        return Err(Failure::new("stopped by a second signal, before all received spans were stored"));
                    }
                    stop.cancel();
                }
            }
        }
    });
    // Threads that still read a store do not delay the exit.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

fn failure(error: &(dyn std::error::Error + 'static), data_dir: &Path) -> Failure {
    match hint::hint(error, data_dir) {
        Some(hint) => Failure::with_hint(chain(error), hint),
        None => Failure::new(chain(error)),
    }
}

/// SIGTERM and Ctrl-C. While this value exists, neither signal ends the process by itself.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next SIGTERM or Ctrl-C. No signal is lost if the future is dropped.
    async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// `filter` without the warnings of `rmcp`, which have the text of whoever sends a wrong message, unless
/// `filter` names `rmcp`. What is wrong with a message is logged at `debug`, and within a length.
fn log_filter(filter: &str) -> String {
    match filter.contains("rmcp") {
        true => filter.to_owned(),
        false => format!("{filter},rmcp=error"),
    }
}

fn start_log(filter: &str) {
    let filter = EnvFilter::builder().parse_lossy(log_filter(filter));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // A process starts its log once; a test harness may have done so before.
    let _ = log.try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_no_warning_of_rmcp_unless_it_asks_for_it() {
        assert_eq!(log_filter("info"), "info,rmcp=error");
        assert_eq!(log_filter("warn,rmcp=debug"), "warn,rmcp=debug");
    }
}
