//! The answers of all questions.

pub use crate::anomalies::answer::*;
pub use crate::attributes::answer::*;
pub use crate::compare::answer::*;
pub use crate::coverage::{Coverage, CoverageGap, LeftOut, SamplingChange};
pub use crate::english::answer::*;
pub use crate::find::answer::*;
pub use crate::heatmap::answer::*;
pub use crate::red::answer::*;
pub use crate::sampling::answer::*;
pub use crate::series::answer::*;
pub use crate::services::answer::*;
pub use crate::span::answer::*;
pub use crate::status::answer::*;
pub use crate::topology::answer::*;
pub use crate::trace::answer::*;
pub use crate::trace_health::answer::*;
pub use crate::traces::answer::*;
pub use crate::waterfall::answer::*;
pub use crate::why::answer::*;
