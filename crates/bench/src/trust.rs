//! `coral-bench trust`: measures connections over TLS, and revocations.

use std::path::PathBuf;

use clap::Args;

use crate::figures::Figures;
use crate::program::Program;
use crate::{Failure, connections, output, revocation};

/// Opens and closes many connections over TLS, and revokes agents and tokens of a running colony.
#[derive(Args)]
pub struct Trust {
    #[command(flatten)]
    program: Program,
    /// Write the measurements to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Trust {
    /// Runs the measurement and prints the results.
    pub async fn run(self) -> Result<(), Failure> {
        let figures = measure(&self.program).await;
        print!("{}", figures.table());
        output::write_json_if(self.json.as_deref(), &figures)?;
        figures.complete()
    }
}

/// Measures connections and revocations. A failed measurement becomes a failed row.
pub async fn measure(program: &Program) -> Figures {
    let mut figures = Figures::default();
    for measured in [connections::measure(program).await, revocation::measure(program).await] {
        match measured {
            Ok(measured) => figures.0.extend(measured.0),
            Err(error) => figures.fail("trust", &error),
        }
    }
    figures
}
