//! One trace as a flame graph. Each hop counts with its self time: the time that no child covers.

use std::collections::BTreeMap;

use inferno::flamegraph::{Direction, Options};

use super::picture::Picture;
use super::redacted::{REDACTED, with_redacted_hops};
use crate::table::cut;
use coral_query::answer::Trace;
use coral_trace::sanitize::line;

/// Largest number of frames in a stack. A deeper hop becomes the last frame of a stack of this
/// length.
const MAX_DEPTH: usize = 50;
/// Largest width of a frame's text, in columns of a terminal; a longer text is cut.
const MAX_FRAME_WIDTH: usize = 80;
/// Largest number of hops with frames of their own. All further hops share the frame `BEYOND`.
const MAX_HOPS: usize = 20_000;
const BEYOND: &str = "(hops beyond the first 20,000)";

/// One line for each stack of hops, from the root down:
/// `frontend-api: GET /a;payments-api: POST /b 1500`. The number is the self time of the last hop
/// in microseconds; hops that work at the same time each count. Equal stacks are one line with
/// their sum. Lines are sorted by stack.
///
/// Source: the format of `flamegraph.pl` and inferno.
pub fn folded(trace: &Trace) -> String {
    let stacks = stacks(trace);
    stacks.iter().map(|(stack, micros)| format!("{stack} {micros}\n")).collect()
}

/// The stacks of [`folded`] as a flame graph in SVG.
///
/// # Errors
/// [`std::io::Error`] of inferno: a trace that takes no time has no picture.
pub fn flamegraph(trace: &Trace) -> std::io::Result<String> {
    let mut options = Options::default();
    options.title = format!("Trace {}", trace.trace_id);
    options.count_name = "µs".to_owned();
    options.direction = Direction::Inverted;
    options.deterministic = true;

    let folded = folded(trace);
    let mut svg = Vec::new();
    inferno::flamegraph::from_lines(&mut options, folded.lines(), &mut svg)?;
    String::from_utf8(svg).map_err(std::io::Error::other)
}

fn stacks(trace: &Trace) -> BTreeMap<String, u128> {
    let trace = with_redacted_hops(trace);
    let picture = Picture::of(&trace);
    let own = picture.extents.self_times(&picture.tree);
    let mut stacks = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for (at, (node, depth)) in picture.tree.preorder().enumerate() {
        let micros = own[node].as_micros();
        if at >= MAX_HOPS {
            *stacks.entry(BEYOND.to_owned()).or_insert(0) += micros;
            continue;
        }
        above.truncate(depth.min(MAX_DEPTH - 1));
        above.push(picture.frame(node));
        if micros > 0 {
            *stacks.entry(above.join(";")).or_insert(0) += micros;
        }
    }
    stacks
}

impl Picture<'_> {
    /// The frame of a hop: `service: span name`. A `;` would separate frames, so it becomes `,`. A
    /// number at the end would be a count, so a name such as `SELECT 1` is put in quotes.
    fn frame(&self, node: usize) -> String {
        if self.is_redacted(node) {
            return REDACTED.to_owned();
        }
        let who = self.who(node).replace(';', ",");
        let name = line(&self.span(node).name).replace(';', ",");
        let frame = cut(format!("{who}: {name}").trim_end(), MAX_FRAME_WIDTH);
        if ends_in_a_number(&frame) { format!("{who}: \"{}\"", name.trim_end()) } else { frame }
    }
}

fn ends_in_a_number(frame: &str) -> bool {
    let last = frame.rsplit(char::is_whitespace).next().unwrap_or_default();
    last.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
}
