//! `coral audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use coral_trace::units::When;

use super::{StatusFormat, parse_when};

/// What to do with the audit log of a colony of this host.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// List who asked what, the newest last.
    #[command(after_help = include_str!("examples/audit-list.txt"))]
    List(AuditListArgs),
    /// Check that no line of the audit log was changed, removed, inserted or reordered.
    #[command(after_help = include_str!("examples/audit-verify.txt"))]
    Verify(AuditVerifyArgs),
    /// Print all questions for another program, or send them as OpenTelemetry logs.
    #[command(after_help = include_str!("examples/audit-export.txt"))]
    Export(AuditExportArgs),
}

/// `coral audit list`.
#[derive(Args, Debug)]
pub struct AuditListArgs {
    /// List at most this many questions.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub last: u32,
    /// Only questions of the requester with this name.
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only questions that were denied.
    #[arg(long)]
    pub denied: bool,
    /// Only questions from this time on: such as 15m, yesterday or 02:40 [default: all].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Output format.
    #[arg(long, value_enum, default_value = "text")]
    pub format: StatusFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: AuditPlace,
}

/// `coral audit verify`.
#[derive(Args, Debug)]
pub struct AuditVerifyArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: AuditPlace,
}

/// `coral audit export`.
#[derive(Args, Debug)]
pub struct AuditExportArgs {
    /// Output format [default: jsonl, or otlp with --to].
    #[arg(long, value_enum)]
    pub format: Option<AuditFormat>,
    /// Send the questions to this endpoint, instead of printing them.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// Only questions from this time on: such as 15m, yesterday or 02:40 [default: all].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: AuditPlace,
}

/// Where the audit log is.
#[derive(Args, Debug)]
pub struct AuditPlace {
    /// The data directory of the colony
    /// [default: `CORAL_DATA_DIR`, else /var/lib/coral or ~/.local/share/coral].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// How questions are exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum AuditFormat {
    /// One JSON object in each line; fields are never renamed.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// One request of OTLP/JSON in each line.
    Otlp,
}
