//! The commands.

mod anomalies;
mod ask;
mod asked_at;
pub(crate) mod audit;
mod beyla;
mod compare;
mod config;
mod connect;
mod doctor;
mod duckdb;
mod export;
mod import;
mod join;
mod link;
mod login;
mod mcp;
mod memory;
mod query;
mod red;
mod rights;
mod secrecy;
mod secret_argument;
mod serve;
mod services;
mod sql;
mod status;
mod store;
mod topology;
mod trust;
mod why;

use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use self::asked_at::AskedAt;
use anstyle::{AnsiColor, Style};

use crate::args::{
    AgentCommand, AuditCommand, BeylaCommand, BeylaToolCommand, ColonyCommand, Command,
    ConfigCommand, DoctorCommand, DuckdbCommand, QueryCommand, StoreCommand, TraceCommand,
};
use crate::client::AskError;
use crate::error_json::error_json;
use coral_config::{ConfigError, Origin, Sources};
use coral_query::RedProtocol;
use coral_text::json::Projection;
use coral_trace::chain;
use coral_trace::sanitize::whole;
use jiff::tz::TimeZone;

/// Why a command failed, as printed: the error with its causes, and the next step.
#[derive(Debug)]
pub struct Failure {
    error: String,
    hint: Option<String>,
    /// Whether standard output already has the error, as part of an answer.
    is_answered: bool,
    /// Whether the answer has printed everything: only the exit code remains.
    is_silent: bool,
    /// The exit code.
    code: u8,
}

/// Runs one command, whose times are read in `zone`. Prints a failure as JSON on standard output if the command's answer would be
/// JSON, else as text on standard error.
pub fn run(command: Command, zone: TimeZone) -> ExitCode {
    let is_json = command.is_json();
    let Err(failure) = outcome(command, AskedAt::now(zone)) else { return ExitCode::SUCCESS };
    if failure.is_silent {
        return ExitCode::from(failure.code);
    }
    if is_json && !failure.is_answered {
        println!("{}", error_json(&failure.error, failure.hint.as_deref(), FAILURE));
    } else {
        anstream::eprintln!("{failure}");
    }
    ExitCode::from(failure.code)
}

/// The exit code of a failed command.
const FAILURE: u8 = 1;
/// The exit code for a question in plain English that is not answered, because a word of it is not
/// understood or names no known service.
const NOT_UNDERSTOOD: u8 = 3;

fn outcome(command: Command, asked: AskedAt) -> Result<(), Failure> {
    if let Some((link, colony)) = link::asked_for(&command, &asked)? {
        return print(&(link.url(query::colony(colony).url()) + "\n"));
    }
    match command {
        Command::Agent(AgentCommand::Start(args)) => serve::agent(&args),
        Command::Agent(AgentCommand::Status(args)) => status::agent(&args),
        Command::Colony(ColonyCommand::Start(args)) => serve::colony(&args),
        Command::Colony(ColonyCommand::Status(args)) => status::colony(&args),
        Command::Colony(ColonyCommand::Forget(args)) => status::forget(&args),
        Command::Agent(AgentCommand::Join(args)) => join::join(&args),
        Command::Colony(ColonyCommand::Init(args)) => trust::init(&args),
        Command::Colony(ColonyCommand::Token(command)) => trust::token(&command, asked.zone()),
        Command::Colony(ColonyCommand::Agents(command)) => trust::agents(&command, asked.zone()),
        Command::Colony(ColonyCommand::Ca(command)) => trust::ca(&command),
        Command::Login(args) => login::login(&args),
        Command::Mcp(args) => mcp::mcp(&args),
        Command::Standalone(args) => serve::standalone(&args),
        Command::Demo(args) => serve::demo(&args),
        Command::Query(QueryCommand::Beyla(beyla)) => match beyla {
            BeylaCommand::Traces(args) => query::traces(&args, &asked),
            BeylaCommand::Http(args) => red::red(RedProtocol::Http, &args, &asked),
            BeylaCommand::Grpc(args) => red::red(RedProtocol::Grpc, &args, &asked),
            BeylaCommand::Sql(args) => red::red(RedProtocol::Sql, &args, &asked),
        },
        Command::Query(QueryCommand::Sql(args)) | Command::Sql(args) => sql::sql(&args, &asked),
        Command::Duckdb(DuckdbCommand::Install(args)) => duckdb::install(&args),
        Command::Query(QueryCommand::Topology(args)) => topology::topology(&args, &asked),
        Command::Query(QueryCommand::Anomalies(args)) => anomalies::anomalies(&args, &asked),
        Command::Trace(TraceCommand::Compare(args)) => compare::compare(&args, &asked),
        Command::Services(args) => services::services(&args, &asked),
        Command::Import(args) => import::import(&args),
        Command::Ask(args) => ask::ask(&args, &asked),
        Command::Why(args) => why::why(&args, &asked),
        Command::Doctor(DoctorCommand::Traces(args)) => doctor::traces(&args, &asked),
        Command::Beyla(BeylaToolCommand::Doctor(args)) => beyla::doctor(&args),
        Command::Beyla(BeylaToolCommand::Install(args)) => beyla::install(&args),
        Command::Beyla(BeylaToolCommand::Config(args)) => beyla::config(&args),
        Command::Connect(args) => connect::connect(&args),
        Command::Disconnect(args) => connect::disconnect(&args),
        Command::Store(StoreCommand::Repair(args)) => store::repair(&args),
        Command::Export(args) => export::export(&args, &asked),
        Command::Audit(AuditCommand::List(args)) => audit::list(&args, &asked),
        Command::Audit(AuditCommand::Verify(args)) => audit::verify(&args),
        Command::Audit(AuditCommand::Export(args)) => audit::export(&args, &asked),
        Command::Config(ConfigCommand::Show(args)) => config::show(&args),
        Command::Config(ConfigCommand::Check(args)) => config::check(&args),
        Command::Config(ConfigCommand::Example(args)) => config::example(&args),
        Command::Completions(args) => print(&generated(args.script())?),
        Command::Man(args) => print(&generated(args.page())?),
    }
}

