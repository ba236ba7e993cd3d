//! The coral program to measure, and its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use coral_trust::workload::Workload;
use tempfile::TempDir;

use crate::Failure;
use crate::authority::BenchAuthority;
use crate::server::Server;

/// The coral program to measure, and its settings.
#[derive(Args, Clone, Debug)]
pub struct Program {
    /// The coral program; by default the one in the directory of this program.
    #[arg(long)]
    coral: Option<PathBuf>,
    /// A setting for every coral process, `KEY=VALUE`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// The directory in which data directories are created; by default the system's temporary
    /// directory.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// Let this part of all file operations of every coral process fail, be cut short or panic,
    /// such as 0.001. The program must be built with `--features coral/faults`.
    #[arg(long, value_name = "RATE")]
    pub faults: Option<f64>,
}

/// Settings of an agent with all sockets on free ports, and without Beyla.
const FREE_PORTS: [&str; 6] = [
    "otlp.grpc=127.0.0.1:0",
    "otlp.http=127.0.0.1:0",
    "beyla.otlp.grpc=127.0.0.1:0",
    "beyla.otlp.http=127.0.0.1:0",
    "agent.listen=127.0.0.1:0",
    "beyla.enabled=false",
];
impl Program {
    /// Starts an agent on a new directory.
    ///
    /// # Errors
    /// The process ended before it listened; the error quotes its log.
    pub async fn agent(&self, settings: &[&str]) -> Result<Server, Failure> {
        self.start(&["agent", "start"], &[&FREE_PORTS[..], &["agent.id=bench"], settings].concat())
            .await
    }

    /// Starts a colony on a new directory; it polls `agent`.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent).
    pub async fn colony(&self, agent: &Server, settings: &[&str]) -> Result<Server, Failure> {
        self.colony_of(std::slice::from_ref(agent), settings).await
    }

    /// Starts a colony on a new directory; it polls `agents`, and knows them as `bench`, `bench-1`,
    /// `bench-2` and so on.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent).
    pub async fn colony_of(&self, agents: &[Server], settings: &[&str]) -> Result<Server, Failure> {
        self.colony_in(self.directory()?, agents, settings).await
    }

    /// Starts an agent like [`agent`](Self::agent), named `id`, with a certificate of `authority`: TLS
    /// is on its port for colonies.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent), and those of certificates.
    pub async fn certified_agent(
        &self,
        authority: &BenchAuthority,
        id: &str,
        settings: &[&str],
    ) -> Result<Server, Failure> {
        let dir = self.directory()?;
        authority.give_agent(id, dir.path())?;
        let named = format!("agent.id={id}");
        let settings = [&FREE_PORTS[..], &[&named], settings].concat();
        let agent = self.start_in(dir, &["agent", "start"], &settings).await?;
        agent.certified(authority, Workload::Agent(id.parse()?))
    }

    /// Starts a colony like [`colony_of`](Self::colony_of), whose certificate authority is
    /// `authority`: TLS is on its port.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent), and those of certificates.
    pub async fn certified_colony(
        &self,
        authority: &BenchAuthority,
        agents: &[Server],
        settings: &[&str],
    ) -> Result<Server, Failure> {
        let dir = self.directory()?;
        authority.give_colony(dir.path())?;
        self.colony_in(dir, agents, settings).await?.certified(authority, Workload::Colony)
    }

    async fn colony_in(
        &self,
        dir: TempDir,
        agents: &[Server],
        settings: &[&str],
    ) -> Result<Server, Failure> {
        let mut list = String::new();
        for (number, agent) in agents.iter().enumerate() {
            let id = agent_id(number);
            list += &format!("{{id: {id}, address: \"{}\"}}, ", agent.url("agent_rpc")?);
        }
        let agents = format!("colony: {{agents: [{list}]}}\n");
        let file = dir.path().join("colony.yaml");
        std::fs::write(&file, agents)?;
        let file = file.display().to_string();
        let settings = [&["colony.listen=127.0.0.1:0"][..], settings].concat();
        self.start_in(dir, &["colony", "start", "-c", &file], &settings).await
    }

    /// Starts a colony and an agent in one process, on a new directory.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent).
    pub async fn standalone(&self, settings: &[&str]) -> Result<Server, Failure> {
        let usual = ["agent.id=bench", "colony.listen=127.0.0.1:0"];
        self.start(&["standalone"], &[&FREE_PORTS[..], &usual, settings].concat()).await
    }

    async fn start(&self, role: &[&str], settings: &[&str]) -> Result<Server, Failure> {
        self.start_in(self.directory()?, role, settings).await
    }

    async fn start_in(
        &self,
        dir: TempDir,
        role: &[&str],
        settings: &[&str],
    ) -> Result<Server, Failure> {
        let mut arguments: Vec<String> = role.iter().map(|word| (*word).to_owned()).collect();
        let settings = settings.iter().copied().chain(self.settings.iter().map(String::as_str));
        arguments.extend(settings.flat_map(|pair| ["--set".to_owned(), pair.to_owned()]));
        let program = path(self.coral.as_deref())?;
        Server::run(program, arguments, Arc::new(dir), self.faults).await
    }

    /// Starts a colony that polls nobody, on a directory that may have its data already.
    ///
    /// # Errors
    /// As for [`agent`](Self::agent).
    pub async fn lone_colony(&self, dir: TempDir, settings: &[&str]) -> Result<Server, Failure> {
        let settings = [&["colony.listen=127.0.0.1:0"][..], settings].concat();
        self.start_in(dir, &["colony", "start"], &settings).await
    }

    /// A new directory for the data of a process.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn directory(&self) -> std::io::Result<TempDir> {
        match &self.scratch {
            Some(scratch) => tempfile::tempdir_in(scratch),
            None => tempfile::tempdir(),
        }
    }
}

/// How a colony of the bench knows its agents.
pub fn agent_id(number: usize) -> String {
    if number == 0 { "bench".to_owned() } else { format!("bench-{number}") }
}

/// The coral program: `named`, or else the one in the directory of this program.
///
/// # Errors
/// The path of this program is unknown.
pub fn path(named: Option<&Path>) -> std::io::Result<PathBuf> {
    match named {
        Some(program) => Ok(program.to_owned()),
        None => Ok(std::env::current_exe()?.with_file_name("coral")),
    }
}
