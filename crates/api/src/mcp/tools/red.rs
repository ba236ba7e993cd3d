//! The tool `red`.

use coral_query::answer::RedTable;
use coral_query::{RedProtocol, RedQuestion, RedSide};
use coral_text::english::{command, window::words};
use coral_text::red_table::red_table;
use coral_trace::UnixNanos;
use coral_trace::units::counted;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SCREEN;
use crate::mcp::reply::Page;
use crate::mcp::tool::{Asked, InvalidArgument, Tool};
use crate::mcp::window::{self, LONG_WINDOW, length, micros};

/// The arguments of the tool `red`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedTool {
    /// The service, by its exact name.
    service: String,
    /// `http` (the default), `grpc` or `sql`.
    protocol: Option<RedProtocol>,
    /// Requests that the service served (`server`, the default) or made (`client`).
    side: Option<RedSide>,
    /// Start of the window: `1h` (the default), `2h ago`, `02:40` (UTC), or RFC 3339.
    since: Option<String>,
    /// End of the window, in the same forms. Default: now.
    until: Option<String>,
    /// Also show a window of the same length this much earlier: `1h`, `1d`.
    compare: Option<String>,
    /// Also show traces of slow requests.
    #[serde(default)]
    slow: bool,
}

impl Tool for RedTool {
    type Question = RedQuestion;
    const NAME: &'static str = "red";
    const TITLE: &'static str = "Rates, errors, durations";
    const DESCRIPTION: &'static str = "Counts the requests of one service by route, gRPC method or SQL statement: \
        rate, errors, P50, P95, P99; on request beside an earlier window, or with traces of slow requests.";

    fn asked(&self, now: UnixNanos) -> Result<Asked<RedQuestion>, InvalidArgument> {
        let window =
            window::window(now, self.since.as_deref(), self.until.as_deref(), LONG_WINDOW)?;
        let compare = self.compare.as_deref().map(|text| length("compare", text)).transpose()?;
        let protocol = self.protocol.unwrap_or(RedProtocol::Http);
        let side = self.side.unwrap_or(match protocol {
            RedProtocol::Sql => RedSide::Client,
            RedProtocol::Http | RedProtocol::Grpc => RedSide::Server,
        });
        let question = RedQuestion {
            protocol,
            service: self.service.clone(),
            side,
            source: None,
            since_unix_us: window.since_unix_us,
            until_unix_us: window.until_unix_us,
            compare_us: compare.map(micros),
            slow: self.slow,
            over_us: None,
        };
        Ok(Asked { question, window })
    }

    fn page(&self, Asked { question, window }: &Asked<RedQuestion>, answer: &RedTable) -> Page {
        let mut command = command::red(question, window);
        if question.side == RedSide::Client && question.protocol != RedProtocol::Sql {
            command.push_str(" --side client");
        }
        if self.slow {
            command.push_str(" --slow");
        }
        let left_out = (answer.requests_left_out > 0)
            .then(|| format!("the rows of {}.", counted(answer.requests_left_out, "request")));
        Page {
            data: red_table(answer, &words(window), SCREEN),
            left_out: left_out.into_iter().collect(),
            narrower: "a shorter \"since\"",
            next: vec!["why {\"service\":\"…\"} explains why it is slow or fails.".to_owned()],
            command,
        }
    }
}
