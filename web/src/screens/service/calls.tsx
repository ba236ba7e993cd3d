import { href } from "../../address.ts";
import type { NodeKind, ServiceCall } from "../../api.ts";
import { count, rate } from "../../format/count.ts";
import { duration } from "../../format/duration.ts";
import { Service } from "../../parts/service.tsx";
import { Before, Change } from "./before.tsx";

const SHOWN = 20;
const KINDS: Record<NodeKind, string> = { service: "", database: "database", queue: "queue", external: "outside" };

/** The calls of one direction, most calls first. */
export function Calls(props: { title: string; calls: readonly ServiceCall[]; end: "from" | "to"; none: string }) {
  const shown = props.calls.slice(0, SHOWN);
  return (
    <section class="section">
      <h2>{props.title}</h2>
      {shown.length === 0 && <p class="soft">{props.none}</p>}
      {shown.length > 0 && (
        <div class="table-scroll" tabIndex={0} role="region" aria-label={props.title}>
          <table class="cards numbers-table">
            <thead><tr><th>{props.end === "from" ? "Caller" : "Callee"}</th><th class="number">Calls</th><th class="number">Errors</th><th class="number">P95</th><th>Against before</th></tr></thead>
            <tbody>
              {shown.map(({ edge, before, kind }) => (
                <tr key={`${edge[props.end]} ${edge.protocol}`}>
                  <th scope="row">{kind === "service" ? <Service name={edge[props.end]} /> : <a href={href("map", { focus: edge[props.end] })}>{edge[props.end]}</a>} <span class="soft">{[edge.protocol, KINDS[kind]].filter(Boolean).join(", ")}</span></th>
                  <td class="number" data-label="Calls">{count(edge.calls)}<Before text={before && count(before.calls)} /></td>
                  <td class="number" data-label="Errors">{edge.calls === 0 ? "–" : rate(edge.errors / edge.calls)}<Before text={before && before.calls > 0 ? rate(before.errors / before.calls) : null} /></td>
                  <td class="number" data-label="P95">{edge.calls === 0 ? "–" : duration(edge.p95_us)}<Before text={before && duration(before.p95_us)} /></td>
                  <td class="wide" data-label="Against before">{edge.calls === 0 ? <span class="tone-bad">✕ no call any more</span> : <Change now={edge.p95_us} before={before?.p95_us ?? null} isNew={before === null} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {props.calls.length > SHOWN && <p class="soft small">{count(props.calls.length - SHOWN)} more with fewer calls.</p>}
    </section>
  );
}
