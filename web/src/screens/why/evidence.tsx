import type { WhySuspect } from "../../api.ts";
import { amend, go, href, read } from "../../address.ts";
import { useKeys } from "../../frame/keys.ts";
import type { Asking } from "./asking.ts";
import { Beside } from "./beside.tsx";

/** Traces that show the cause, worst first, each beside the healthy ones of its operation. */
export function Evidence({ cause, about, chosen }: { cause: WhySuspect; about: Asking; chosen: number }) {
  const { evidence } = cause;
  const within = (place: number) => Math.min(Math.max(1, Number.isInteger(place) ? place : 1), Math.max(1, evidence.length));
  const at = within(chosen);
  const move = (by: number) => {
    // The address is newer than what is shown when keys follow fast.
    const next = within(within(Number(read().params.get("evidence") ?? 1)) + by);
    amend({ evidence: next === 1 ? null : next }, "replace");
    document.querySelector(`[data-evidence="${next}"] a`)?.scrollIntoView({ block: "nearest" });
  };
  const seen = evidence[at - 1];
  useKeys("Why", [
    { keys: "n", does: "next trace that shows the cause", run: () => move(1) },
    { keys: "N", does: "the trace before", run: () => move(-1) },
    { keys: "j", does: "next trace that shows the cause", run: () => move(1) },
    { keys: "k", does: "the trace before", run: () => move(-1) },
    { keys: "Enter", does: "open the trace at the span that shows the cause", run: () => { if (seen) go(href("trace", { id: seen.trace_id, span: seen.span_id })); } },
    { keys: "c", does: "compare the trace with healthy ones", run: () => { if (seen) go(href("compare", { a: seen.trace_id })); } },
  ]);
  return (
    <section class="section why-evidence">
      <h2>See it in {evidence.length === 1 ? "this trace" : "these traces"}</h2>
      {seen === undefined
        ? <p class="soft">No stored trace shows it.</p>
        : (
          <>
            <p class="actions">
              <a class="button button-first" href={href("compare", { a: seen.trace_id })}>Compare with healthy traces</a>
              <a class="button" href={href("trace", { id: seen.trace_id, span: seen.span_id })}>Open the trace</a>
            </p>
            <Beside trace={seen.trace_id} />
          </>
        )}
      <ol class="why-traces">
        {evidence.map((seen, index) => (
          <li key={`${seen.trace_id} ${seen.span_id}`} data-evidence={index + 1} aria-current={index + 1 === at ? "true" : undefined}>
            <a class="mono why-open" href={href("trace", { id: seen.trace_id, span: seen.span_id })}>{seen.trace_id.slice(0, 8)}</a>
            <span class="soft small">at span <span class="mono">{seen.span_id.slice(0, 8)}</span></span>
            <a class="why-open small" href={href("compare", { a: seen.trace_id })} aria-label={`Compare ${seen.trace_id.slice(0, 8)} with healthy traces`}>compare</a>
            {about.trace !== seen.trace_id && <a class="why-open small" href={href("why", { trace: seen.trace_id })} aria-label={`Why was ${seen.trace_id.slice(0, 8)} slow`}>why</a>}
          </li>
        ))}
      </ol>
    </section>
  );
}
