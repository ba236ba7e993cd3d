//! Options whose value is one of a few words that `coral-query` defines.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use coral_query::{RedSide, RedSource, Sort, Source, SpanStatus};

/// A value, its word on the command line, and its line in the help.
type Choice<T> = (T, &'static str, &'static str);

const SOURCES: [Choice<Source>; 3] = [
    (Source::All, "all", "All spans"),
    (Source::Ebpf, "ebpf", "Spans of Beyla or another eBPF instrumentation"),
    (Source::Sdk, "sdk", "Spans of SDKs"),
];
const STATUSES: [Choice<SpanStatus>; 2] = [
    (SpanStatus::Error, "error", "A span has the status `error`"),
    (SpanStatus::Ok, "ok", "No span has the status `error`"),
];
const SORTS: [Choice<Sort>; 2] =
    [(Sort::Newest, "newest", "Latest start first"), (Sort::Slowest, "slowest", "Longest first")];
const SIDES: [Choice<RedSide>; 2] = [
    (RedSide::Server, "server", "Requests that the service served"),
    (RedSide::Client, "client", "Requests that the service made"),
];
const RED_SOURCES: [Choice<RedSource>; 2] = [
    (RedSource::Metrics, "metrics", "Metrics of Beyla: every request, sampled or not"),
    (RedSource::Spans, "spans", "Stored spans: eBPF spans if there are any, else SDK spans"),
];

/// `--source` of spans.
pub fn source() -> impl TypedValueParser<Value = Source> {
    one_of(&SOURCES)
}

/// `--status` of traces.
pub fn status() -> impl TypedValueParser<Value = SpanStatus> {
    one_of(&STATUSES)
}

/// `--sort` of traces.
pub fn sort() -> impl TypedValueParser<Value = Sort> {
    one_of(&SORTS)
}

/// `--side` of RED metrics.
pub fn side() -> impl TypedValueParser<Value = RedSide> {
    one_of(&SIDES)
}

/// `--source` of RED metrics.
pub fn red_source() -> impl TypedValueParser<Value = RedSource> {
    one_of(&RED_SOURCES)
}

fn one_of<T: Copy + Send + Sync + 'static>(
    choices: &'static [Choice<T>],
) -> impl TypedValueParser<Value = T> {
    let words = choices.iter().map(|(_, word, help)| PossibleValue::new(*word).help(*help));
    PossibleValuesParser::new(words).map(move |word| {
        let chosen = choices.iter().find(|(_, known, _)| *known == word);
        chosen.expect("the parser before this one knows these words only").0
    })
}
