//! The tool `topology`.

use coral_query::TopologyQuestion;
use coral_query::answer::Topology;
use coral_text::english::{command, window::words};
use coral_text::topology;
use coral_trace::UnixNanos;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, LONG_WINDOW, length, micros};

/// The arguments of the tool `topology`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TopologyTool {
    /// Only what is within `depth` calls of this service, database or host.
    focus: Option<String>,
    /// How many calls away from `focus`, 1 to 20. Default: 1.
    #[schemars(range(min = 1, max = 20))]
    depth: Option<u32>,
    /// Also show what changed since this long before the window: `1h`.
    diff: Option<String>,
    /// Start of the window: `1h` (the default), `2h ago`, `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
}

impl Tool for TopologyTool {
    type Question = TopologyQuestion;
    const NAME: &'static str = "topology";
    const TITLE: &'static str = "Which service calls which";
    const DESCRIPTION: &'static str = "Shows which service calls which service, database or host, how often, how \
        fast, and how often it fails.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<TopologyQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let diff = self.diff.as_deref().map(|text| length("diff", text)).transpose()?;
        let question = TopologyQuestion {
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            diff_us: diff.map(micros),
            focus: self.focus.clone(),
            depth: self.depth,
            ..TopologyQuestion::default()
        };
        Ok(Asked { question, window })
    }

    fn page(
        &self,
        Asked { question, window }: &Asked<TopologyQuestion>,
        answer: &Topology,
    ) -> Page {
        let mut command = command::topology(question, window);
        if let Some(focus) = &self.focus {
            command.push_str(&format!(" --focus {}", command::quoted(focus)));
        }
        if let Some(depth) = self.depth {
            command.push_str(&format!(" --depth {depth}"));
        }
        if let Some(diff_us) = question.diff_us {
            command.push_str(&format!(" --diff {}", window::words(diff_us)));
        }
        let before = question.diff_us.map(window::words).unwrap_or_default();
        Page {
            data: topology::text(answer, &words(window), &before, SCREEN),
            narrower: "\"focus\"",
            next: vec!["services {} shows how well each service is.".to_owned()],
            command,
            ..Page::default()
        }
    }
}
