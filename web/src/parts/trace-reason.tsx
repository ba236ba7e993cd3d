import type { TraceFailure, TraceSummary } from "../api.ts";

/** Why a trace is slow or fails, in one line; nothing if it does neither. */
export function TraceReason(props: { trace: TraceSummary }) {
  const { failure, root_cause: cause } = props.trace;
  if (failure === null && !cause) return null;
  return (
    <>
      {cause && <span class="trace-reason">{cause}</span>}
      {failure !== null && !(cause ?? "").includes(failure.service) && <span class="trace-reason"><span class="tone-bad">fails in</span> {failureText(failure)}</span>}
    </>
  );
}

/** `payments-api on pay-2 → api.stripe.com: POST /charge 503: no answer`, as the command line has it. */
export function failureText(failure: TraceFailure): string {
  const { callee, host, operation, service, status_code: status, error_type: type, message } = failure;
  const error = status === 0 ? " without a response" : status !== null ? ` ${status}` : type ?? message ? `, ${type ?? message}` : "";
  const detail = message ?? failure.exception_message ?? failure.exception_type;
  const isNew = status !== null || type !== null || detail !== message;
  return `${service}${host === null ? "" : ` on ${host}`}${callee === null ? "" : ` → ${callee}`}: ${operation}${error}${detail !== null && isNew ? `: ${detail}` : ""}`;
}
