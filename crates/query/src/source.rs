//! Whose spans a question is about.

use coral_trace::Collector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Everybody's.
    #[default]
    All,
    /// Those that Beyla or another eBPF instrumentation made.
    Ebpf,
    /// Those that SDKs made.
    Sdk,
}

impl Source {
    /// As `--source` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ebpf => "ebpf",
            Self::Sdk => "sdk",
        }
    }

    /// The collector that made the spans; `None` for all.
    pub const fn collector(self) -> Option<Collector> {
        match self {
            Self::All => None,
            Self::Ebpf => Some(Collector::Ebpf),
            Self::Sdk => Some(Collector::Sdk),
        }
    }
}
