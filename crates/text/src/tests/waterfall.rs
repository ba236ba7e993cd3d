//! The rows of a waterfall against the printed tree of the same trace: who reads one and then the
//! other sees the same hops, in the same places, with the same times.

use std::path::Path;

use coral_query::answer::{Trace, Waterfall};
use coral_query::{Source, TraceQuestion, TracesQuestion, WaterfallQuestion};
use coral_store::{Store, StoreConfig};
use coral_trace::sanitize::line;
use coral_trace::units::TimeZone;
use coral_trace::{Recogniser, Span, TraceId, UnixNanos};
use coral_wire::otlp_in::{self, Encoding};

use super::shop::{NOON, ask, shared};
use super::{REFERENCE, trace};
use crate::duration::duration;
use crate::screen::Screen;
use crate::trace::{trace_tree, with_clocks_adjusted};

const ERROR: u16 = 1;
const ORPHAN: u16 = 2;
const CRITICAL: u16 = 16;
const CYCLE: u16 = 256;
const ANSWERED: u16 = 512;

/// One hop, as both show it: depth, service, what is in parentheses, and whether it is critical.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Shown {
    depth: usize,
    service: String,
    inside: String,
    is_critical: bool,
    is_top_without_parent: bool,
}

/// The hops of the printed tree. Subtrees of roots come first, as in a waterfall.
fn printed(trace: &Trace) -> Vec<Shown> {
    let page = trace_tree(trace, &TimeZone::UTC, Screen { colour: true, ..Screen::PLAIN });
    let tree = page.split_once("Span Tree:\n").unwrap().1;
    let hops: Vec<Shown> = tree.lines().take_while(|line| !line.is_empty()).map(hop).collect();
    let subtrees = hops.chunk_by(|_, next| next.depth > 0);
    let (roots, others): (Vec<_>, Vec<_>) =
        subtrees.partition(|subtree| !subtree[0].is_top_without_parent);
    roots.into_iter().chain(others).flatten().cloned().collect()
}

fn hop(text: &str) -> Shown {
    let is_critical = text.contains("\u{1b}[1m");
    let text = anstream::adapter::strip_str(text).to_string();
    let hop = text.trim_start_matches([' ', '│', '├', '└', '─']);
    let is_top_without_parent = hop.starts_with("┄ ");
    let depth = (text.chars().count() - hop.chars().count()) / 3;
    let (who, rest) = hop.trim_start_matches("┄ ").split_once(" (").unwrap();
    let service = who.split(" → ").next().unwrap_or_default().to_owned();
    Shown { depth, service, inside: rest.to_owned(), is_critical, is_top_without_parent }
}

/// The rows of `found` without client spans that a server span answered: the tree shows the two as
/// one hop.
fn hops(found: &Waterfall) -> Vec<Shown> {
    let mut answered_above: Vec<usize> = Vec::new();
    let mut shown = Vec::new();
    for row in 0..found.depth.len() {
        let depth = found.depth[row] as usize;
        answered_above.truncate(depth);
        let above = answered_above.last().copied().unwrap_or_default();
        let flags = found.flags[row];
        let is_answered = flags & ANSWERED != 0;
        answered_above.push(above + usize::from(is_answered));
        if is_answered {
            continue;
        }
        let client = row.checked_sub(1).filter(|client| found.flags[*client] & ANSWERED != 0);
        let either = flags | client.map_or(0, |client| found.flags[client]);
        shown.push(Shown {
            depth: depth - above,
            service: line(&found.services[found.service[row] as usize]).to_string(),
            inside: format!(
                "{}, {})",
                duration(found.duration_us[row]),
                line(&found.names[found.name[row] as usize])
            ),
            is_critical: either & CRITICAL != 0,
            is_top_without_parent: either & (ORPHAN | CYCLE) != 0,
        });
    }
    shown
}

