//! Generates traces as Beyla makes them, from a seed: their contents ([`trace`]), their encoding
//! ([`encode`]), and the right answers to questions about them ([`truth`]).

mod attributes;
pub mod calls;
pub mod encode;
mod protobuf;
pub mod question;
pub mod trace;
pub mod truth;

use clap::Args;
use serde::Serialize;

use crate::units::parse_duration;

/// The settings of the generator, which determine every span.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Traffic {
    /// Number of spans, rounded up to whole traces.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans: u64,
    /// Number of services; each trace goes through several.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub services: u64,
    /// Spans per trace. Five spans make one hop: a server span, its two internal children, an SQL
    /// query, and the call of the next hop.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans_per_trace: u64,
    /// Attributes of each span that is not internal.
    #[arg(long, default_value_t = 10)]
    pub attributes: usize,
    /// Part of the traces that fail, from 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    pub errors: f64,
    /// Part of the traces that take 1 to 3 s instead of 2 to 50 ms, from 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    pub slow: f64,
    /// Seed of the generator; other seeds make other traces.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Start times are spread over this long, up to `end`.
    #[arg(long, default_value = "1h", value_parser = parse_duration)]
    #[serde(rename = "spread_nanos")]
    pub spread: Nanos,
    /// Spans per export, rounded to whole traces.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans_per_export: u64,
    /// Unix nanoseconds when the last trace ends; by default now.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub end: u64,
}

/// A duration or a time in nanoseconds.
pub type Nanos = u64;

impl Traffic {
    /// Traces of `spans_per_trace` spans that end by `end`, each in an export of its own.
    pub fn of_traces(traces: u64, spans_per_trace: u64, end: Nanos) -> Self {
        Self {
            spans: traces * spans_per_trace,
            services: 20,
            spans_per_trace,
            attributes: 10,
            errors: 0.01,
            slow: 0.01,
            seed: 1,
            spread: 3_600_000_000_000,
            spans_per_export: spans_per_trace,
            end,
        }
    }

    /// The same traffic, ending at `now` unless an end was given.
    pub fn ending(mut self, now: Nanos) -> Self {
        if self.end == 0 {
            self.end = now;
        }
        self
    }

    /// The number of traces.
    pub fn traces(&self) -> u64 {
        self.spans.div_ceil(self.spans_per_trace)
    }

    /// The number of spans: `spans`, rounded up to whole traces.
    pub fn total_spans(&self) -> u64 {
        self.traces() * self.spans_per_trace
    }

    /// The number of exports.
    pub fn exports(&self) -> u64 {
        self.traces().div_ceil(self.traces_per_export())
    }

    /// The number of traces that begin in one export.
    pub fn traces_per_export(&self) -> u64 {
        (self.spans_per_export / self.spans_per_trace).max(1)
    }
}

#[cfg(test)]
pub fn sample(spans: u64) -> Traffic {
    Traffic {
        spans,
        services: 20,
        spans_per_trace: 10,
        attributes: 10,
        errors: 0.05,
        slow: 0.05,
        seed: 1,
        spread: 3_600_000_000_000,
        spans_per_export: 500,
        end: 1_795_000_000_000_000_000,
    }
}
