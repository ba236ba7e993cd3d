//! `coral duckdb …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with DuckDB's library.
#[derive(Subcommand, Debug)]
pub enum DuckdbCommand {
    /// Download DuckDB's shared library, verify it, and install it for the colony of this host.
    #[command(after_help = include_str!("examples/duckdb-install.txt"))]
    Install(InstallDuckdbArgs),
}

/// `coral duckdb install`.
#[derive(Args, Debug, Default)]
pub struct InstallDuckdbArgs {
    /// Install this release, instead of the one that coral is tested with.
    #[arg(long, value_name = "VERSION", value_parser = parse_version, conflicts_with = "from")]
    pub version: Option<String>,
    /// Install this .tar.gz or library (a file, or an http or https URL) instead of the official
    /// archive.
    #[arg(long, value_name = "FILE|URL")]
    pub from: Option<String>,
    /// The SHA-256 of the archive or library in hex [default: the file `.sha256` beside it].
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// Install the library even if there is nothing to verify it with.
    #[arg(long)]
    pub allow_unverified: bool,
    /// Download from this mirror of DuckDB's releases.
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    pub mirror: Option<String>,
    /// The colony's data directory.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

fn parse_version(text: &str) -> Result<String, String> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let numbers = version.split('.').map(|part| part.parse::<u16>()).collect::<Result<Vec<_>, _>>();
    match numbers {
        Ok(numbers) if numbers.len() == 3 => Ok(version.to_owned()),
        _ => Err(format!("`{text}` is not a version such as 2.0.0")),
    }
}
