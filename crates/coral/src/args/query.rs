//! `coral query`: what to ask the colony for.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use coral_query::{RedSide, RedSource, Search, Sort, Source, SpanStatus};
use coral_trace::TraceIdPrefix;
use coral_trace::units::{When, parse_duration};

use super::{
    AnomaliesArgs, ColonyArgs, Earlier, LinkArgs, SqlArgs, TopologyArgs, choice, parse_earlier,
    parse_when,
};

/// What to ask the colony for.
#[derive(Subcommand, Debug)]
pub enum QueryCommand {
    /// List traces, and RED metrics of a service, from eBPF and SDKs.
    #[command(
        subcommand,
        after_help = include_str!("examples/query-beyla.txt")
    )]
    Beyla(BeylaCommand),
    /// Show which services, databases, queues and hosts call each other: calls, errors, latencies.
    #[command(after_help = include_str!("examples/query-topology.txt"))]
    Topology(TopologyArgs),
    /// Query spans and RED metrics in SQL.
    #[command(after_help = include_str!("examples/query-sql.txt"))]
    Sql(SqlArgs),
    /// Show what changed since the baseline: calls that became slower, started to fail, repeat or
    /// disappeared, and new or missing edges.
    #[command(after_help = include_str!("examples/query-anomalies.txt"))]
    Anomalies(AnomaliesArgs),
}

/// Traces and RED metrics.
#[derive(Subcommand, Debug)]
pub enum BeylaCommand {
    /// List traces, or show one trace as a tree.
    #[command(after_help = include_str!("examples/query-beyla-traces.txt"))]
    Traces(Box<TracesArgs>),
    /// Count the HTTP requests of a service by route: how many, how slow, how many failed.
    #[command(after_help = include_str!("examples/query-beyla-http.txt"))]
    Http(RedArgs),
    /// Count the gRPC calls of a service by method: how many, how slow, how many failed.
    #[command(after_help = include_str!("examples/query-beyla-grpc.txt"))]
    Grpc(RedArgs),
    /// Count the SQL statements of a service by operation and table: how many, how slow, how many
    /// failed.
    #[command(after_help = include_str!("examples/query-beyla-sql.txt"))]
    Sql(RedArgs),
}

/// `coral query beyla http|grpc|sql`.
#[derive(Args, Debug)]
pub struct RedArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Count requests from this time on: such as 15m, yesterday or 02:40 [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Count requests before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// Compare with a window of the same length that began this much earlier, or at this time.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = parse_earlier)]
    pub compare: Option<Earlier>,
    /// List the slow rows, and traces of their slow requests.
    #[arg(long)]
    pub slow: bool,
    /// The threshold of --slow: a duration, or p95 for the P95 of each row [default: p95].
    #[arg(long, value_name = "DURATION|p95", value_parser = parse_over, requires = "slow")]
    pub over: Option<Over>,
    /// Count the requests that the service served, or those that it made.
    #[arg(long, value_parser = choice::side(), default_value = "server")]
    pub side: RedSide,
    /// Count from Beyla's metrics (every request), or from stored spans (only sampled requests;
    /// eBPF spans if there are any, else SDK spans). Without this option, spans are counted if the
    /// window has no such metrics of the service [default: metrics].
    #[arg(long, value_parser = choice::red_source())]
    pub source: Option<RedSource>,
    /// Output format.
    #[arg(long, value_enum, default_value = "table")]
    pub format: RedFormat,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// The threshold above which a request is slow.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Over {
    /// Each row's own 95th percentile.
    P95,
    /// This duration.
    Latency(Duration),
}

/// How RED metrics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum RedFormat {
    /// For people.
    Table,
    /// For programs; fields are never renamed.
    Json,
    /// For spreadsheets.
    Csv,
}

