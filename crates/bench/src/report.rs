//! `coral-bench report`: runs all measurements and prints one table.

use std::path::PathBuf;

use clap::Args;

use crate::agent::AgentBench;
use crate::figures::Figures;
use crate::load::Sending;
use crate::program::Program;
use crate::soak::kill::{Kill, Role};
use crate::soak::mixed::Mixed;
use crate::traffic::Traffic;
use crate::units::grouped;
use crate::{Failure, audit, clock, colony, export, output, trust};

/// Runs all measurements and prints one table. A measurement that fails becomes a row, and the exit
/// code is 1. A value outside its limit is only marked.
#[derive(Args)]
pub struct Report {
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    sending: Sending,
    /// Number of spans in the large store; 0 skips it.
    #[arg(long, default_value_t = 10_000_000)]
    large: u64,
    /// Number of kills of each kind; 0 skips them.
    #[arg(long, default_value_t = 10)]
    kills: u64,
    /// Minutes of running everything at once; 0 skips it.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Seconds after which no further kill is begun.
const KILL_SECONDS: u64 = 300;

impl Report {
    /// Runs all measurements and prints the table.
    pub async fn run(mut self) -> Result<(), Failure> {
        self.traffic = self.traffic.ending(clock::now());
        let mut figures = Figures::default();
        let spans = grouped(self.traffic.total_spans());
        add_figures(&mut figures, &format!("agent, {spans} spans"), self.agent().await);
        add_figures(&mut figures, &format!("colony, {spans} spans"), self.colony().await);
        let export = export::measure(&self.program, &self.traffic).await;
        add_figures(&mut figures, &format!("export, {spans} spans"), export);
        for size in [self.traffic.spans, self.large].into_iter().filter(|size| *size > 0) {
            add_figures(
                &mut figures,
                &format!("store, {} spans", grouped(size)),
                self.store(size).await,
            );
        }
        let audit = || audit::measure(audit::DEFAULT_QUESTIONS, audit::DEFAULT_FILE_BYTES);
        let audit = tokio::task::spawn_blocking(audit).await;
        add_figures(&mut figures, "audit log", audit.map_err(Failure::from));
        add_figures(&mut figures, "trust", Ok(trust::measure(&self.program).await));
        if self.kills > 0 {
            for (of, role) in [("agent", Role::Agent), ("agent and colony", Role::Colony)] {
                add_figures(&mut figures, of, self.kill(role).await);
            }
        }
        if self.minutes > 0 {
            add_figures(&mut figures, "all at once", self.mixed().await);
        }
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }

    async fn agent(&self) -> Result<Figures, Failure> {
        AgentBench { program: &self.program, traffic: &self.traffic, sending: &self.sending }
            .run()
            .await
    }

    async fn colony(&self) -> Result<Figures, Failure> {
        colony::measure(&self.program, &self.traffic, &self.sending).await
    }

    /// Measures the store in a process of its own, so that the memory of only that process is
    /// counted.
    async fn store(&self, spans: u64) -> Result<Figures, Failure> {
        let json = tempfile::NamedTempFile::new()?;
        let status = tokio::process::Command::new(std::env::current_exe()?)
            .args(["store", "--spans", &spans.to_string()])
            .args(["--seed", &self.traffic.seed.to_string(), "--json"])
            .arg(json.path())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .status()
            .await?;
        // The exit status is not checked: even with a failed measurement, the file has the other
        // values.
        let measured = std::fs::read(json.path())?;
        match serde_json::from_slice(&measured) {
            Ok(figures) => Ok(figures),
            Err(_) => Err(format!("the store's bench ended with {status}, see above").into()),
        }
    }

    async fn kill(&self, role: Role) -> Result<Figures, Failure> {
        let kill = Kill {
            program: self.program.clone(),
            traffic: self.traffic.clone(),
            sending: self.sending.clone(),
            role,
            moments: self.kills,
            seconds_max: KILL_SECONDS,
            json: None,
        };
        Ok(kill.measure().await?.figures())
    }

    async fn mixed(&self) -> Result<Figures, Failure> {
        let mixed = Mixed {
            program: self.program.clone(),
            traffic: self.traffic.clone(),
            sending: self.sending.clone(),
            minutes: self.minutes,
            json: None,
        };
        mixed.measure().await
    }
}

fn add_figures(figures: &mut Figures, of: &str, measured: Result<Figures, Failure>) {
    eprintln!("{of}: done");
    match measured {
        Ok(measured) => figures.extend(of, measured),
        Err(error) => figures.fail(of, &error),
    }
}
