//! The deepest failing span of a trace in words.

use coral_query::answer::TraceFailure;
use coral_trace::sanitize::line;

use crate::root_cause::short;

/// `fails in payments-api → api.stripe.com: POST /charge 503`.
pub(crate) fn fails_in(failure: &TraceFailure) -> String {
    format!("fails in {}", deepest_failure(failure))
}

/// The failure in one line, with its host, and its status, or else the type or message of its error:
/// `payments-api on pay-2 → api.stripe.com: POST /charge 503`, `orders: SELECT cards, 42P01`.
pub(crate) fn deepest_failure(failure: &TraceFailure) -> String {
    let callee = failure.callee.as_ref().map(|callee| format!(" → {}", line(&short(callee))));
    let host = failure.host.as_ref().map(|host| format!(" on {}", line(&short(host))));
    let (service, operation) = (line(&short(&failure.service)), line(&short(&failure.operation)));
    format!(
        "{service}{}{}: {operation}{}",
        host.unwrap_or_default(),
        callee.unwrap_or_default(),
        error(failure)
    )
}

/// How the span failed: ` 503: deadline exceeded`, `, 42P01`. Empty if the span does not say.
fn error(failure: &TraceFailure) -> String {
    let texts = [&failure.message, &failure.exception_message, &failure.exception_type];
    let mut texts = texts.into_iter().flatten();
    let short = |text: &String| line(&short(text));
    match failure.status_code {
        // Status 0 is from HTTP: a failed gRPC call has another status.
        Some(0) => " without a response".to_owned(),
        Some(code) => {
            let message = texts.next().map(|text| format!(": {}", short(text)));
            format!(" {code}{}", message.unwrap_or_default())
        }
        None => {
            let error = failure.error_type.as_ref().or(texts.next());
            error.map(|error| format!(", {}", short(error))).unwrap_or_default()
        }
    }
}
