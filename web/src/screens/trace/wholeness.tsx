import { useState } from "preact/hooks";
import { href } from "../../address.ts";
import { sentence, useAnswer } from "../../answer.tsx";
import type { TraceProblem } from "../../api.ts";
import { counted } from "../../format/count.ts";

/** A trace with more spans is examined only when someone asks: all of its attributes are read for that. */
const SMALL = 500;

/** Why spans are missing or not linked, with what to do about it. */
export function Wholeness(props: { traceId: string; spans: number; isAsked: boolean; isComplete: boolean }) {
  const { traceId, spans, isAsked, isComplete } = props;
  const [wanted, setWanted] = useState(false);
  const asked = useAnswer("traces/{id}", isAsked && (spans <= SMALL || wanted) ? { id: traceId, examine: true } : null);
  const answer = asked.isCurrent ? asked.answer : null;
  if (answer === null) {
    if (spans <= SMALL || isComplete) return null;
    return <button type="button" class="quiet as-link" disabled={asked.isLoading} onClick={() => setWanted(true)}>{asked.isLoading ? "Looking for the reason …" : "Look for the reason"}</button>;
  }
  if (answer.advice.length === 0) return wanted ? <span>No reason was found.</span> : null;
  return (
    <details class="notice notice-warn wholeness">
      <summary>Not whole: {sentence(answer.advice[0]!.what)}{answer.advice.length > 1 && ` And ${counted(answer.advice.length - 1, "further problem")}.`}</summary>
      <ul>
        {answer.advice.map((advice, at) => (
          <li key={at}>
            <p>{sentence(advice.what)} <Peers problem={answer.problems[at]} traceId={traceId} /></p>
            <p>Probable cause: {sentence(advice.cause)}</p>
            <p>What to do: {sentence(advice.remedy)}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Links to the traces that have the other side of a call. */
function Peers(props: { problem: TraceProblem | undefined; traceId: string }) {
  const peers = (props.problem?.examples ?? []).filter((example) => example.peer_trace_id !== null && example.peer_trace_id !== props.traceId);
  return (
    <>
      {peers.map((peer) => (
        <a key={peer.span_id} href={href("trace", { id: peer.peer_trace_id, span: peer.peer_span_id })}>
          {peer.peer_is_certain ? "The other side" : "Probably the other side"}
        </a>
      ))}
    </>
  );
}
