//! The deepest failing span of a trace in words.

use coral_query::answer::TraceFailure;
use coral_trace::sanitize::line;

use crate::root_cause::short;

/// `fails in payments-api → api.stripe.com: POST /charge 503`.
pub(crate) fn fails_in(failure: &TraceFailure) -> String {
    format!("fails in {}", deepest_failure(failure))
}

/// The failure in one line, with its host, status and message:
/// `payments-api on pay-2 → api.stripe.com: POST /charge 503: no answer`.
pub(crate) fn deepest_failure(failure: &TraceFailure) -> String {
    let host = failure.host.as_ref().map(|host| format!(" on {}", line(&short(host))));
    let texts = [&failure.message, &failure.exception_message, &failure.exception_type];
    let message = texts.into_iter().flatten().next();
    // Without a status, the failure is named by the type or the message of its error.
    let is_new = |text: &&String| match failure.status_code {
        Some(_) => true,
        None => failure.error_type.is_some() || failure.message.as_ref() != Some(*text),
    };
    let message = message.filter(is_new).map(|text| format!(": {}", line(&short(text))));
    let named = named(failure, &host.unwrap_or_default());
    format!("{named}{}", message.unwrap_or_default())
}

/// The failure in one line, with its status, or else the type or message of its error:
/// `payments-api → api.stripe.com: POST /charge 503`, `orders: SELECT cards, 42P01`.
pub(crate) fn failure_name(failure: &TraceFailure) -> String {
    named(failure, "")
}

/// The name of the failure, with `place` behind the service.
fn named(failure: &TraceFailure, place: &str) -> String {
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
    format!("{service}{place}{}: {operation}{error}", callee.unwrap_or_default())
}