fn generated(text: Result<String, String>) -> Result<String, Failure> {
    text.map_err(Failure::new)
}

/// Prints an answer. A closed pipe (`| head`) is not an error.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the answer: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints an answer in the JSON form of the colony's API.
fn print_json(answer: &impl Projection) -> Result<(), Failure> {
    let json = answer.json().map_err(|error| Failure::new(error.to_string()))?;
    print(&(String::from_utf8_lossy(&json) + "\n"))
}

/// Prints a value as JSON that is not a colony's answer: the status of an agent, rows of SQL.
fn print_serialized(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).map_err(|error| Failure::new(error.to_string()))?;
    print(&(json + "\n"))
}

/// The data directory of a server on this host, with its origin: `flag`, else `CORAL_DATA_DIR`,
/// else the default directory.
fn usual_data_dir(flag: Option<PathBuf>) -> (PathBuf, Origin) {
    let variable =
        |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = flag {
        return (dir, Origin::Flag("--data-dir"));
    }
    if let Some(dir) = variable("CORAL_DATA_DIR") {
        return (dir, Origin::Environment("CORAL_DATA_DIR"));
    }
    let home = || variable("HOME").map(|home| home.join(".local/share"));
    let dir = match variable("XDG_DATA_HOME").or_else(home) {
        Some(data) if !is_root() => data.join("coral"),
        _ => PathBuf::from("/var/lib/coral"),
    };
    (dir, Origin::Default)
}

/// Whether this process runs as root.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The sources of a server's configuration. Without `--config`, the file of `role` in the data
/// directory is one, which `coral colony init` or `coral agent join` wrote.
fn sources(args: &crate::args::ServerArgs, role: &str) -> Sources {
    let (data_dir, origin) = usual_data_dir(args.data_dir.clone());
    let written = Some(data_dir.join(format!("{role}.yaml"))).filter(|file| file.exists());
    let mut flags = args.set.clone();
    if args.insecure_plaintext {
        flags.push("insecure_plaintext=true".to_owned());
    }
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let log = match &args.log {
        Some(level) => Some((level.clone(), Origin::Flag("--log"))),
        None => variable("CORAL_LOG").map(|level| (level, Origin::Environment("CORAL_LOG"))),
    };
    Sources {
        file: args.config.clone().or(written),
        env_set: variable("CORAL_SET"),
        flags,
        data_dir: Some((data_dir.display().to_string(), origin)),
        log,
        duckdb_library: duckdb_library(args.duckdb_library.as_deref()),
        beyla_path: variable("BEYLA_PATH"),
        host_name: host_name(),
    }
}

/// The path of DuckDB's library from the flag or the environment, with its origin.
fn duckdb_library(flag: Option<&std::path::Path>) -> Option<(String, Origin)> {
    let text = |path: &std::path::Path| path.display().to_string();
    let variable = || std::env::var("CORAL_DUCKDB").ok().filter(|value| !value.is_empty());
    match flag {
        Some(path) => Some((text(path), Origin::Flag("--duckdb-library"))),
        None => variable().map(|path| (path, Origin::Environment("CORAL_DUCKDB"))),
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

impl Failure {
    fn new(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            is_answered: false,
            is_silent: false,
            code: FAILURE,
        }
    }

    /// A question in plain English that is not answered, as the printed page says.
    fn not_understood() -> Self {
        Self { code: NOT_UNDERSTOOD, ..Self::silent() }
    }

    /// A failure whose reason is part of the printed answer.
    fn silent() -> Self {
        Self { is_silent: true, ..Self::new("") }
    }

    fn with_hint(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::new(error) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (error, strong) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
        // Removes control characters, which texts of servers and arguments may contain.
        let safe = |text: &str| text.lines().map(whole).collect::<Vec<_>>().join("\n");
        write!(f, "{error}Error:{error:#} {}", safe(&self.error))?;
        match &self.hint {
            Some(hint) => write!(f, "\n{strong}Hint:{strong:#} {}", safe(hint)),
            None => Ok(()),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match &error {
            AskError::Unreachable { hint, .. } => Self::with_hint(error.to_string(), hint.clone()),
            AskError::Foreign { .. } => Self::with_hint(
                error.to_string(),
                "check the address, and that both programs have the same version",
            ),
            AskError::Refused { hint, .. } => {
                Self { hint: hint.clone(), ..Self::new(chain(&error)) }
            }
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::with_hint(
            error.to_string(),
            "`coral config check` lists every problem, and `coral config show` lists every key",
        )
    }
}
