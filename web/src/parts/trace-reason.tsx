import type { TraceSummary } from "../api.ts";
import { failureOf } from "./failure.ts";

/** Why a trace is slow or fails, in one line; nothing if it does neither. */
export function TraceReason(props: { trace: TraceSummary }) {
  const { failure, root_cause: cause, duration_us: us, usual_us: usual } = props.trace;
  if (failure === null && !cause) {
    return usual !== null && us > usual ? <span class="soft">slower than usual, no cause found</span> : null;
  }
  return (
    <>
      {cause && <span class="trace-reason">{cause}</span>}
      {failure !== null && !(cause ?? "").includes(failure.service) && <span class="trace-reason"><span class="tone-bad">fails in</span> {failureOf(failure)}</span>}
    </>
  );
}
