//! `coral export`: sends stored traces to another receiver of OTLP, once.

mod transfer;

use std::net::SocketAddr;

use coral_colony::export::one_off::Counts;
use coral_colony::export::{Target, own_address};
use coral_config::export_targets;
use coral_query::TracesQuestion;
use coral_server::addresses::Addresses;
use coral_trace::chain;
use coral_trace::sanitize::line;
use coral_trace::units::counted;
use serde_json::{Map, Value, json};

use self::transfer::{Ended, Transfer};
use super::asked_at::AskedAt;
use super::{Failure, print, query, usual_data_dir};
use crate::args::{ExportArgs, ExportFormat};

/// The exit code after Ctrl-C: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

pub(super) fn export(args: &ExportArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let (colony, target) = (query::colony(&args.colony), target(args)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(chain(&error)))?;
    runtime.block_on(refuse_own_address(args, &target))?;
    let question = TracesQuestion {
        q: args.q.clone(),
        since_unix_us: Some(window.since_us),
        until_unix_us: Some(window.until_us),
        ..TracesQuestion::default()
    };
    let mut transfer = Transfer::new(colony, question, target);
    let ended = runtime.block_on(transfer.run());
    // A question to the colony that was interrupted has its own end.
    runtime.shutdown_background();
    let (traces, left_out) = (transfer.traces, transfer.left_out);
    let Counts { exported, rejected, requests, last_rejection } = transfer.end();
    print(&format!(
        "Exported {} of {} in {} to {}.\n",
        counted(exported, "span"),
        counted(traces, "trace"),
        counted(requests, "request"),
        line(&args.to)
    ))?;
    early_end(ended)?;
    if rejected > 0 {
        let why = if last_rejection.is_empty() { "no reason given" } else { &last_rejection };
        let spans = counted(rejected, "span");
        return Err(Failure::new(format!("the target rejected {spans}: {}", line(why))));
    }
    match left_out {
        0 => Ok(()),
        _ => Err(Failure::new(format!(
            "{} of traces with more than 100,000 spans were left out",
            counted(left_out, "span")
        ))),
    }
}

/// The failure of an export that has not sent everything.
fn early_end(ended: Ended) -> Result<(), Failure> {
    let again =
        "the same command sends everything again; a receiver that knows a span keeps it once";
    match ended {
        Ended::Whole => Ok(()),
        Ended::Refused(refusal) => {
            Err(Failure::with_hint(format!("the export ended early: {refusal}"), again))
        }
        Ended::Failed(failure) => Err(failure),
        Ended::Interrupted => {
            let error = "the export was interrupted: what is counted above was sent, and a request \
                         that was under way is taken as a whole or not at all";
            Err(Failure { code: INTERRUPTED, ..Failure::with_hint(error, again) })
        }
    }
}

/// Refuses a receiver of the Coral that runs on this host: its agent has received the spans already.
async fn refuse_own_address(args: &ExportArgs, target: &Target) -> Result<(), Failure> {
    let (data_dir, _) = usual_data_dir(args.colony.data_dir.clone());
    let Some(running) = Addresses::read(&data_dir) else { return Ok(()) };
    let receivers = [running.otlp_grpc, running.otlp_http, running.beyla_grpc, running.beyla_http];
    let listeners: Vec<SocketAddr> =
        receivers.into_iter().chain([running.agent_rpc, running.colony]).flatten().collect();
    let refused = own_address::refuse(std::slice::from_ref(target), &listeners).await;
    refused.map_err(|_| {
        let error = format!("{} is the Coral of this host, which has these spans", line(&args.to));
        Failure::with_hint(error, "name the address of another receiver with --to")
    })
}

/// The target of the command line.
fn target(args: &ExportArgs) -> Result<Target, Failure> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("name", json!("to"));
    let receiver = match args.format {
        ExportFormat::Otlp => "otlp",
        ExportFormat::Zipkin => "zipkin",
    };
    set(receiver, json!(args.to));
    set("headers", pairs("--header", &args.header)?);
    set("header_files", pairs("--header-file", &args.header_file)?);
    let mut tls = Map::new();
    if let Some(file) = &args.ca_file {
        // Over http nothing would read the file.
        std::fs::File::open(file).map_err(|error| {
            Failure::with_hint(
                format!("cannot read --ca-file {}: {error}", line(&file.display().to_string())),
                "name a PEM file with the certificate of the authority",
            )
        })?;
        tls.insert("ca_file".to_owned(), json!(file.display().to_string()));
    }
    tls.insert("insecure_plaintext".to_owned(), json!(args.insecure_plaintext));
    set("tls", tls.into());
    if let Some(protocol) = args.protocol {
        set("protocol", json!(protocol.as_str()));
    }
    let targets = export_targets(&json!([fields])).map_err(|reason| {
        let reason = reason.replacen("target `to`: ", "", 1).replacen("otlp: ", "", 1);
        Failure::with_hint(
            format!("cannot export to {}: {reason}", line(&args.to)),
            "such as --to http://127.0.0.1:4317, or --to https://otlp.example.com --protocol http",
        )
    })?;
    let config = targets.first().ok_or_else(|| Failure::new("there is no target"))?;
    Target::open(config, None, false).map_err(|error| {
        let hint =
            "write https://, or pass --insecure-plaintext in a network that nobody else reads";
        match error {
            coral_colony::export::TargetError::Plaintext(_) => Failure::with_hint(
                format!(
                    "{} is on another host, and everybody on the way could read the spans",
                    line(&args.to)
                ),
                hint,
            ),
            error => Failure::new(chain(&error)),
        }
    })
}

/// A map of the values of an option, each `NAME=VALUE`.
fn pairs(option: &str, given: &[String]) -> Result<Value, Failure> {
    let mut pairs = Map::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(format!("{option} is not of the form NAME=VALUE")));
        };
        pairs.insert(name.to_owned(), json!(value));
    }
    Ok(pairs.into())
}