/// Compares the two; what the tree remarks about a hop comes behind what is compared.
#[track_caller]
fn same(trace: &Trace, found: &Waterfall) {
    let (printed, rows) = (printed(trace), hops(found));
    assert_eq!(printed.len(), rows.len(), "{}", trace.trace_id);
    for (mut hop, row) in printed.into_iter().zip(rows) {
        hop.inside.truncate(row.inside.len());
        assert_eq!(hop, row, "{}", trace.trace_id);
    }
    let errors = found.flags.iter().filter(|flags| *flags & ERROR != 0).count() as u64;
    assert_eq!(errors, trace.error_count);
    assert_eq!((found.start, found.trace_duration_us), (trace.start, trace.duration_us));
    assert_eq!((found.span_count, found.complete), (trace.span_count, trace.complete));
    let path: i64 =
        found.critical_end_us.iter().sum::<i64>() - found.critical_start_us.iter().sum::<i64>();
    assert_eq!(path, found.service_times.iter().map(|time| time.critical_us).sum::<i64>());
    let own: i64 = found.self_us.iter().sum();
    assert_eq!(own, found.service_times.iter().map(|time| time.self_us).sum::<i64>());
}

/// Stores `exports`, and compares both for each of their traces, with and without moved clocks.
/// Returns how many traces there are.
fn compare(exports: Vec<Vec<Span>>) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig { dir: dir.path().to_owned(), segment_rows: 500 };
    let store = Store::open(config).unwrap();
    let mut ids: Vec<TraceId> = exports.iter().flatten().map(|span| span.trace_id).collect();
    exports.into_iter().for_each(|spans| drop(store.append(&[spans], UnixNanos(NOON)).unwrap()));
    let sources = shared(store);
    ids.sort_unstable();
    ids.dedup();
    for id in &ids {
        for adjust_clocks in [false, true] {
            let (id, source) = ((*id).into(), Source::All);
            let trace = ask(&sources, &TraceQuestion { id, source, examine: false });
            let trace = if adjust_clocks { with_clocks_adjusted(&trace) } else { trace };
            same(&trace, &ask(&sources, &WaterfallQuestion { id, source, adjust_clocks }));
        }
    }
    let limit = TracesQuestion { limit: 1, ..TracesQuestion::default() };
    assert_eq!(ask(&sources, &limit).traces.len(), 1);
    ids.len()
}

fn spans(text: &str) -> Vec<Span> {
    trace(text).spans.into_iter().map(|one| one.span).collect()
}

#[test]
fn rows_are_the_hops_of_the_printed_tree_for_every_recording_of_beyla() {
    for version in ["1.8.9", "3.31.0"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/beyla").join(version);
        let mut files: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|one| one.unwrap().path()).collect();
        files.retain(|file| file.to_string_lossy().contains("/traces-"));
        files.sort();
        let decoded = |file: &std::path::PathBuf| {
            let bytes = std::fs::read(file).unwrap();
            otlp_in::decode(&bytes, Encoding::Protobuf, &Recogniser::default()).unwrap().spans
        };
        assert!(compare(files.iter().map(decoded).collect()) > 10);
    }
}

#[test]
fn rows_are_the_hops_of_the_printed_tree_for_every_kind_of_trace() {
    for text in [
        REFERENCE,
        "1 frontend server 0+100 GET /checkout/{id}
2 frontend internal 0+0.1 in queue < 1
3 frontend internal 0.1+99 processing < 1
4 frontend client 10+60 POST /api/v1/payments < 3 | server.address=127.0.0.1:18082
5 payments server 10.1+59.5 POST /api/v1/payments < 4
6 payments internal 10.1+0.1 in queue < 5
7 payments internal 10.2+59 processing < 5
8 payments client 20+1.9 SELECT cards < 7 | db.system.name=other_sql",
        // Virtual hops by name alone, which have attributes.
        "1 frontend server 0+100 GET /\n2 frontend internal 1+50 processing < 1 | a=b",
        "1 a server 0+900 GET / | error status=503
2 a client 10+500 GET /slow < 1 | error status=0
3 b server 11+700 GET /slow < 2 | status=200
4 a client 600+1 UPDATE cards < 1 | error db.system=mysql",
        "1 a server 0+100 GET /
2 a client 10+50 POST /b < 1
3 b server 515+40 POST /b < 2
4 b client 520+10 SELECT x < 3 | db.system=postgresql",
        "2 orphan server 0+9 GET /early < b\n1 a server 20+100 GET /\n3 c server 30+5 GET /c < d",
        "1 a internal 5+1 one < 3\n2 a internal 1+1 two < 1\n3 a internal 7+1 three < 2",
    ] {
        assert_eq!(compare(vec![spans(text)]), 1);
    }
}
