//! `coral export`: sends stored traces to another receiver of OTLP, once.

use std::net::SocketAddr;

use coral_colony::export::one_off::{Counts, OneOff};
use coral_colony::export::{Target, own_address};
use coral_config::export_targets;
use coral_query::TracesQuestion;
use coral_server::addresses::Addresses;
use coral_trace::sanitize::line;
use coral_trace::units::counted;
use coral_trace::{Recogniser, chain};
use coral_wire::otlp_in::{self, Encoding};
use serde_json::{Map, Value, json};

use super::asked_at::AskedAt;
use super::{Failure, print, query, usual_data_dir};
use crate::args::{ExportArgs, ExportFormat};
use crate::client::TracePage;
use crate::terminal::Tally;

pub(super) fn export(args: &ExportArgs, asked: &AskedAt) -> Result<(), Failure> {
    let window = asked.window(args.since, args.until)?;
    let (colony, target) = (query::colony(&args.colony), target(args)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(chain(&error)))?;
    runtime.block_on(refuse_own_address(args, &target))?;
    let mut question = TracesQuestion {
        q: args.q.clone(),
        since_unix_us: Some(window.since_us),
        until_unix_us: Some(window.until_us),
        ..TracesQuestion::default()
    };
    let (mut export, mut tally) = (OneOff::new(target), Tally::default());
    let (mut traces, mut left_out) = (0, 0);
    let failed = loop {
        let TracePage { otlp, next, traces: of_page, left_out: not_of_page } =
            colony.trace_page(&question)?;
        let decoded = otlp_in::decode(&otlp, Encoding::Protobuf, &Recogniser::default());
        let decoded = decoded.map_err(|error| {
            Failure::new(format!("the colony's page is not OTLP: {}", chain(&error)))
        })?;
        if let Err(refusal) = runtime.block_on(export.send(decoded.spans)) {
            break Some(refusal);
        }
        (traces, left_out) = (traces + of_page, left_out + not_of_page);
        tally.show(&format!("Exported {}", counted(export.counts.exported, "span")));
        match next {
            Some(next) => question.after = next,
            None => break None,
        }
    };
    drop(tally);
    let Counts { exported, rejected, requests, last_rejection } = export.counts;
    print(&format!(
        "Exported {} of {} in {} to {}.\n",
        counted(exported, "span"),
        counted(traces, "trace"),
        counted(requests, "request"),
        line(&args.to)
    ))?;
    if let Some(refusal) = failed {
        return Err(Failure::with_hint(
            format!("the export ended early: {refusal}"),
            "the same command sends everything again; a receiver that knows a span keeps it once",
        ));
    }
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
