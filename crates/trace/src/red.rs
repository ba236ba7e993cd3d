//! RED metrics: how many requests, how many failed, how long they took.
//!
//! An exporter sends [`Point`]s: the histogram of one [`Series`] at one moment. [`Counters`]
//! convert points to increments, so that each request counts once. [`MergedHistogram`] adds
//! histograms up and computes percentiles. [`series_from_span`] makes a [`Series`] of a span, so
//! that metrics and spans are counted in the same rows.

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
pub use span::{protocol_of_kind, protocol_of_span, series_from_span};
pub use stream::{SeriesState, StateChange};
