//! `coral import`.

use std::path::PathBuf;

use clap::Args;

/// `coral import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file of spans; `-` reads standard input. OTLP in JSON or protobuf, Jaeger's JSON, or
    /// Zipkin's JSON.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The OTLP/HTTP address of the agent, such as http://127.0.0.1:4318 [default: that of the agent
    /// that runs on this host].
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// A file with the token that the agent asks exporters for.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The data directory of the agent
    /// [default: `CORAL_DATA_DIR`, else /var/lib/coral or ~/.local/share/coral].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}
