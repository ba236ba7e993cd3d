//! Traces as Beyla makes them, a function of a seed: what they are ([`trace`]), how they travel
//! ([`encode`]), and what the right answers to questions about them are ([`truth`]).

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

/// What is generated: nothing else has a say in any span.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Traffic {
    /// Spans, rounded up to whole traces.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans: u64,
    /// Services; each trace goes through several.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub services: u64,
    /// Spans of one trace. Five make one hop: a server span, its two internal children, an SQL call
    /// and the call of the next hop.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans_per_trace: u64,
    /// Attributes of each span that is not internal.
    #[arg(long, default_value_t = 10)]
    pub attributes: usize,
    /// Share of traces that fail.
    #[arg(long, default_value_t = 0.01)]
    pub errors: f64,
    /// Share of traces that take 1 to 3 s rather than 2 to 50 ms.
    #[arg(long, default_value_t = 0.01)]
    pub slow: f64,
    /// Another seed makes other traces.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Start times are spread over so long a time, which ends at `end`.
    #[arg(long, default_value = "1h", value_parser = parse_duration)]
    #[serde(rename = "spread_nanos")]
    pub spread: Nanos,
    /// Spans of one export, rounded to whole traces.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    pub spans_per_export: u64,
    /// Unix nanoseconds when the last trace has ended; now, when it is not given.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub end: u64,
}

/// A length of time in nanoseconds.
pub type Nanos = u64;

impl Traffic {
    /// The same traffic, ending at `now` unless an end was given.
    pub fn ending(mut self, now: Nanos) -> Self {
        if self.end == 0 {
            self.end = now;
        }
        self
    }

    /// How many traces there are.
    pub fn traces(&self) -> u64 {
        self.spans.div_ceil(self.spans_per_trace)
    }

    /// How many spans there really are.
    pub fn total_spans(&self) -> u64 {
        self.traces() * self.spans_per_trace
    }

    /// How many exports carry them.
    pub fn exports(&self) -> u64 {
        self.traces().div_ceil(self.traces_per_export())
    }

    /// How many traces begin in one export.
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
