//! RED metrics: how many requests, how many failed, how long they took.
//!
//! A [`Point`] is what an exporter says of one [`Series`] at one moment. [`Counters`] make of points what
//! happened since, each request once; [`Merged`] adds that up and reads percentiles from it. Spans give the
//! same [`Series`] by [`of_span`], so that both sources go one way from there.

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

pub use counters::{Counters, Growth, Taken};
pub use exponential::Exponential;
pub use histogram::{Histogram, InvalidHistogram, MOST_NANOS};
pub use label_limit::{LabelLimit, OVERFLOW};
pub use merged::{Merged, Quantile};
pub use point::{Delta, Exemplar, Key, KeyHasher, Point, Temporality};
pub use series::{Protocol, Series, Side};
pub use span::of_span;
pub use stream::{StateChange, Tracked};
