import type { WhySuspect } from "../../api.ts";
import { sentence } from "../../answer.tsx";
import { href } from "../../address.ts";
import { blamed, difference, suspicion } from "./words.ts";

/** The causes beside the first, each in one sentence. */
export function FurtherCauses({ causes }: { causes: readonly WhySuspect[] }) {
  if (causes.length === 0) return null;
  return (
    <section class="section">
      <h2>{causes.length === 1 ? "Another cause" : "Further causes"}</h2>
      <ul class="why-further">
        {causes.map((cause) => {
          const differs = difference(cause, []);
          const seen = cause.evidence[0];
          return (
            <li key={`${cause.service} ${cause.component}`} class="card">
              <p><strong class="isolate">{blamed(cause)}</strong> {suspicion(cause)} <code>{cause.component}</code></p>
              {differs !== "" && <p class="soft">{sentence(differs)}</p>}
              {seen && <p class="actions"><a href={href("compare", { a: seen.trace_id })}>Compare with healthy traces</a> <a href={href("trace", { id: seen.trace_id, span: seen.span_id })}>Open a trace</a></p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
