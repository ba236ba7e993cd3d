import type { TraceFailure } from "../api.ts";

/** The deepest failing span in words: `card-validator POST /validate: deadline exceeded, on web-3`. */
export function failureOf(failure: TraceFailure): string {
  const what = failure.exception_message ?? failure.message ?? failure.exception_type ?? failure.error_type
    ?? (failure.status_code === null ? null : `status ${failure.status_code}`);
  const host = failure.host ?? failure.pod;
  return `${failure.service} ${failure.operation}${what === null || what === "" ? " failed" : `: ${what}`}${host === null ? "" : `, on ${host}`}`;
}
