//! `coral export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use coral_trace::units::When;

use super::{ColonyArgs, parse_when};

/// `coral export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Send the spans to this receiver of OTLP. Port 4317 is gRPC, and port 4318 is HTTP.
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Only traces that started at this time or later: such as 15m, yesterday or 02:40 [default:
    /// 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Only traces that match this search, such as 'service:payments status:error'.
    #[arg(
        long,
        value_name = "SEARCH",
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub q: String,
    /// How to send, where the port does not tell it.
    #[arg(long, value_enum)]
    pub protocol: Option<ExportProtocol>,
    /// Send this header with each request; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub header: Vec<String>,
    /// Send the text of a file as this header, such as authorization=FILE; repeatable.
    #[arg(long, value_name = "NAME=FILE")]
    pub header_file: Vec<String>,
    /// Believe the certificate authorities in this PEM file, instead of public ones.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Send without TLS to another host: everybody on the network can read along.
    #[arg(long)]
    pub insecure_plaintext: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// How spans are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ExportProtocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, in protobuf.
    Http,
}

impl ExportProtocol {
    /// The protocol as one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}
