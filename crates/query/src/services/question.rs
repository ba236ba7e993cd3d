//! The parameters of a question about the health of services.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks how well services are: in a window, compared with a baseline. Times are microseconds since
/// the Unix epoch; time ranges are half-open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicesQuestion {
    /// Only this service, by its `service.name`, with its operations, callers, callees, statements,
    /// hosts and versions. Null: all services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The window's start, in microseconds since the Unix epoch: requests that metrics counted at
    /// or after this time, or spans of traces that started then.
    pub since_unix_us: i64,
    /// The window's end, exclusive, in microseconds since the Unix epoch.
    pub until_unix_us: i64,
    /// How long the baseline is, in microseconds. The baseline ends where the window begins. If
    /// `find_beginning` found when a change began that is older, the baseline ends at least a
    /// minute before the change.
    pub baseline_us: i64,
    /// Whether to find when a change began, in the eight hours before `until_unix_us`, so that the
    /// baseline is before the change. The window stays as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub find_beginning: bool,
    /// Also return the requests of each service over time, in at most so many steps of the window: up
    /// to 200; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
