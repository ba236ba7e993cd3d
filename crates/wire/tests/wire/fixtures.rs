//! Captures of Beyla, compared with the tables of their README.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use coral_trace::{Collector, Recogniser, Span, SpanKind};
use coral_wire::otlp_in::{Encoding, decode};
use coral_wire::otlp_out::{encode, encode_json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/beyla");

/// A row of the README's table of traces.
#[derive(PartialEq, Debug)]
struct Row {
    spans: usize,
    traces: usize,
    internal_server_client: String,
    errors: usize,
    services: usize,
}

#[test]
fn every_capture_of_beyla_holds_what_its_readme_says() {
    let mut files = 0;
    for directory in captures() {
        for (file, row) in table(&directory) {
            let spans = spans(&directory.join(&file));
            assert_eq!(counted(&spans), row, "{} {file}", directory.display());
            files += 1;
        }
    }
    assert_eq!(files, 101);
}

#[test]
fn every_capture_of_beyla_survives_both_encodings() {
    let sdk = Recogniser::everything_sdk();
    for (directory, file) in trace_files() {
        let spans = spans(&directory.join(file));
        let again = decode(&encode(&spans), Encoding::Protobuf, &sdk).unwrap();
        assert_eq!(sorted(again.spans), sorted(spans.clone()));
        let again = decode(encode_json(&spans).as_bytes(), Encoding::Json, &sdk).unwrap();
        assert_eq!(sorted(again.spans), sorted(spans));
    }
}

#[test]
fn every_capture_of_beyla_is_recognised() {
    for body in bodies() {
        let decoded = decode(&body, Encoding::Protobuf, &Recogniser::default()).unwrap();
        assert!(decoded.spans.iter().all(|span| span.origin.collector == Collector::Ebpf));
    }
}

#[test]
fn the_json_examples_of_the_readmes_say_the_same_as_the_captures() {
    let mut examples = 0;
    for directory in captures() {
        for (file, json) in span_examples(&directory) {
            let example = from_json(&format!(r#"{{"scopeSpans":[{{"spans":[{json}]}}]}}"#));
            let captured = spans(&directory.join(file));
            let same = |span: &&Span| span.span_id == example.span_id;
            let mut captured = captured.iter().find(same).unwrap().clone();
            captured.origin = example.origin.clone();
            assert_eq!(example, captured);
            examples += 1;
        }
    }
    assert!(examples >= 10, "only {examples} examples were found");
}

#[test]
fn the_resource_in_a_readme_is_one_of_its_captures() {
    for directory in captures() {
        let readme = readme(&directory);
        let json = json_blocks(&readme).next().unwrap().1;
        let ids = r#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7""#;
        let span = format!(r#"{{"resource":{json},"scopeSpans":[{{"spans":[{{{ids}}}]}}]}}"#);
        let resource = &from_json(&span).origin.resource;
        let mut captured =
            table(&directory).into_iter().flat_map(|row| spans(&directory.join(row.0)));
        assert!(captured.any(|span| span.origin.resource == *resource), "{resource:?}");
    }
}

/// The contents of every capture of traces.
pub fn bodies() -> Vec<Vec<u8>> {
    trace_files().map(|(directory, file)| fs::read(directory.join(file)).unwrap()).collect()
}

fn counted(spans: &[Span]) -> Row {
    let kinds = [SpanKind::Internal, SpanKind::Server, SpanKind::Client];
    let kinds = kinds.map(|kind| spans.iter().filter(|span| span.kind == kind).count().to_string());
    Row {
        spans: spans.len(),
        traces: spans.iter().map(|span| span.trace_id).collect::<HashSet<_>>().len(),
        internal_server_client: kinds.join("/"),
        errors: spans.iter().filter(|span| span.is_error()).count(),
        services: spans.iter().map(|span| span.origin.service_name()).collect::<HashSet<_>>().len(),
    }
}

fn captures() -> Vec<PathBuf> {
    let directories = fs::read_dir(FIXTURES).unwrap();
    directories.map(|entry| entry.unwrap().path()).collect()
}

fn trace_files() -> impl Iterator<Item = (PathBuf, String)> {
    captures().into_iter().flat_map(|directory| {
        let rows = table(&directory).into_iter();
        rows.map(move |(file, _)| (directory.clone(), file)).collect::<Vec<_>>()
    })
}

/// Reads the table of traces in the README, whose columns are file, bytes, resourceSpans,
/// scopeSpans, spans, traces, kinds, status ERROR and services.
fn table(directory: &Path) -> Vec<(String, Row)> {
    let readme = readme(directory);
    let rows = readme.lines().filter(|line| line.starts_with("| traces-"));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let number = |index: usize| cells[index].parse().unwrap();
        let row = Row {
            spans: number(4),
            traces: number(5),
            internal_server_client: cells[6].to_owned(),
            errors: number(7),
            services: number(8),
        };
        (cells[0].to_owned(), row)
    })
    .collect()
}

/// File and JSON of each example whose title ends in "from `traces-001.otlp.pb`" or another such
/// file.
fn span_examples(directory: &Path) -> Vec<(String, String)> {
    let readme = readme(directory);
    let examples = json_blocks(&readme).filter_map(|(title, json)| {
        let file = title.split("from `").nth(1)?.trim_end_matches('`');
        file.starts_with("traces-").then(|| (file.to_owned(), json.to_owned()))
    });
    examples.collect()
}

/// The title of each JSON block, which is the line before the block, and the first line in the
/// block.
fn json_blocks(readme: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = readme.lines().zip(readme.lines().skip(1)).zip(readme.lines().skip(2));
    lines.filter(|((_, fence), _)| *fence == "```json").map(|((title, _), json)| (title, json))
}

fn readme(directory: &Path) -> String {
    fs::read_to_string(directory.join("README.md")).unwrap()
}

fn spans(file: &Path) -> Vec<Span> {
    let body = fs::read(file).unwrap();
    let decoded = decode(&body, Encoding::Protobuf, &Recogniser::everything_sdk()).unwrap();
    assert!(decoded.refused.is_empty(), "{}", decoded.refused.message());
    decoded.spans
}

fn from_json(resource_spans: &str) -> Span {
    let request = format!(r#"{{"resourceSpans":[{resource_spans}]}}"#);
    let sdk = Recogniser::everything_sdk();
    decode(request.as_bytes(), Encoding::Json, &sdk).unwrap().spans.remove(0)
}

fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}
