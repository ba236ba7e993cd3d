//! RED metrics: how many requests, how many failed, how long they took.
//!
//! A [`Point`] is what an exporter says of one [`Series`] at one moment. [`Counters`] make of points what
//! happened since, each request once; [`MergedHistogram`] adds that up and reads percentiles from it. Spans give the
//! same [`Series`] by [`series_from_span`], so that both sources go one way from there.

mod counters;
mod exponential;
mod histogram;
mod label_limit;
mod merged;
mod point;
mod series;
mod span;
mod stream;
#[cfg(test)]
mod tests;

pub use counters::{Counters, Growth, PointOutcome};
pub use exponential::Exponential;
pub use histogram::{Histogram, InvalidHistogram, MAX_NANOS};
pub use label_limit::{LabelLimit, OVERFLOW};
pub use merged::{MergedHistogram, Quantile};
pub use point::{Delta, Exemplar, Key, KeyHasher, Point, Temporality};
pub use series::{Protocol, Series, Side};
pub use span::series_from_span;
pub use stream::{SeriesState, StateChange};
