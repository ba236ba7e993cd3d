//! Which spans a question is about, by the instrumentation that made them.

use coral_trace::Collector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which spans count, by the instrumentation that made them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// All spans.
    #[default]
    All,
    /// Only spans made by Beyla or another eBPF instrumentation.
    Ebpf,
    /// Only spans made by SDKs.
    Sdk,
}

impl Source {
    /// The value as `--source` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Ebpf => "ebpf",
            Self::Sdk => "sdk",
        }
    }

    /// The collector that made the spans; `None` for all spans.
    pub const fn collector(self) -> Option<Collector> {
        match self {
            Self::All => None,
            Self::Ebpf => Some(Collector::Ebpf),
            Self::Sdk => Some(Collector::Sdk),
        }
    }
}
