//! One trace as a flame graph: each hop as wide as it was at work itself, or waited for nobody that is known.

use std::collections::BTreeMap;

use inferno::flamegraph::{Direction, Options};

use super::picture::Picture;
use crate::table::cut;
use coral_query::answer::Trace;
use coral_trace::sanitize::line;

/// Deeper hops are counted with those at this depth.
const MAX_DEPTH: usize = 50;
/// The widest that a hop's name is.
const MAX_FRAME_WIDTH: usize = 80;
/// More hops are one frame: nobody can see them.
const MAX_HOPS: usize = 20_000;
const BEYOND: &str = "(hops beyond the first 20,000)";

/// One line a stack of hops, from the root down: `frontend-api: GET /a;payments-api: POST /b 1500`. The number is
/// microseconds that the last hop was at work itself; hops at work at the same time each count.
/// By stack, those of the same names summed.
///
/// Source: the format of `flamegraph.pl` and inferno.
pub fn folded(trace: &Trace) -> String {
    let stacks = stacks(trace);
    stacks.iter().map(|(stack, micros)| format!("{stack} {micros}\n")).collect()
}

/// An SVG of the same.
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
    let picture = Picture::of(trace);
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
    /// Without what a line of stacks is divided by: `;` between frames, and a space before a number at its end, which
    /// would be a count. A span `SELECT 1` has quotes there.
    fn frame(&self, node: usize) -> String {
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
