//! One trace, as text and as a picture.

mod brief;
mod clocks;
mod flame;
mod hop;
mod path;
mod picture;
mod redacted;
mod remarks;
mod spans;
mod tree;

pub use self::brief::brief;
pub use self::clocks::with_clocks_adjusted;
pub use self::flame::{flamegraph, folded};
pub use self::path::critical_path;
pub use self::spans::spans;
pub use self::tree::{no_trace, trace_tree};
