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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use coral_trace::Span;

    use super::*;

    const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/beyla/3.31.0");

    #[test]
    fn a_round_of_a_recording_has_new_ids_and_keeps_parents_and_durations() {
        let recorded = Recorded::read(Path::new(RECORDING)).unwrap();
        let rounds = [0, 1].map(|round| recorded.round(round, 5_000_000_000).unwrap());
        let ids: BTreeSet<u64> =
            rounds.iter().flatten().map(|span| span.span_id.as_u64()).collect();
        assert_eq!(ids.len(), 2 * recorded.spans());
        let parents = |spans: &[Span]| {
            let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
            spans
                .iter()
                .filter(|span| span.parent_span_id.is_some_and(|id| ids.contains(&id)))
                .count()
        };
        assert!(parents(&rounds[0]) > recorded.spans() / 2);
        assert_eq!(parents(&rounds[0]), parents(&rounds[1]));
        let durations = |spans: &[Span]| -> Vec<u64> {
            spans.iter().map(|span| span.end.0 - span.start.0).collect()
        };
        assert_eq!(durations(&rounds[0]), durations(&rounds[1]));
    }

    #[test]
    fn the_bytes_of_a_breakdown_are_those_of_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Database::open(StoreConfig { dir: dir.path().to_owned(), segment_rows: 100 }).unwrap();
        let recorded = Recorded::read(Path::new(RECORDING)).unwrap();
        store
            .append(&[recorded.round(0, 5_000_000_000).unwrap()], UnixNanos(6_000_000_000))
            .unwrap();
        store.seal().unwrap();
        let segments = dir.path().join("segments");
        let files = std::fs::read_dir(&segments).unwrap();
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        let breakdown = Breakdown::of(&segments).unwrap();
        assert_eq!(breakdown.spans, recorded.spans() as u64);
        assert!((breakdown.total() * breakdown.spans as f64 - bytes as f64).abs() < 1.0);
        let kinds: f64 = breakdown.kinds().map(|kind| breakdown.of_kind(kind)).sum();
        assert!((kinds - breakdown.total()).abs() < 1e-6);
        let table = breakdown.table().to_string();
        for row in ["**spans.parquet**", "parent_span_id", "**traces.parquet**", "detail"] {
            assert!(table.contains(row), "{table}");
        }
    }
}
