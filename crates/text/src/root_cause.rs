//! The column `Root Cause` of a list of traces.

use crate::duration::duration;
use coral_query::answer::{TraceCause, TraceLoss, TraceSummary};

/// Longest name, in characters; a longer name is cut.
const MAX_NAME_CHARACTERS: usize = 60;

/// The root cause of a trace in words: `card-validator-svc timeout (4.8s)`.
pub fn root_cause(cause: &TraceCause) -> String {
    let (who, what) = (short(&cause.service), short(&cause.operation));
    let took = duration(cause.took_us);
    match &cause.loss {
        TraceLoss::Timeout => format!("{who} timeout ({took})"),
        TraceLoss::Failure { code: None } => format!("{who} failed ({took})"),
        TraceLoss::Failure { code: Some(code) } => {
            format!("{who} failed with {} ({took})", short(code))
        }
        TraceLoss::Retries { calls } => format!("Retry storm to {who} ({calls} retries)"),
        TraceLoss::Repeated { calls } => format!("N+1: {calls} × {what}"),
        TraceLoss::Own => format!("{who} slow ({took})"),
        TraceLoss::Edge => format!("{who} slow to reach ({took})"),
        TraceLoss::Leaf => format!("{who} slow: {what} ({took})"),
        TraceLoss::Queue => format!("{who} queue ({took})"),
    }
}

/// The root cause of a listed trace in words, if one was found.
pub(crate) fn found_cause(trace: &TraceSummary) -> Option<String> {
    trace.cause.as_ref().map(root_cause)
}

/// Whether a listed trace is known to be no slower than is usual for its root operation.
pub(crate) fn is_usual(trace: &TraceSummary) -> bool {
    trace.usual_us.is_some_and(|usual| trace.duration_us <= usual)
}

/// `name`, cut to [`MAX_NAME_CHARACTERS`].
pub(crate) fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME_CHARACTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
