//! Sampling, in answers that count spans.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a count of spans stands for, where agents record only a share of the traces.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The share of the requests or calls that is recorded: above 0 and at most 1. A rate divided by
    /// it estimates the rate of all. Null when the share is not known; `count` and `errors` are null
    /// too then.
    pub sampling_ratio: Option<f64>,
    /// Estimate of how many requests or calls there were: each recorded one counts as one divided by
    /// the share of its agent and minute.
    pub count: Option<u64>,
    /// Estimate of how many failed.
    pub errors: Option<u64>,
}

/// Spans of an agent of which only a share is recorded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SampledSpans {
    /// The agent's id.
    pub agent_id: String,
    /// The services whose spans are recorded with this share, sorted by name.
    pub services: Vec<String>,
    /// The share of traces that is recorded, above 0 and at most 1; the smallest of all minutes. Null
    /// when it is not known.
    pub least_ratio: Option<f64>,
    /// The largest share of all minutes; null when it is not known.
    pub most_ratio: Option<f64>,
}
