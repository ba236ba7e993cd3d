//! The deepest failing span of a trace in words.

use coral_query::answer::TraceFailure;
use coral_trace::sanitize::line;

use crate::root_cause::short;

/// `fails in payments-api → api.stripe.com: POST /charge 503`.
pub(crate) fn fails_in(failure: &TraceFailure) -> String {
    format!("fails in {}", deepest_failure(failure))
}

/// The failure in one line, with its status, or else the type or message of its error:
/// `payments-api → api.stripe.com: POST /charge 503`, `orders: SELECT cards, 42P01`.
pub(crate) fn deepest_failure(failure: &TraceFailure) -> String {
    let callee = failure.callee.as_ref().map(|callee| format!(" → {}", line(&short(callee))));
    let error = match failure.status_code {
        // Status 0 is from HTTP: a failed gRPC call has another status.
        Some(0) => " without a response".to_owned(),
        Some(code) => format!(" {code}"),
        None => {
            let error = failure.error_type.as_ref().or(failure.message.as_ref());
            error.map(|error| format!(", {}", line(&short(error)))).unwrap_or_default()
        }
    };
    let (service, operation) = (line(&short(&failure.service)), line(&short(&failure.operation)));
    format!("{service}{}: {operation}{error}", callee.unwrap_or_default())
}
