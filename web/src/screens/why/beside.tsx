import type { WordedComparison } from "../../api.ts";
import { href } from "../../address.ts";
import { useAnswer } from "../../answer.tsx";
import { count } from "../../format/count.ts";
import { difference, duration } from "../../format/duration.ts";
import { Bar } from "./bar.tsx";
import { wholePercent } from "./words.ts";

/** How many operations are listed. */
const MOST = 3;
/** Operations with a smaller part of the difference are not listed. */
const LEAST = 0.02;

/** A trace that shows the cause beside the healthy ones of its operation: how long both took, and where the difference is. */
export function Beside({ trace }: { trace: string }) {
  const compared = useAnswer("compare", { a: trace });
  // Without a comparison there is still the link to it, which says why.
  if (compared.answer === null || compared.error !== null || compared.answer.b.traces === 0) return null;
  return <div class={compared.isCurrent ? undefined : "answer-old"}><Sides of={compared.answer} trace={trace} /></div>;
}

function Sides({ of: { a, b, rows, delta_us }, trace }: { of: WordedComparison; trace: string }) {
  const most = Math.max(1, a.duration_p50_us, b.duration_p50_us);
  const where = rows
    .filter((row) => (row.share ?? 0) >= LEAST)
    .sort((one, other) => (other.share ?? 0) - (one.share ?? 0))
    .slice(0, MOST);
  return (
    <>
      <dl class="why-parts why-beside">
        <div><dt><span class="mono">{trace.slice(0, 8)}</span></dt><dd class="number">{duration(a.duration_p50_us)}</dd><dd class="why-bar-box"><Bar part={a.duration_p50_us / most} tone="now" /></dd></div>
        <div><dt>{count(b.traces)} healthy</dt><dd class="number">{duration(b.duration_p50_us)}</dd><dd class="why-bar-box"><Bar part={b.duration_p50_us / most} tone="before" /></dd></div>
      </dl>
      {where.length > 0 && (
        <ul class="why-where small">
          {where.map((row) => {
            const { a: slow } = row;
            const name = <><strong class="isolate">{row.service}</strong> <span class="isolate">{row.name}</span></>;
            return (
              <li key={`${row.depth} ${row.service} ${row.name} ${row.kind}`}>
                <span>{slow === null ? name : <a href={href("trace", { id: slow.example.trace_id, span: slow.example.span_id })}>{name}</a>}</span>
                <span class="soft">{wholePercent(Math.min(1, row.share ?? 0))} of the {difference(delta_us)}</span>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
