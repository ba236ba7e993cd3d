//! One trace as a flame graph: each hop as wide as it was at work itself, or waited for nobody that is known.

use std::collections::BTreeMap;

use inferno::flamegraph::{Direction, Options};

use super::picture::Picture;
use crate::query::answer::Trace;
use crate::show::sanitize::line;
use crate::show::table::cut;

/// Deeper hops are counted with those at this depth.
const DEEPEST: usize = 50;
/// The widest that a hop's name is.
const WIDEST: usize = 80;
/// More hops are one frame: nobody can see them.
const MOST_HOPS: usize = 20_000;
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
    options.title = format!("Trace {}", line(&trace.trace_id));
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
        if at >= MOST_HOPS {
            *stacks.entry(BEYOND.to_owned()).or_insert(0) += micros;
            continue;
        }
        above.truncate(depth.min(DEEPEST - 1));
        above.push(picture.frame(node));
        if micros > 0 {
            *stacks.entry(above.join(";")).or_insert(0) += micros;
        }
    }
    stacks
}

impl Picture<'_> {
    /// What a `;`, or a space and digits at the end of a line, would be taken for is not in it.
    fn frame(&self, node: usize) -> String {
        let name = format!("{}: {}", self.who(node), line(&self.span(node).span_name));
        cut(&name.replace(';', ","), WIDEST)
    }
}
