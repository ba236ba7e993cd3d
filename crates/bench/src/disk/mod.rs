//! `coral-bench disk`: what each file and each column of a store costs, in bytes per span.

mod breakdown;
mod recorded;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use coral_store::{SpanRetention, Store as Database, StoreConfig};
use coral_trace::UnixNanos;

pub use self::breakdown::Breakdown;
use self::recorded::Recorded;
use crate::figures::Figures;
use crate::process::Process;
use crate::store::{self, Setup};
use crate::traffic::Traffic;
use crate::{Failure, clock};

/// Writes spans to a new store, or takes a store that exists, and adds up its files by column.
#[derive(Args)]
pub struct Disk {
    #[command(flatten)]
    traffic: Traffic,
    #[command(flatten)]
    setup: Setup,
    /// Write the exports in this directory (`*traces-*.otlp.pb`) instead, again and again with new
    /// ids and later times, until there are `--spans`.
    #[arg(long)]
    recorded: Option<PathBuf>,
    /// Add up the sealed segments of this store instead. Its directory has `segments` in it.
    #[arg(long, conflicts_with = "recorded")]
    store: Option<PathBuf>,
}

const KEEP: SpanRetention = SpanRetention { age: Duration::from_secs(3_600), bytes: u64::MAX };

impl Disk {
    /// Runs the measurement and prints the table.
    pub fn run(self) -> Result<(), Failure> {
        let dir = tempfile::tempdir()?;
        let segments = match &self.store {
            Some(store) => store.join("segments"),
            None => {
                self.write(dir.path())?;
                dir.path().join("segments")
            }
        };
        print!("{}", Breakdown::of(&segments)?.table());
        Ok(())
    }

    /// Writes the spans to a store in `dir`, and seals it.
    fn write(&self, dir: &Path) -> Result<(), Failure> {
        let segment_rows = self.setup.segment_rows;
        let store = Database::open(StoreConfig { dir: dir.to_owned(), segment_rows })?;
        let traffic = self.traffic.clone().ending(clock::now());
        match &self.recorded {
            None => store::write(&store, &traffic, &self.setup, &mut Figures::default())?,
            Some(recordings) => {
                let recorded = Recorded::read(recordings)?;
                write_recorded(&store, &recorded, &traffic, &self.setup)?;
            }
        }
        store.seal()?;
        Ok(())
    }
}

/// Writes rounds of `recorded` until the store has as many spans as `traffic`.
fn write_recorded(
    store: &Database,
    recorded: &Recorded,
    traffic: &Traffic,
    setup: &Setup,
) -> Result<(), Failure> {
    let rounds = traffic.spans.div_ceil(recorded.spans() as u64);
    let first = traffic.end.saturating_sub(traffic.spread);
    let (process, now) = (Process::this(), UnixNanos(traffic.end));
    let (mut group, mut count, mut seal) = (Vec::new(), 0, 0.0);
    for round in 0..rounds {
        let start =
            first + (u128::from(traffic.spread) * u128::from(round) / u128::from(rounds)) as u64;
        let spans = recorded.round(round, start)?;
        count += spans.len() as u64;
        group.push(spans);
        if count < setup.commit && round + 1 < rounds {
            continue;
        }
        store.append(&group, now)?;
        let cpu = process.cpu_seconds();
        store.maintain(KEEP, now)?;
        seal += process.cpu_seconds() - cpu;
        (group, count) = (Vec::new(), 0);
    }
    let spans = rounds * recorded.spans() as u64;
    eprintln!("  sealed, CPU: {:.2} µs/span", seal * 1e6 / spans as f64);
    Ok(())
}