/// `coral query beyla traces`.
#[derive(Args, Debug, Default)]
pub struct TracesArgs {
    /// Only traces that match this search: 'service:payments status:error duration>500ms
    /// http.response.status_code>=500 host.name=pay-* name~charge -service:health'. One span of the
    /// trace meets all conditions; no span of the trace meets a condition after `-`.
    #[arg(value_name = "QUERY", conflicts_with = "trace_id")]
    pub search: Vec<String>,
    /// Show this trace; the first digits of its id are enough where they are unique.
    #[arg(long, value_name = "ID", conflicts_with_all = [
        "service", "since", "until", "min_duration", "max_duration", "status", "name", "attr", "sort",
        "limit", "after"])]
    pub trace_id: Option<TraceIdPrefix>,
    /// Show only this span of the trace, with all that is stored; the first digits of its id are
    /// enough where they are unique.
    #[arg(long, value_name = "ID", requires = "trace_id", value_parser = parse_span_id_prefix)]
    pub span: Option<String>,
    /// Count the spans that meet the conditions by this key, such as host.name, name or code:
    /// spans, errors, P50 and P95. Prints these counts instead of the traces, those with the most
    /// errors first.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["trace_id", "sort"],
        value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub by: Option<String>,
    /// Only traces with a span of this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Only traces that started at this time or later: such as 15m, yesterday or 02:40
    /// [default: 1h].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub since: Option<When>,
    /// Only traces that started before this time [default: now].
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true, value_parser = parse_when)]
    pub until: Option<When>,
    /// List at most this many traces, or values of --by.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Only traces that took at least this long, such as 500ms or 2s; adds the root cause of each.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_duration: Option<Duration>,
    /// Only traces that took at most this long.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub max_duration: Option<Duration>,
    /// List the traces after this place: `next` of a list with `--format json`, the same conditions
    /// and the same --sort.
    #[arg(long, value_name = "CURSOR", conflicts_with = "by",
        value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub after: Option<String>,
    /// Only traces with a failed span (error), or only traces without one (ok).
    #[arg(long, value_parser = choice::status())]
    pub status: Option<SpanStatus>,
    /// Only traces with a span of exactly this name; upper and lower case differ.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Only traces with a span (or its resource) that has this attribute; also with `!=`, `<`, `<=`,
    /// `>`, `>=` (numbers), `~` and `!~` (regular expressions). Repeatable: one span must have all.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_attribute)]
    pub attr: Vec<String>,
    /// Which traces come first [default: newest]; slowest adds the root cause of each.
    #[arg(long, value_parser = choice::sort())]
    pub sort: Option<Sort>,
    /// Whose spans count.
    #[arg(long, value_parser = choice::source(), default_value = "all")]
    pub source: Source,
    /// Correct host clocks that disagree: move server spans into the calls that they answer, and
    /// say by how much.
    #[arg(long, requires = "trace_id")]
    pub adjust_clocks: bool,
    /// Leave out inferred links: calls into other traces that only operation, address and time tell.
    #[arg(long)]
    pub no_inferred: bool,
    /// Output format [default: table for a list, tree for one trace].
    #[arg(long, value_enum)]
    pub format: Option<TraceFormat>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub link: LinkArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub colony: ColonyArgs,
}

/// How traces are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TraceFormat {
    /// One line for each trace; of one trace, one line for each span.
    Table,
    /// Each trace as a tree of hops.
    Tree,
    /// Of one trace, what the request waited for at each moment.
    CriticalPath,
    /// Of one trace, each span with every attribute, event and link, and its resource.
    Spans,
    /// Of one trace, an SVG: each hop as wide as the time of its own work.
    Flamegraph,
    /// Of one trace, the input of a flame graph: one line for each stack, with microseconds.
    Folded,
    /// For programs; fields are never renamed.
    Json,
    /// For spreadsheets.
    Csv,
    /// Of one trace, OTLP in JSON, for `coral import` and other programs.
    Otlp,
    /// Of one trace, the JSON of Jaeger's user interface.
    Jaeger,
    /// Of one trace, the JSON of Zipkin's v2 API.
    Zipkin,
}

impl TraceFormat {
    /// Whether the format is a file of another project, which has the whole trace.
    pub fn is_file(self) -> bool {
        matches!(self, Self::Otlp | Self::Jaeger | Self::Zipkin)
    }
}

fn parse_over(text: &str) -> Result<Over, String> {
    if text.eq_ignore_ascii_case("p95") {
        return Ok(Over::P95);
    }
    parse_duration(text)
        .map(Over::Latency)
        .map_err(|_| format!("`{text}` is neither a duration such as 500ms nor p95"))
}

fn parse_span_id_prefix(text: &str) -> Result<String, String> {
    let is_hex = text.chars().all(|digit| digit.is_ascii_hexdigit());
    match text.len() {
        1..=16 if is_hex => Ok(text.to_ascii_lowercase()),
        _ => Err(format!("`{text}` is not the beginning of a span id: 1 to 16 hex digits")),
    }
}

fn parse_attribute(text: &str) -> Result<String, String> {
    if let Some(condition) = attribute_condition(text) {
        let parsed = Search::parse(&condition).map(drop);
        return parsed
            .map(|()| text.to_owned())
            .map_err(|error| format!("`{text}`: {}. Hint: {}", error.reason, error.hint));
    }
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() && !text.contains('\n') => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not of the form KEY=VALUE")),
    }
}

/// The condition of a search that a value of `--attr` stands for, if its operator is not `=`.
pub fn attribute_condition(text: &str) -> Option<String> {
    let sign_at = text.find(['<', '>', '!', '~', '='])?;
    let (key, rest) = text.split_at(sign_at);
    let signs = ["!=", "!~", "<=", ">=", "<", ">", "~"];
    let sign = signs.into_iter().find(|sign| rest.starts_with(sign))?;
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let value = &rest[sign.len()..];
    Some(format!("\"{}\"{sign}\"{}\"", quoted(key.trim_end()), quoted(value.trim_start())))
}
