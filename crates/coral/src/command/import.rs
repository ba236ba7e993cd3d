//! `coral import`: sends the spans of a file to an agent.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use coral_server::addresses::{Addresses, on_this_host};
use coral_trace::sanitize::{ends, line};
use coral_trace::units::counted;
use coral_trace::{Span, chain};
use coral_wire::otlp_out;
use coral_wire::trace_file::{self, TraceFile};

use super::{Failure, print, usual_data_dir};
use crate::args::ImportArgs;
use crate::client::exporter::{Accepted, Exporter};

/// The largest file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// The largest body, in bytes. An agent takes 16 MiB unless it is configured otherwise.
const MAX_BODY_BYTES: usize = 4 << 20;

pub(super) fn import(args: &ImportArgs) -> Result<(), Failure> {
    let name = match args.file.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => line(&args.file.display().to_string()),
    };
    let bytes = bytes(&args.file).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => "give the path of a file, or - for standard input",
            ErrorKind::IsADirectory => {
                "give one file; for a directory: for file in DIR/*; do coral import \"$file\"; done"
            }
            _ => "give the path of a file that you may read, of at most 1 GiB",
        };
        Failure::with_hint(format!("cannot read {name}: {error}"), hint)
    })?;
    let hint = "an export is OTLP (JSON or protobuf), Jaeger's JSON or Zipkin's v2 JSON; unpack a \
                compressed file first";
    let file = trace_file::read(&bytes).map_err(|error| {
        Failure::with_hint(format!("cannot read {name}: {}", chain(&error)), hint)
    })?;
    drop(bytes);
    if file.spans.is_empty() && file.refused.is_empty() {
        return Err(Failure::with_hint(format!("{name} has no spans"), hint));
    }
    let exporter = exporter(args)?;
    let traces: BTreeSet<_> = file.spans.iter().map(|span| span.trace_id).collect();
    let (spans, count) = (file.spans.len() as u64, traces.len() as u64);
    print(&format!(
        "Read {} of {} from {name} ({}).\n",
        counted(spans, "span"),
        counted(count, "trace"),
        file.format
    ))?;
    let sent = send(&exporter, &file)?;
    print(&format!("{} accepted {}.\n", exporter.url(), counted(sent.spans, "span")))?;
    if let ([only], true) = (&traces.iter().collect::<Vec<_>>()[..], sent.spans > 0) {
        print(&format!("Show it: coral query beyla traces --trace-id {only}\n"))?;
    }
    refusals(&file, &sent, exporter.url())
}

/// The bytes of the file, or of standard input.
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes),
        false => std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes),
    };
    match read? as u64 > MAX_FILE_BYTES {
        true => Err(std::io::Error::other("it is larger than 1 GiB")),
        false => Ok(bytes),
    }
}

/// The agent that is sent the spans: at `--to`, or the one that runs on this host.
fn exporter(args: &ImportArgs) -> Result<Exporter, Failure> {
    let token = args.token_file.as_deref().map(token).transpose()?;
    if let Some(url) = &args.to {
        return Ok(Exporter::new(url, token));
    }
    let (data_dir, _) = usual_data_dir(args.data_dir.clone());
    let running = Addresses::read(&data_dir);
    match running.and_then(|running| Some((running.otlp_tls, running.otlp_http?))) {
        Some((has_tls, address)) => {
            let scheme = if has_tls { "https" } else { "http" };
            Ok(Exporter::new(&format!("{scheme}://{}", on_this_host(address)), token))
        }
        None => Err(Failure::with_hint(
            format!("no agent runs with the data directory {}", data_dir.display()),
            "start one with `coral standalone` or `coral agent start`, or name one with --to URL",
        )),
    }
}

fn token(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    Ok(text.trim().to_owned())
}

/// Sends the spans in bodies of at most [`MAX_BODY_BYTES`].
fn send(exporter: &Exporter, file: &TraceFile) -> Result<Accepted, Failure> {
    let mut all = Accepted::default();
    for body in bodies(&file.spans) {
        let accepted = exporter.export(otlp_out::encode(body), body.len() as u64);
        let accepted = accepted.map_err(|error| {
            let sent = counted(all.spans, "span");
            let error = format!("{error}; {sent} of {} were accepted before", file.spans.len());
            Failure::with_hint(error, "the same file may be sent again: a span is stored once")
        })?;
        all.add(accepted);
    }
    Ok(all)
}

/// Consecutive runs of `spans` that fit into a body.
fn bodies(spans: &[Span]) -> Vec<&[Span]> {
    let (mut bodies, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (at, span) in spans.iter().enumerate() {
        let more = otlp_out::span_len(span) + otlp_out::origin_len(&span.origin);
        if at > start && bytes + more > MAX_BODY_BYTES {
            bodies.push(&spans[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += more;
    }
    bodies.extend((start < spans.len()).then(|| &spans[start..]));
    bodies
}

/// What was read and not accepted, and what could not be read.
fn refusals(file: &TraceFile, sent: &Accepted, url: &str) -> Result<(), Failure> {
    let mut reasons = Vec::new();
    if !file.refused.is_empty() {
        reasons.push(format!("not read: {}", file.refused.message()));
    }
    if sent.refused > 0 {
        let refused = counted(sent.refused, "span");
        reasons.push(format!("{url} refused {refused}: {}", ends(&sent.message)));
    }
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(reasons.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use coral_trace::testing;
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn bodies_have_all_spans_in_order_and_are_not_too_long() {
        let mut runner = TestRunner::deterministic();
        let span = testing::span().new_tree(&mut runner).unwrap().current();
        let large = Span { name: "x".repeat(1_000_000), ..span };
        let spans = vec![large; 11];
        let bodies = bodies(&spans);
        assert_eq!(bodies.iter().map(|body| body.len()).sum::<usize>(), 11);
        assert!(bodies.len() >= 3, "{}", bodies.len());
        for body in bodies {
            assert!(otlp_out::encode(body).len() <= MAX_BODY_BYTES);
        }
        assert!(super::bodies(&[]).is_empty());
    }
}
