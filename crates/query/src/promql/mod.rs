//! PromQL over the metrics of calls that are computed from the store.
//!
//! An expression is parsed ([`parse`]), the moments of its samples are planned ([`plan`], [`needs`]),
//! the series are read once ([`mod@series`]), and the expression is evaluated at all its steps
//! ([`eval`]). Numbers are those of Prometheus for series that are scraped every 15 seconds and never
//! reset.

mod error;
mod eval;
mod exemplars;
mod label_question;
mod labels;
mod lex;
mod matcher;
mod needs;
mod parse;
mod plan;
mod question;
mod series;
mod syntax;
mod value;

pub use self::error::{PromqlError, SyntaxError};
pub use self::exemplars::{ExemplarPoint, SeriesExemplars};
pub use self::label_question::{LabelQuestion, label_names, label_values, series};
pub use self::labels::Labels;
pub use self::lex::duration as duration_ms;
pub use self::question::{
    Answer, MAX_STEPS, MetricAbout, Point, RangeSeries, Sample, TimeSpan, exemplars, instant,
    metric_names, metrics, range, services_of,
};
pub(crate) use self::series::bucket_bounds;
