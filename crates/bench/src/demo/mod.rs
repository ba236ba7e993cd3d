//! `coral-bench demo`: starts the demo with each fault, runs the commands that the demo prints, and
//! checks that each of them shows the fault.

mod check;
mod page;
mod score;
mod session;
mod story;

use std::path::PathBuf;

use clap::Args;
use coral_scenario::IncidentKind;

use self::score::{Checked, Scores};
use self::session::Session;
use crate::{Failure, output, program};

/// Starts `coral demo` with each fault, runs the four commands that the demo prints, and checks that
/// their output shows the fault, its cause, its host and the evidence. Prints one row for each fault.
/// The exit code is 1 when a bar is missed.
#[derive(Args)]
pub struct DemoCommand {
    /// The coral program; by default the one in the directory of this program.
    #[arg(long)]
    coral: Option<PathBuf>,
    /// Only these faults, by the names that `coral demo --fault` takes; several, separated by commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    fault: Vec<String>,
    /// How many times the demo is started with each fault.
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Print every output of a command, not only those that do not show the fault.
    #[arg(long)]
    answers: bool,
    /// Write all figures to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The name of a demo in which nothing goes wrong.
const NO_FAULT: &str = "none";

impl DemoCommand {
    /// Runs the measurement and prints its tables.
    ///
    /// # Errors
    /// The demo does not start, or a bar is missed.
    pub async fn run(self) -> Result<(), Failure> {
        let program = program::path(self.coral.as_deref())?;
        let mut scores = Scores::default();
        for fault in self.faults() {
            for run in 1..=self.runs {
                let session = Session::run(&program, &fault).await?;
                let checked = Checked::new(&fault, &session);
                eprintln!("{fault}, run {run} of {}: {}", self.runs, checked.summary());
                self.print(&session, &checked);
                scores.add(checked);
            }
        }
        let figures = scores.figures();
        print!("{}\n{}", scores.table(), figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        scores.met()
    }

    /// The names of the faults to start the demo with.
    fn faults(&self) -> Vec<String> {
        if !self.fault.is_empty() {
            return self.fault.clone();
        }
        let named = IncidentKind::faults().into_iter().map(IncidentKind::slug);
        named.chain([NO_FAULT.to_owned()]).collect()
    }

    /// Prints the outputs that do not show the fault, or all of them.
    fn print(&self, session: &Session, checked: &Checked) {
        for (answer, verdict) in session.answers.iter().zip(checked.verdicts()) {
            if self.answers || verdict.is_err() {
                let (Ok(printed) | Err(printed)) = &answer.output;
                println!("$ {}\n{printed}", answer.command);
            }
            if let Err(missing) = verdict {
                println!("{}: the output does not show the fault: {missing}\n", checked.fault);
            }
        }
    }
}
